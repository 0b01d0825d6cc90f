/* The loops over cells and small planes, which the memory of a scene works on; plain.py beside it says the same by NumPy.
   No function allocates, waits or fails. */

#include <math.h>

#include "processor.h"

/* Means over boxes of whole pixels of planes (count, height, width), each box at least one pixel wide and high; `line` has
   room for a row. */
INLINE void box_means_body(const float *restrict planes, int32_t count, int32_t height, int32_t width, int32_t rows,
                           int32_t columns, float *restrict line, float *restrict means) {
    for (int32_t n = 0; n < count; n++)
        for (int32_t row = 0; row < rows; row++) {
            const int32_t top = (int32_t)((int64_t)row * height / rows), end = (int32_t)((int64_t)(row + 1) * height / rows);
            const int32_t bottom = end > top ? end : top + 1;
            const float *restrict first = planes + ((int64_t)n * height + top) * width;
            for (int32_t x = 0; x < width; x++) line[x] = first[x];
            for (int32_t y = 1; y < bottom - top; y++)
                for (int32_t x = 0; x < width; x++) line[x] += first[(int64_t)y * width + x];
            int32_t next = 0, rest = 0; /* column * width / columns and what it leaves, without a division */
            for (int32_t column = 0; column < columns; column++) {
                const int32_t left = next;
                next += width / columns, rest += width % columns;
                if (rest >= columns) next++, rest -= columns;
                const int32_t right = next > left ? next : left + 1;
                float sum = 0.0f;
                for (int32_t x = left; x < right; x++) sum += line[x];
                means[((int64_t)n * rows + row) * columns + column] = sum / (float)((bottom - top) * (right - left));
            }
        }
}
BY_PROCESSOR(box_means,
             (const float *planes, int32_t count, int32_t height, int32_t width, int32_t rows, int32_t columns,
              float *line, float *means),
             (planes, count, height, width, rows, columns, line, means))

/* One layer of the memory's network, over rows of 16 cells: what three by three taps say of a cell's neighbours, which
   are `dilation` cells apart, and `added`, where that is more than nothing, beside what was there before. Cells beyond the
   edges are those at the edges: `padded` has room for (channels, rows + 2 dilation, 16 + 2 dilation). `channels` are a
   multiple of 4, `rows` too; taps are (channels, channels, 9). The sums of 16 cells each stay in registers. */
#if defined(__GNUC__)
#define LAYER(name, lanes)                                                                                             \
    INLINE void name(const float *restrict cells, int32_t channels, int32_t rows, const float *restrict taps,          \
                     const float *restrict added, int32_t dilation, const float *restrict padded, float *restrict out) { \
        typedef float Lanes __attribute__((vector_size(4 * (lanes)), aligned(4), may_alias));                          \
        const int32_t stride = 16 + 2 * dilation, plane = (rows + 2 * dilation) * stride, next = channels * 9;         \
        for (int32_t to = 0; to < channels; to += 4)                                                                   \
            for (int32_t row = 0; row < rows; row += 2)                                                                \
                for (int32_t column = 0; column < 16; column += (lanes)) {                                             \
                    Lanes sums[4][2];                                                                                  \
                    for (int32_t j = 0; j < 4; j++) sums[j][0] = sums[j][1] = (Lanes){0} + added[to + j];              \
                    for (int32_t from = 0; from < channels; from++) {                                                  \
                        const float *tap = taps + ((int64_t)to * channels + from) * 9;                                 \
                        const float *around = padded + (int64_t)from * plane + row * stride + column;                  \
                        for (int32_t k = 0; k < 9; k++, tap++) {                                                       \
                            const float *at = around + (k / 3) * dilation * stride + (k % 3) * dilation;               \
                            const Lanes upper = *(const Lanes *)at, lower = *(const Lanes *)(at + stride);             \
                            for (int32_t j = 0; j < 4; j++)                                                            \
                                sums[j][0] += upper * tap[j * next], sums[j][1] += lower * tap[j * next];              \
                        }                                                                                              \
                    }                                                                                                  \
                    for (int32_t j = 0; j < 8; j++)                                                                    \
                        for (int32_t i = 0; i < (lanes); i++) {                                                        \
                            const int64_t at = ((int64_t)(to + j / 2) * rows + row + j % 2) * 16 + column + i;         \
                            const float more = sums[j / 2][j % 2][i];                                                  \
                            out[at] = cells[at] + (more > 0.0f ? more : 0.0f);                                         \
                        }                                                                                              \
                }                                                                                                      \
    }
LAYER(layer_by_16, 16)
LAYER(layer_by_8, 8)
LAYER(layer_by_4, 4)
#else
#define layer_by_4 layer_by_one
INLINE void layer_by_one(const float *cells, int32_t channels, int32_t rows, const float *taps, const float *added,
                         int32_t dilation, const float *padded, float *out) {
    const int32_t stride = 16 + 2 * dilation, plane = (rows + 2 * dilation) * stride;
    for (int32_t to = 0; to < channels; to++)
        for (int32_t row = 0; row < rows; row++) {
            float sums[16];
            for (int32_t i = 0; i < 16; i++) sums[i] = added[to];
            for (int32_t tap = 0; tap < channels * 9; tap++) {
                const float *at = padded + (int64_t)(tap / 9) * plane + (row + tap % 9 / 3 * dilation) * stride;
                for (int32_t i = 0; i < 16; i++) sums[i] += at[tap % 3 * dilation + i] * taps[(int64_t)to * channels * 9 + tap];
            }
            for (int32_t i = 0; i < 16; i++) {
                const int64_t at = ((int64_t)to * rows + row) * 16 + i;
                out[at] = cells[at] + (sums[i] > 0.0f ? sums[i] : 0.0f);
            }
        }
}
#endif

INLINE void pad(const float *restrict cells, int32_t channels, int32_t rows, int32_t dilation, float *restrict padded) {
    for (int32_t channel = 0; channel < channels; channel++)
        for (int32_t y = -dilation; y < rows + dilation; y++) {
            const float *line = cells + ((int64_t)channel * rows + (y < 0 ? 0 : y < rows ? y : rows - 1)) * 16;
            for (int32_t x = -dilation; x < 16 + dilation; x++) *padded++ = line[x < 0 ? 0 : x < 16 ? x : 15];
        }
}

#define LAYER_PARAMETERS                                                                                            \
    (const float *cells, int32_t channels, int32_t rows, const float *taps, const float *added, int32_t dilation, \
     float *padded, float *out)
#define LAYER_ARGUMENTS (cells, channels, rows, taps, added, dilation, padded, out)
#if defined(__x86_64__) && defined(__GNUC__)
AVX512 static void layer_avx512 LAYER_PARAMETERS { layer_by_16 LAYER_ARGUMENTS; }
AVX2 static void layer_avx2 LAYER_PARAMETERS { layer_by_8 LAYER_ARGUMENTS; }
#endif

EXPORT void layer LAYER_PARAMETERS {
    pad(cells, channels, rows, dilation, padded);
#if defined(__x86_64__) && defined(__GNUC__)
    if (HAS_AVX512) layer_avx512 LAYER_ARGUMENTS;
    else if (HAS_AVX2) layer_avx2 LAYER_ARGUMENTS;
    else layer_by_4 LAYER_ARGUMENTS;
#else
    layer_by_4 LAYER_ARGUMENTS;
#endif
}

/* How likely each of `steps` opacities is in each cell (steps, cells): dehazing/memory/smoke_fit.py says what is what. */
EXPORT void log_likelihoods(const float *restrict mean, const float *restrict log_detail, const float *restrict expected,
                            const float *restrict precision, const float *restrict expected_detail,
                            const float *restrict detail_variance, const float *restrict airlight,
                            const float *restrict opacities, int32_t steps, int32_t cells, double freedom, double price,
                            float *restrict result) {
    for (int32_t k = 0; k < steps; k++) {
        const float opacity = opacities[k], gain = 1.0f / (1.0f - opacity);
        const double log_t = -log(gain);
        for (int32_t i = 0; i < cells; i++) {
            float far[3];
            for (int32_t plane = 0; plane < 3; plane++) {
                const int32_t at = plane * cells + i;
                far[plane] = (mean[at] - airlight[at] * opacity) * gain - expected[at];
            }
            const double a = far[0], b = far[1], c = far[2];
            const float *p = precision + i;
            const double q = a * (p[0] * a + 2 * p[cells] * b + 2 * p[2 * cells] * c) +
                             b * (p[3 * cells] * b + 2 * p[4 * cells] * c) + p[5 * cells] * c * c;
            const double d = log_detail[i] - log_t - expected_detail[i];
            /* Logarithms of (1 + q / 4) ** 7 and (1 + d * d / 4) ** 5 in one: freedom + 3 and freedom + 1. */
            const double colour = 1.0 + q / freedom, detail = 1.0 + d * d / (detail_variance[i] * freedom);
            const double squared = colour * colour, twice = detail * detail;
            const double unlikely = log(squared * squared * squared * colour * twice * twice * detail);
            result[(int64_t)k * cells + i] = (float)(-0.5 * unlikely - 3.0 * log_t - price * opacity);
        }
    }
}

/* The opacity of the greatest likelihood in each cell, between the steps by a parabola. */
EXPORT void likeliest(const float *restrict likelihood, int32_t steps, int32_t cells, float step, float *restrict result) {
    for (int32_t i = 0; i < cells; i++) {
        int32_t best = 0;
        for (int32_t k = 1; k < steps; k++)
            if (likelihood[(int64_t)k * cells + i] > likelihood[(int64_t)best * cells + i]) best = k;
        const int32_t middle = best < 1 ? 1 : best > steps - 2 ? steps - 2 : best;
        const float *place = likelihood + (int64_t)middle * cells + i;
        const double below = place[-cells], at = place[0], above = place[cells];
        const double bend = fmin(below - 2.0 * at + above, -1e-6);
        const double top = middle + fmin(fmax(0.5 * (below - above) / bend, -1.0), 1.0);
        result[i] = (float)fmin(fmax(top, 0.0), steps - 1.0) * step;
    }
}

