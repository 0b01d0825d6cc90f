/* The loops over samples, compiled when the package is built; cells.c and views.c hold the others. plain.py beside it
   says the same by NumPy; tests/core/test_kernels.py compares both. No function allocates, waits or fails. */

#include "processor.h"

#define MOST_COLUMNS 2048 /* of a block: four lines of maps and a row of samples stay in the first cache */

EXPORT const int32_t loops_version = 2; /* raised whenever a parameter changes: compiled.py refuses other ones */

/* A line of cells over the pixels of a block: `left` is the cell before each pixel, `right` the way to the next one. */
INLINE void expand(const float *restrict cells, const int32_t *restrict left, const float *restrict right,
                   int32_t count, float *restrict line) {
    for (int32_t x = 0; x < count; x++) line[x] = cells[left[x]] + (cells[left[x] + 1] - cells[left[x]]) * right[x];
}

/* One plane's haze maps onto the rows [first, last): code -> gain * code + offset, bilinear with aligned corners, within
   what may be taken from a sample above `lowest` and added to one below `bright`. Cells are (rows, columns). */
#define CORRECT(name, sample)                                                                                      \
    INLINE void name##_body(const sample *restrict plane, int64_t stride, sample *restrict out, int64_t out_stride, \
                            const float *restrict gains, const float *restrict offsets, int32_t rows,             \
                            int32_t columns, float lowest, float most_taken, float bright, float rise,            \
                            int32_t first, int32_t last, int32_t height, int32_t width) {                         \
        const double pitch_x = (columns - 1) / (double)(width > 1 ? width - 1 : 1);                                \
        const double pitch_y = (rows - 1) / (double)(height > 1 ? height - 1 : 1);                                 \
        const float kept = 1.0f - most_taken, given = 1.0f - rise, floor = most_taken * lowest, roof = rise * bright; \
        int32_t left[MOST_COLUMNS];                                                                                    \
        float right[MOST_COLUMNS], gain_lines[2][MOST_COLUMNS], offset_lines[2][MOST_COLUMNS];                         \
        float gain_steps[MOST_COLUMNS], offset_steps[MOST_COLUMNS]; /* from the line above to the one below */         \
        for (int32_t begin = 0; begin < width; begin += MOST_COLUMNS) {                                                \
            const int32_t count = width - begin < MOST_COLUMNS ? width - begin : MOST_COLUMNS;                         \
            for (int32_t x = 0; x < count; x++) {                                                                      \
                const double place = (begin + x) * pitch_x;                                                            \
                left[x] = (int32_t)place < columns - 2 ? (int32_t)place : columns - 2;                                 \
                right[x] = (float)(place - left[x]);                                                                   \
            }                                                                                                          \
            int32_t expanded = -2; /* the line of cells that was expanded last */                                      \
            for (int32_t y = first; y < last; y++) {                                                                   \
                int32_t above = (int32_t)(y * pitch_y);                                                                \
                if (above > rows - 2) above = rows - 2;                                                                \
                const float *restrict gain_above = gain_lines[above & 1], *restrict gain_below = gain_lines[~above & 1];\
                const float *restrict offset_above = offset_lines[above & 1];                                          \
                const float *restrict offset_below = offset_lines[~above & 1];                                         \
                if (expanded <= above) {                                                                               \
                    for (int32_t row = expanded < above ? above : above + 1; row <= above + 1; row++) {                \
                        expand(gains + (int64_t)row * columns, left, right, count, gain_lines[row & 1]);               \
                        expand(offsets + (int64_t)row * columns, left, right, count, offset_lines[row & 1]);           \
                    }                                                                                                  \
                    expanded = above + 1;                                                                              \
                    for (int32_t x = 0; x < count; x++) gain_steps[x] = gain_below[x] - gain_above[x];                 \
                    for (int32_t x = 0; x < count; x++) offset_steps[x] = offset_below[x] - offset_above[x];           \
                }                                                                                                      \
                const float down = (float)(y * pitch_y - above);                                                       \
                const sample *restrict source = plane + y * stride + begin;                                            \
                sample *restrict target = out + y * out_stride + begin;                                                \
                for (int32_t x = 0; x < count; x++) {                                                                  \
                    const float code = (float)source[x];                                                               \
                    const float gain = gain_above[x] + gain_steps[x] * down;                                           \
                    const float offset = offset_above[x] + offset_steps[x] * down;                                     \
                    const float taken = code * kept + floor, added = code * given + roof;                              \
                    const float least = taken < code ? taken : code, most = added > code ? added : code;               \
                    float value = gain * code + offset;                                                                \
                    value = value > least ? value : least;                                                             \
                    value = value < most ? value : most;                                                               \
                    target[x] = (sample)(int32_t)(value + 0.5f);                                                       \
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
    }                                                                                                                  \
    BY_PROCESSOR(name,                                                                                             \
                 (const sample *plane, int64_t stride, sample *out, int64_t out_stride, const float *gains,        \
                  const float *offsets, int32_t rows, int32_t columns, float lowest, float most_taken,             \
                  float bright, float rise, int32_t first, int32_t last, int32_t height, int32_t width),           \
                 (plane, stride, out, out_stride, gains, offsets, rows, columns, lowest, most_taken, bright, rise, \
                  first, last, height, width))

CORRECT(correct_u8, uint8_t)
CORRECT(correct_u16, uint16_t)

/* Means of whole-pixel boxes of a plane, times `scale`, less `zero`; rows of `small` are `small_stride` apart. */
#define AVERAGE(name, sample, wide)                                                                                \
    INLINE void name##_body(const sample *restrict plane, int64_t stride, int32_t height, int32_t width,          \
                            float *restrict small, int64_t small_stride, int32_t small_height,                    \
                            int32_t small_width, float scale, float zero, wide *restrict sums) {                  \
        for (int32_t row = 0; row < small_height; row++) {                                                         \
            const int32_t first = (int32_t)((int64_t)row * height / small_height);                                 \
            const int32_t last = (int32_t)((int64_t)(row + 1) * height / small_height);                            \
            for (int32_t x = 0; x < width; x++) sums[x] = plane[first * stride + x];                               \
            for (int32_t y = first + 1; y < last; y++)                                                             \
                for (int32_t x = 0; x < width; x++) sums[x] = (wide)(sums[x] + plane[y * stride + x]);             \
            int32_t right = 0, rest = 0; /* column * width / small_width and what it leaves, without a division */ \
            for (int32_t column = 0; column < small_width; column++) {                                             \
                const int32_t left = right;                                                                        \
                right += width / small_width, rest += width % small_width;                                         \
                if (rest >= small_width) right++, rest -= small_width;                                             \
                uint32_t total = 0;                                                                                \
                for (int32_t x = left; x < right; x++) total += sums[x];                                           \
                const float mean = (float)total / (float)((right - left) * (last - first));                        \
                small[row * small_stride + column] = mean * scale - zero;                                          \
            }                                                                                                      \
        }                                                                                                          \
    }                                                                                                              \
    BY_PROCESSOR(name,                                                                                             \
                 (const sample *plane, int64_t stride, int32_t height, int32_t width, float *small,                \
                  int64_t small_stride, int32_t small_height, int32_t small_width, float scale, float zero,        \
                  wide *sums),                                                                                     \
                 (plane, stride, height, width, small, small_stride, small_height, small_width, scale, zero, sums))

AVERAGE(average_u8, uint8_t, uint16_t)
AVERAGE(average_u16, uint16_t, uint32_t)

/* The difference of two versions of planes (4:4:4, BT.709, full range) added to RGB pixels, clipped to [0, most]. */
#define ADD_DIFFERENCE(name, channel, sample, half)                                                                \
    EXPORT void name(const channel *restrict rgb, const sample *const *before, const int64_t *before_strides,      \
                     const sample *const *after, const int64_t *after_strides, int32_t height, int32_t width,     \
                     float scale, float most, channel *restrict out) {                                             \
        for (int32_t y = 0; y < height; y++) {                                                                     \
            const sample *old[3], *new[3];                                                                         \
            for (int32_t plane = 0; plane < 3; plane++) {                                                          \
                old[plane] = before[plane] + y * before_strides[plane];                                            \
                new[plane] = after[plane] + y * after_strides[plane];                                              \
            }                                                                                                      \
            for (int32_t x = 0; x < width; x++) {                                                                  \
                const float luma = (float)(new[0][x] - old[0][x]);                                                 \
                const float blue = (float)(new[1][x] - old[1][x]), red = (float)(new[2][x] - old[2][x]);           \
                const float change[3] = {luma + 1.5748f * red, luma - 0.1873f * blue - 0.4681f * red,              \
                                         luma + 1.8556f * blue};                                                   \
                for (int32_t at = 0; at < 3; at++) {                                                               \
                    const int64_t place = ((int64_t)y * width + x) * 3 + at;                                       \
                    float value = (float)rgb[place] + scale * change[at];                                          \
                    value = value < 0.0f ? 0.0f : value > most ? most : value;                                     \
                    out[place] = (channel)(value + half);                                                          \
                }                                                                                                  \
            }                                                                                                      \
        }                                                                                                          \
    }

ADD_DIFFERENCE(add_difference_u8, uint8_t, uint8_t, 0.5f)
ADD_DIFFERENCE(add_difference_f32, float, uint16_t, 0.0f)
