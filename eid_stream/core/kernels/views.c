/* The loops that lay one view of a scene over another one: dehazing/memory/registration.py says what is what, and
   plain_views.py says the same by OpenCV. No function allocates, waits or fails. */

#include "places.h"
#include "processor.h"

enum { MOST_SIDE = 256 }; /* of a plane whose local means are taken, over no more than half of it */

/* Means over squares of an odd side, mirrored at the edges. `lines` holds one plane. Down the columns a sum runs along;
   across, sums of 1, 2, 4 and more are put together: additions of whole rows, all of them. */
INLINE void local_means_body(const float *restrict plane, int32_t height, int32_t width, int32_t side,
                             float *restrict lines, float *restrict means) {
    const int32_t reach = side / 2;
    const float share = 1.0f / (float)(side * side);
    float sums[MOST_SIDE] = {0}, some[2 * MOST_SIDE] = {0};
    for (int32_t y = -reach; y < height + reach; y++) {
        const float *restrict gained = plane + mirrored(y, height) * width;
        for (int32_t x = 0; x < width; x++) sums[x] += gained[x];
        if (y < reach) continue;
        const float *restrict lost = plane + mirrored(y - side + 1, height) * width;
        float *restrict line = lines + (y - reach) * width;
        for (int32_t x = 0; x < width; x++) line[x] = sums[x], sums[x] -= lost[x];
    }
    for (int32_t y = 0; y < height; y++) {
        const float *restrict line = lines + y * width;
        float *restrict mean = means + y * width;
        for (int32_t x = 0; x < width; x++) some[x + reach] = line[x], sums[x] = 0.0f;
        for (int32_t x = 1; x <= reach; x++) {
            some[reach - x] = line[mirrored(-x, width)];
            some[reach + width - 1 + x] = line[mirrored(width - 1 + x, width)];
        }
        for (int32_t count = 1, from = 0; count <= side; count *= 2) {
            if (side & count) {
                for (int32_t x = 0; x < width; x++) sums[x] += some[from + x];
                from += count;
            }
            for (int32_t x = 0; x < width + 2 * reach - count; x++) some[x] += some[x + count];
        }
        for (int32_t x = 0; x < width; x++) mean[x] = sums[x] * share;
    }
}
BY_PROCESSOR(local_means,
             (const float *plane, int32_t height, int32_t width, int32_t side, float *lines, float *means),
             (plane, height, width, side, lines, means))

/* 1 for all pixels but those that are black and connected to the edge by black ones, above, below and beside. */
EXPORT void content(const float *restrict luma, int32_t height, int32_t width, float black, uint8_t *restrict shown) {
    int32_t found = 0;
    for (int32_t y = 0; y < height; y++)
        for (int32_t x = 0; x < width; x++) {
            const int32_t at_edge = x == 0 || y == 0 || x == width - 1 || y == height - 1, at = y * width + x;
            shown[at] = !(at_edge && luma[at] < black);
            found += !shown[at];
        }
    while (found) { /* there and back, until nothing is added: twice or thrice in pictures with a border */
        found = 0;
        for (int32_t back = 0; back < 2; back++)
            for (int32_t row = 0; row < height; row++) {
                const int32_t y = back ? height - 1 - row : row;
                for (int32_t column = 0; column < width; column++) {
                    const int32_t x = back ? width - 1 - column : column, at = y * width + x;
                    if (luma[at] >= black || !shown[at]) continue;
                    if ((x > 0 && !shown[at - 1]) || (x < width - 1 && !shown[at + 1]) ||
                        (y > 0 && !shown[at - width]) || (y < height - 1 && !shown[at + width]))
                        shown[at] = 0, found++;
                }
            }
    }
}

/* Planes (count, height, width) at other places of their own, (height, width), bilinear; what is outside is the edge. */
INLINE void sampled_body(const float *restrict planes, int32_t count, int32_t height, int32_t width,
                         const float *restrict across, const float *restrict down, float *restrict out) {
    const int32_t pixels = height * width;
    for (int32_t i = 0; i < pixels; i++) {
        const float x = between(across[i], 0.0f, (float)(width - 1));
        const float y = between(down[i], 0.0f, (float)(height - 1));
        const int32_t left = (int32_t)x, top = (int32_t)y;
        const int32_t right = left + (left < width - 1), below = top + (top < height - 1);
        const float beside = x - (float)left, under = y - (float)top;
        for (int32_t n = 0; n < count; n++) {
            const float *plane = planes + (int64_t)n * pixels;
            const float upper = plane[top * width + left] + (plane[top * width + right] - plane[top * width + left]) * beside;
            const float lower =
                plane[below * width + left] + (plane[below * width + right] - plane[below * width + left]) * beside;
            out[(int64_t)n * pixels + i] = upper + (lower - upper) * under;
        }
    }
}
BY_PROCESSOR(sampled,
             (const float *planes, int32_t count, int32_t height, int32_t width, const float *across, const float *down,
              float *out),
             (planes, count, height, width, across, down, out))
