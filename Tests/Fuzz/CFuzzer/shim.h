#pragma once

#include <stddef.h>
#include <stdint.h>

// Of libFuzzer (compiler-rt), for programs with a main of their own.
int LLVMFuzzerRunDriver(int *argument_count, char ***arguments,
                        int (*test_one_input)(const uint8_t *bytes,
                                              size_t count));
