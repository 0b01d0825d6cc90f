/* Dense optical flow, by which a view of before is laid over the present one: dehazing/memory/registration.py says what
   for, plain_views.py asks OpenCV for the same. It does not allocate, wait or fail. */

#include <math.h>
#include <string.h>

#include "places.h"
#include "processor.h"

enum {
    PATCH = 8,        /* side of the squares that are followed, */
    STRIDE = 4,       /* how far apart they begin, */
    PIXELS = PATCH * PATCH,
    STEPS = 12,       /* and how often each is led nearer, in each of two passes */
    MARGIN = 16,      /* pixels repeated around a level, for what has moved out of sight */
    MOST_PIXELS = 64 * 48,
    MOST_PADDED = (64 + 2 * MARGIN) * (48 + 2 * MARGIN),
    MOST_PATCHES = (MOST_PIXELS / STRIDE) / STRIDE
};

static const float SHARE = 0.125f; /* of a step that is taken */

/* Flow by inverse search (Kroeger et al., Fast Optical Flow using Dense Inverse Search, ECCV 2016), without its last,
   variational step. `now` and `then` are one level of a pyramid; flow leads from places now to those then. */
typedef struct {
    int32_t width, height;
    float now[MOST_PIXELS], right[MOST_PIXELS], down[MOST_PIXELS]; /* and its slopes */
    float then[MOST_PADDED];
    float across_flow[MOST_PIXELS], down_flow[MOST_PIXELS];
} Level;

typedef struct {
    float across, down;
} Step;

/* The differences of a patch now and where a step leads then; what is left of their squares without their mean. */
INLINE float differences(const Level *restrict level, int32_t x, int32_t y, Step step, float *restrict difference) {
    const int32_t stride = level->width + 2 * MARGIN;
    const float px = between((float)x + step.across, 1.0f - PATCH, (float)(level->width - 1));
    const float py = between((float)y + step.down, 1.0f - PATCH, (float)(level->height - 1));
    const float left = floorf(px), top = floorf(py), beside = px - left, under = py - top;
    const float a = (1 - beside) * (1 - under), b = beside * (1 - under), c = (1 - beside) * under, d = beside * under;
    const float *restrict then = level->then + ((int32_t)top + MARGIN) * stride + (int32_t)left + MARGIN;
    const float *restrict now = level->now + y * level->width + x;
    float sums[PATCH] = {0}, squares[PATCH] = {0}, sum = 0, square = 0;
    for (int32_t row = 0; row < PATCH; row++, then += stride, now += level->width)
        for (int32_t i = 0; i < PATCH; i++) {
            const float far = a * then[i] + b * then[i + 1] + c * then[i + stride] + d * then[i + stride + 1] - now[i];
            difference[row * PATCH + i] = far, sums[i] += far, squares[i] += far * far;
        }
    for (int32_t i = 0; i < PATCH; i++) sum += sums[i], square += squares[i];
    return square - sum * sum / PIXELS;
}

/* The sum of products of two patches, added up in columns, which a compiler may do side by side. */
INLINE float product(const float *restrict one, const float *restrict other) {
    float sums[PATCH] = {0}, sum = 0;
    for (int32_t row = 0; row < PATCH; row++)
        for (int32_t i = 0; i < PATCH; i++) sums[i] += one[row * PATCH + i] * other[row * PATCH + i];
    for (int32_t i = 0; i < PATCH; i++) sum += sums[i];
    return sum;
}

/* Steps after Gauss and Newton's, an eighth of each: whole ones bend one view until it looks like any other. */
INLINE Step improved(const Level *restrict level, int32_t x, int32_t y, const Step begun) {
    float right[PIXELS], down[PIXELS], difference[PIXELS], ones[PIXELS];
    for (int32_t row = 0; row < PATCH; row++)
        for (int32_t i = 0; i < PATCH; i++) {
            const int32_t at = row * PATCH + i, place = (y + row) * level->width + x + i;
            right[at] = level->right[place], down[at] = level->down[place], ones[at] = 1.0f;
        }
    const float xx = product(right, right), xy = product(right, down), yy = product(down, down);
    const float right_mean = product(right, ones) / PIXELS, down_mean = product(down, ones) / PIXELS;
    for (int32_t i = 0; i < PIXELS; i++) right[i] -= right_mean, down[i] -= down_mean; /* light is no movement */
    const float whole = xx * yy - xy * xy, scale = whole > 1e-3f ? SHARE / whole : 0.0f;
    float least = INFINITY;
    Step step = begun;
    for (int32_t count = 0; count < STEPS; count++) {
        const float left = differences(level, x, y, step, difference);
        const float along = product(right, difference), below = product(down, difference);
        step.across -= (yy * along - xy * below) * scale, step.down -= (xx * below - xy * along) * scale;
        if (!(left < least)) break;
        least = left;
    }
    return hypotf(step.across - begun.across, step.down - begun.down) > PATCH ? begun : step;
}

/* Every patch begins with the best of what is known for it and of what its neighbours found; there, then back. Rows are
   followed some at a time, so that an error does not spread over all of them. */
INLINE void follow(const Level *restrict level, Step start, int32_t columns, int32_t rows, Step *restrict steps) {
    const int32_t at_a_time = (rows + 7) / 8;
    float difference[PIXELS];
    for (int32_t first = 0; first < rows; first += at_a_time) {
        const int32_t last = first + at_a_time < rows ? first + at_a_time : rows;
        for (int32_t back = 0; back < 2; back++)
            for (int32_t number = first * columns; number < last * columns; number++) {
                const int32_t at = back ? (first + last) * columns - 1 - number : number, way = back ? 1 : -1;
                const int32_t column = at % columns, row = at / columns, x = column * STRIDE, y = row * STRIDE;
                Step known[4] = {steps[at], start};
                int32_t count = 2;
                if (column + way >= 0 && column + way < columns) known[count++] = steps[at + way];
                if (row + way >= first && row + way < last) known[count++] = steps[at + way * columns];
                float least = INFINITY;
                for (int32_t i = 0; i < count; i++) {
                    const float left = differences(level, x, y, known[i], difference);
                    if (left < least) least = left, steps[at] = known[i];
                }
                steps[at] = improved(level, x, y, steps[at]);
            }
    }
}

/* Flow of every pixel: the mean of the patches over it, each the weightier, the less its pixel differs. */
INLINE void spread(Level *restrict level, int32_t columns, int32_t rows, const Step *restrict steps) {
    float weights[MOST_PIXELS] = {0}, difference[PIXELS];
    const int32_t pixels = level->width * level->height;
    memset(level->across_flow, 0, sizeof(level->across_flow));
    memset(level->down_flow, 0, sizeof(level->down_flow));
    for (int32_t at = 0; at < columns * rows; at++) {
        const int32_t x = at % columns * STRIDE, y = at / columns * STRIDE;
        differences(level, x, y, steps[at], difference);
        for (int32_t i = 0; i < PIXELS; i++) {
            const int32_t place = (y + i / PATCH) * level->width + x + i % PATCH;
            const float far = fabsf(difference[i]), weight = far > 1.0f ? 1.0f / far : 1.0f;
            weights[place] += weight;
            level->across_flow[place] += weight * steps[at].across, level->down_flow[place] += weight * steps[at].down;
        }
    }
    for (int32_t i = 0; i < pixels; i++) level->across_flow[i] /= weights[i], level->down_flow[i] /= weights[i];
}

/* Half the size, means of two by two; `width` and `height` are those of the result. */
INLINE void halve(const float *restrict plane, int32_t width, int32_t height, float *restrict half) {
    for (int32_t y = 0; y < height; y++) {
        const float *restrict upper = plane + 4 * y * width, *restrict lower = upper + 2 * width;
        for (int32_t x = 0; x < width; x++)
            half[y * width + x] = 0.25f * (upper[2 * x] + upper[2 * x + 1] + lower[2 * x] + lower[2 * x + 1]);
    }
}

/* Twice the size, bilinear, and twice the values: steps of a coarser level in pixels of the finer one. */
INLINE void double_steps(const float *restrict steps, int32_t width, int32_t height, float *restrict twice) {
    for (int32_t y = 0; y < 2 * height; y++) {
        const float *near = steps + y / 2 * width, *far = steps + within(y / 2 + (y % 2 ? 1 : -1), height) * width;
        for (int32_t x = 0; x < 2 * width; x++) {
            const int32_t i = x / 2, j = within(i + (x % 2 ? 1 : -1), width);
            twice[y * 2 * width + x] = 2.0f * (0.5625f * near[i] + 0.1875f * (near[j] + far[i]) + 0.0625f * far[j]);
        }
    }
}

INLINE void prepare(Level *restrict level, const float *restrict now, const float *restrict then, int32_t width,
                    int32_t height) {
    level->width = width, level->height = height;
    memcpy(level->now, now, sizeof(float) * (size_t)(width * height));
    for (int32_t y = 0; y < height; y++) {
        const float *restrict above = now + mirrored(y - 1, height) * width, *restrict here = now + y * width;
        const float *restrict below = now + mirrored(y + 1, height) * width;
        for (int32_t x = 0; x < width; x++) {
            const int32_t l = mirrored(x - 1, width), r = mirrored(x + 1, width), at = y * width + x;
            level->right[at] = 0.125f * (above[r] - above[l] + 2 * (here[r] - here[l]) + below[r] - below[l]);
            level->down[at] = 0.125f * (below[l] - above[l] + 2 * (below[x] - above[x]) + below[r] - above[r]);
        }
    }
    float *restrict padded = level->then;
    for (int32_t y = -MARGIN; y < height + MARGIN; y++)
        for (int32_t x = -MARGIN; x < width + MARGIN; x++) *padded++ = then[within(y, height) * width + within(x, width)];
}

/* Flow from `now` to `then` (height, width), at most 96 by 128 and multiples of 8, codes of detail; begun at the shift
   of the whole picture. `across` and `down` are (height, width) in pixels; `now` and `then` are overwritten. */
INLINE void flow_body(float *restrict now, float *restrict then, int32_t height, int32_t width, float start_across,
                      float start_down, float *restrict across, float *restrict down) {
    Level level;
    Step steps[MOST_PATCHES];
    float fine[2][MOST_PIXELS], coarse[2][MOST_PIXELS];
    halve(now, width / 2, height / 2, fine[0]), halve(then, width / 2, height / 2, fine[1]);
    halve(fine[0], width / 4, height / 4, coarse[0]), halve(fine[1], width / 4, height / 4, coarse[1]);
    for (int32_t size = 4; size >= 2; size /= 2) {
        const Step start = {start_across / (float)size, start_down / (float)size};
        const int32_t columns = (width / size - PATCH) / STRIDE + 1, rows = (height / size - PATCH) / STRIDE + 1;
        if (size == 4) prepare(&level, coarse[0], coarse[1], width / size, height / size);
        else prepare(&level, fine[0], fine[1], width / size, height / size);
        for (int32_t at = 0; at < columns * rows; at++) {
            const int32_t middle = (at / columns * STRIDE + PATCH / 2) * (width / size) + at % columns * STRIDE + PATCH / 2;
            steps[at] = size == 4 ? start : (Step){across[middle], down[middle]};
        }
        follow(&level, start, columns, rows, steps);
        spread(&level, columns, rows, steps);
        double_steps(level.across_flow, width / size, height / size, across);
        double_steps(level.down_flow, width / size, height / size, down);
    }
}
BY_PROCESSOR(flow,
             (float *now, float *then, int32_t height, int32_t width, float start_across, float start_down,
              float *across, float *down),
             (now, then, height, width, start_across, start_down, across, down))
