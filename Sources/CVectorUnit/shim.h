#if defined(__SSE__)
#include <xmmintrin.h>
#endif

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

// How this thread computes with subnormal numbers: a word of the processor's.
static inline unsigned vector_unit_mode(void) {
#if defined(__SSE__)
  return _mm_getcsr();
#else
  return 0;
#endif
}

static inline void vector_unit_set_mode(unsigned mode) {
#if defined(__SSE__)
  _mm_setcsr(mode);
#endif
}

// That mode with subnormal results (bit 15) and operands (bit 6) taken as zero.
static inline unsigned vector_unit_flushing(unsigned mode) {
  return mode | 0x8040;
}
