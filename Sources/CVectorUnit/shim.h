// Swift cannot ask for which instructions it compiles; C can.
static inline int vector_unit_has_avx512(void) {
#ifdef __AVX512F__
  return 1;
#else
  return 0;
#endif
}

// The root without the check for negative numbers that `sqrtf` makes to set
// `errno`, which keeps loops from being vectorised.
static inline float vector_unit_square_root(float value) {
  return __builtin_elementwise_sqrt(value);
}
