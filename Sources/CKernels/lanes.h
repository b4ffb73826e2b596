// SPDX-License-Identifier: Apache-2.0

// From the lanes of a vector to one number, in a tree of halves.

#ifndef CK_LANES_H
#define CK_LANES_H

#include "vector.h"

typedef float ck_f32x4 __attribute__((ext_vector_type(4)));
typedef float ck_f32x8 __attribute__((ext_vector_type(8)));
typedef double ck_f64x4 __attribute__((ext_vector_type(4)));
typedef double ck_f64x8 __attribute__((ext_vector_type(8)));
typedef double ck_vec_f64 __attribute__((ext_vector_type(CK_LANES)));

CK_INLINE float ck_sum_lanes(ck_vec value) {
#if CK_LANES == 16
    const ck_f32x8 eight = value.lo + value.hi;
    const ck_f32x4 four = eight.lo + eight.hi;
#elif CK_LANES == 8
    const ck_f32x4 four = value.lo + value.hi;
#else
    const ck_f32x4 four = value;
#endif
    return (four.x + four.z) + (four.y + four.w);
}

CK_INLINE double ck_sum_lanes_f64(ck_vec value) {
    const ck_vec_f64 wide = __builtin_convertvector(value, ck_vec_f64);
#if CK_LANES == 16
    const ck_f64x8 eight = wide.lo + wide.hi;
    const ck_f64x4 four = eight.lo + eight.hi;
#elif CK_LANES == 8
    const ck_f64x4 four = wide.lo + wide.hi;
#else
    const ck_f64x4 four = wide;
#endif
    return (four.x + four.z) + (four.y + four.w);
}

/// The largest lane; any of them or not a number where one is not a number.
CK_INLINE float ck_largest_lane(ck_vec value) {
#if CK_LANES == 16
    const ck_f32x8 eight = value.lo > value.hi ? value.lo : value.hi;
    const ck_f32x4 four = eight.lo > eight.hi ? eight.lo : eight.hi;
#elif CK_LANES == 8
    const ck_f32x4 four = value.lo > value.hi ? value.lo : value.hi;
#else
    const ck_f32x4 four = value;
#endif
    const float even = four.x > four.z ? four.x : four.z;
    const float odd = four.y > four.w ? four.y : four.w;
    return even > odd ? even : odd;
}

#endif
