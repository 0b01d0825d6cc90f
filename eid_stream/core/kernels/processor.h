/* What all loops need: what is seen from outside, and one copy of a loop for each kind of processor. */

#ifndef EID_STREAM_PROCESSOR_H
#define EID_STREAM_PROCESSOR_H

#include <stdint.h>

#ifdef _WIN32
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

/* Built for any processor of the family, run by what this one has: AVX2 and FMA are three times as fast as SSE2. */
#if defined(__x86_64__) && defined(__GNUC__)
#define INLINE static inline __attribute__((always_inline))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,prefer-vector-width=512")))
#define AVX2 __attribute__((target("avx2,fma")))
#define HAS_AVX512 \
    (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"))
#define HAS_AVX2 (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
#define BY_PROCESSOR(name, parameters, arguments)                       \
    AVX512 static void name##_avx512 parameters { name##_body arguments; } \
    AVX2 static void name##_avx2 parameters { name##_body arguments; }  \
    EXPORT void name parameters {                                       \
        if (HAS_AVX512) name##_avx512 arguments;                        \
        else if (HAS_AVX2) name##_avx2 arguments;                       \
        else name##_body arguments;                                     \
    }
#else
#define INLINE static inline
#define BY_PROCESSOR(name, parameters, arguments) EXPORT void name parameters { name##_body arguments; }
#endif

#endif
