// Swift cannot ask for which instructions it compiles; C can.
#ifdef __AVX512F__
#define VECTOR_UNIT_HAS_AVX512 1
#else
#define VECTOR_UNIT_HAS_AVX512 0
#endif

// The root without the check for negative numbers that `sqrtf` makes to set
// `errno`, which keeps loops from being vectorised.
static inline float vector_unit_square_root(float value) {
  return __builtin_elementwise_sqrt(value);
}
