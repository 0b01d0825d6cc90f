/* Places that lie beyond an edge. */

#ifndef EID_STREAM_PLACES_H
#define EID_STREAM_PLACES_H

#include <stdint.h>

#include "processor.h"

INLINE int32_t within(int32_t place, int32_t count) { return place < 0 ? 0 : place >= count ? count - 1 : place; }

INLINE int32_t mirrored(int32_t place, int32_t count) {
    place = place < 0 ? -place : place;
    return within(place >= count ? 2 * count - 2 - place : place, count);
}

INLINE float between(float value, float low, float high) { /* NaN becomes `low` */
    return value > low ? (value < high ? value : high) : low;
}

#endif
