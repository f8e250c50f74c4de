// Swift cannot ask for which instructions it compiles; C can.
#ifdef __AVX512F__
#define VECTOR_UNIT_HAS_AVX512 1
#else
#define VECTOR_UNIT_HAS_AVX512 0
#endif
