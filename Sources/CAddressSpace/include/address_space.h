// Nothing to call: what check.c does, it does before the program begins.
