/* A V4L2 capture device without a kernel driver, for LD_PRELOAD: any path that ends with "/video42".
 *
 * Offers NV12, YUYV and MJPG at 64x48 and 25 frames/s, and YUYV at 128x96 and 5 frames/s. Every luma sample of frame n
 * is 16 + n. After FAKE_V4L2_FRAMES frames the device is gone (ENODEV) until it is opened again.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { BUFFERS = 8, SIZE = 1 << 16 };

static int device = -1;
static unsigned format = V4L2_PIX_FMT_NV12, width = 64, height = 48;
static unsigned queued[BUFFERS], waiting, frames;
static struct timespec due;

static int ends_with(const char *path, const char *end) {
    size_t n = strlen(path), m = strlen(end);
    return n >= m && !strcmp(path + n - m, end);
}

static int open_fake(void) {
    if (device >= 0) { errno = EBUSY; return -1; }
    device = memfd_create("video42", 0);
    if (ftruncate(device, BUFFERS * SIZE)) return -1;
    waiting = frames = 0;
    return device;
}

int open64(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    int mode = va_arg(arguments, int);
    va_end(arguments);
    if (ends_with(path, "/video42")) return open_fake();
    int (*next)(const char *, int, ...) = dlsym(RTLD_NEXT, "open64");
    return next(path, flags, mode);
}

int open(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    int mode = va_arg(arguments, int);
    va_end(arguments);
    if (ends_with(path, "/video42")) return open_fake();
    int (*next)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
    return next(path, flags, mode);
}

int close(int descriptor) {
    int (*next)(int) = dlsym(RTLD_NEXT, "close");
    if (descriptor == device) device = -1;
    return next(descriptor);
}

static int refuse(int code) { errno = code; return -1; }

static unsigned frame_bytes(void) { return format == V4L2_PIX_FMT_YUYV ? 2 * width * height : width * height * 3 / 2; }

static int enumerate_formats(struct v4l2_fmtdesc *f) {
    static const unsigned formats[] = {V4L2_PIX_FMT_MJPEG, V4L2_PIX_FMT_YUYV, V4L2_PIX_FMT_NV12};
    if (f->index >= 3) return refuse(EINVAL);
    f->pixelformat = formats[f->index];
    return 0;
}

static int enumerate_sizes(struct v4l2_frmsizeenum *f) {
    if (f->index >= (f->pixel_format == V4L2_PIX_FMT_YUYV ? 2u : 1u)) return refuse(EINVAL);
    f->type = V4L2_FRMSIZE_TYPE_DISCRETE;
    f->discrete.width = f->index ? 128 : 64;
    f->discrete.height = f->index ? 96 : 48;
    return 0;
}

static int enumerate_intervals(struct v4l2_frmivalenum *f) {
    if (f->index) return refuse(EINVAL);
    f->type = V4L2_FRMIVAL_TYPE_DISCRETE;
    f->discrete.numerator = 1;
    f->discrete.denominator = f->width == 128 ? 5 : 25;
    return 0;
}

static int fill(struct v4l2_format *f) {
    f->fmt.pix.width = width;
    f->fmt.pix.height = height;
    f->fmt.pix.pixelformat = format;
    f->fmt.pix.field = V4L2_FIELD_NONE;
    f->fmt.pix.bytesperline = format == V4L2_PIX_FMT_YUYV ? 2 * width : width;
    f->fmt.pix.sizeimage = frame_bytes();
    return 0;
}

static int wait_for_frame(struct v4l2_buffer *b) {
    const char *limit = getenv("FAKE_V4L2_FRAMES");
    if (limit && frames >= (unsigned)atoi(limit)) return refuse(ENODEV);
    if (!waiting) return refuse(EAGAIN);
    due.tv_nsec += 40000000;
    if (due.tv_nsec >= 1000000000) { due.tv_sec++; due.tv_nsec -= 1000000000; }
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
    unsigned index = queued[0];
    memmove(queued, queued + 1, --waiting * sizeof *queued);
    unsigned char *picture = malloc(frame_bytes());
    for (unsigned i = 0; i < frame_bytes(); i++) {
        int luma = format == V4L2_PIX_FMT_YUYV ? !(i & 1) : i < width * height;
        picture[i] = luma ? 16 + frames % 200 : 128;
    }
    pwrite(device, picture, frame_bytes(), index * SIZE);
    free(picture);
    b->index = index;
    b->bytesused = frame_bytes();
    b->sequence = frames++;
    b->timestamp.tv_sec = due.tv_sec;
    b->timestamp.tv_usec = due.tv_nsec / 1000;
    b->flags = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
    return 0;
}

int ioctl(int descriptor, unsigned long request, ...) {
    va_list arguments;
    va_start(arguments, request);
    void *p = va_arg(arguments, void *);
    va_end(arguments);
    if (descriptor != device || device < 0) {
        int (*next)(int, unsigned long, ...) = dlsym(RTLD_NEXT, "ioctl");
        return next(descriptor, request, p);
    }
    struct v4l2_buffer *b = p;
    switch ((unsigned)request) {
    case VIDIOC_QUERYCAP:
        strcpy((char *)((struct v4l2_capability *)p)->card, "Fake endoscope");
        ((struct v4l2_capability *)p)->capabilities = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
        return 0;
    case VIDIOC_ENUM_FMT: return enumerate_formats(p);
    case VIDIOC_ENUM_FRAMESIZES: return enumerate_sizes(p);
    case VIDIOC_ENUM_FRAMEINTERVALS: return enumerate_intervals(p);
    case VIDIOC_G_INPUT: *(int *)p = 0; return 0;
    case VIDIOC_S_INPUT: return 0;
    case VIDIOC_ENUMINPUT: strcpy((char *)((struct v4l2_input *)p)->name, "Camera"); return 0;
    case VIDIOC_S_FMT:
        format = ((struct v4l2_format *)p)->fmt.pix.pixelformat;
        width = ((struct v4l2_format *)p)->fmt.pix.width;
        height = ((struct v4l2_format *)p)->fmt.pix.height;
        return fill(p);
    case VIDIOC_G_FMT: return fill(p);
    case VIDIOC_G_PARM:
    case VIDIOC_S_PARM:
        ((struct v4l2_streamparm *)p)->parm.capture.timeperframe = (struct v4l2_fract){1, 25};
        ((struct v4l2_streamparm *)p)->parm.capture.capability = V4L2_CAP_TIMEPERFRAME;
        return 0;
    case VIDIOC_REQBUFS: ((struct v4l2_requestbuffers *)p)->count = BUFFERS; return 0;
    case VIDIOC_QUERYBUF: b->length = SIZE; b->m.offset = b->index * SIZE; return 0;
    case VIDIOC_QBUF: queued[waiting++] = b->index; return 0;
    case VIDIOC_STREAMON: clock_gettime(CLOCK_MONOTONIC, &due); return 0;
    case VIDIOC_STREAMOFF: return 0;
    case VIDIOC_DQBUF: return wait_for_frame(b);
    default: return refuse(ENOTTY);
    }
}
