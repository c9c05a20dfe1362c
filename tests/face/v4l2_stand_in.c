/* A V4L2 camera that is not there, for tests: stands between a process and libc (LD_PRELOAD).
 *
 * The folder named by STAND_IN holds `node`, the path of the device it answers for, `mood` (ok, yuyv, busy, freeze, silent,
 * hang, unplugged) and pictures WIDTHxHEIGHT-N.jpg, N from 0 to 29. What a driver answers is from linux/videodev2.h.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/videodev2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define BUFFERS 4
#define ROOM (1 << 21)

static int device = -1, width = 640, height = 480, next_buffer, streaming;
static unsigned format = V4L2_PIX_FMT_YUYV, frame;
static int queued[BUFFERS], exposure_auto = 3, exposure = 156;

static int said(const char *name, char *word, int room) {
    FILE *(*really)(const char *, const char *) = dlsym(RTLD_NEXT, "fopen");
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", getenv("STAND_IN"), name);
    FILE *file = really(path, "r");
    if (!file) return 0;
    if (!fgets(word, room, file)) word[0] = 0;
    fclose(file);
    return 1;
}

static int mood(const char *wanted) {
    char word[64];
    return said("mood", word, sizeof word) && !strcmp(word, wanted);
}

static int opened(const char *path, int flags, mode_t mode, const char *name) {
    int (*really)(const char *, int, ...) = dlsym(RTLD_NEXT, name);
    char node[PATH_MAX], whole[PATH_MAX];
    if (said("node", node, sizeof node) && realpath(path, whole) && !strcmp(whole, node)) {
        int fd = memfd_create("camera", MFD_CLOEXEC);  /* its memory is mapped as a camera's buffers are */
        if (fd >= 0 && ftruncate(fd, BUFFERS * ROOM)) return -1;
        return device = fd;
    }
    return really(path, flags, mode);
}

int open(const char *path, int flags, ...) {
    va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest);
    return opened(path, flags, mode, "open");
}

int open64(const char *path, int flags, ...) {
    va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest);
    return opened(path, flags, mode, "open64");
}

int close(int fd) {
    int (*really)(int) = dlsym(RTLD_NEXT, "close");
    if (fd == device) { device = -1; streaming = 0; }
    return really(fd);
}

int select(int most, fd_set *in, fd_set *out, fd_set *odd, struct timeval *time) {
    int (*really)(int, fd_set *, fd_set *, fd_set *, struct timeval *) = dlsym(RTLD_NEXT, "select");
    if (device >= 0 && in && FD_ISSET(device, in) && mood("silent")) {
        usleep(time->tv_sec * 1000000 + time->tv_usec);
        FD_ZERO(in);
        return 0;
    }
    return really(most, in, out, odd, time);
}

static int fill(struct v4l2_buffer *buffer) {
    unsigned char *room = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_SHARED, device, buffer->index * ROOM);
    if (!mood("freeze")) frame++;
    if (format == V4L2_PIX_FMT_MJPEG) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s/%dx%d-%u.jpg", getenv("STAND_IN"), width, height, frame % 30);
        FILE *file = fopen(path, "rb");
        buffer->bytesused = file ? fread(room, 1, ROOM, file) : 0;
        if (file) fclose(file);
    } else {
        buffer->bytesused = width * height * 2;
        for (int i = 0; i < width * height * 2; i += 2) { room[i] = (i / 97 + frame * 3) & 255; room[i + 1] = 128; }
    }
    munmap(room, ROOM);
    return 0;
}

int ioctl(int fd, unsigned long request, ...) {
    va_list rest; va_start(rest, request); void *given = va_arg(rest, void *); va_end(rest);
    int (*really)(int, unsigned long, ...) = dlsym(RTLD_NEXT, "ioctl");
    if (fd != device || fd < 0) return really(fd, request, given);
    if (mood("unplugged")) { errno = ENODEV; return -1; }
    switch (request) {
    case VIDIOC_QUERYCAP: {
        struct v4l2_capability *c = given;
        memset(c, 0, sizeof *c);
        strcpy((char *)c->driver, "uvcvideo"); strcpy((char *)c->card, "Stand-in Camera");
        c->device_caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING | V4L2_CAP_EXT_PIX_FORMAT;
        c->capabilities = c->device_caps | V4L2_CAP_DEVICE_CAPS;
        return 0; }
    case VIDIOC_ENUMINPUT: return ((struct v4l2_input *)given)->index ? (errno = EINVAL, -1) : 0;
    case VIDIOC_G_INPUT: *(int *)given = 0; return 0;
    case VIDIOC_S_INPUT: return 0;
    case VIDIOC_S_FMT: case VIDIOC_TRY_FMT: case VIDIOC_G_FMT: {
        struct v4l2_format *f = given;
        if (request == VIDIOC_S_FMT && (mood("busy") || streaming)) { errno = EBUSY; return -1; }
        if (request != VIDIOC_G_FMT) {
            unsigned wanted = f->fmt.pix.pixelformat;
            format = wanted == V4L2_PIX_FMT_MJPEG && !mood("yuyv") ? V4L2_PIX_FMT_MJPEG : V4L2_PIX_FMT_YUYV;
            int wide = f->fmt.pix.width >= 1280;
            width = wide ? 1280 : 640; height = wide ? 720 : 480;
        }
        f->fmt.pix.width = width; f->fmt.pix.height = height; f->fmt.pix.pixelformat = format;
        f->fmt.pix.field = V4L2_FIELD_NONE; f->fmt.pix.bytesperline = width * 2;
        f->fmt.pix.sizeimage = width * height * 2; f->fmt.pix.colorspace = V4L2_COLORSPACE_SRGB;
        return 0; }
    case VIDIOC_G_PARM: case VIDIOC_S_PARM: {
        struct v4l2_streamparm *p = given;
        p->parm.capture.capability = V4L2_CAP_TIMEPERFRAME;
        p->parm.capture.timeperframe.numerator = 1; p->parm.capture.timeperframe.denominator = 30;
        return 0; }
    case VIDIOC_REQBUFS: {
        struct v4l2_requestbuffers *r = given;
        if (mood("busy")) { errno = EBUSY; return -1; }
        if (r->count > BUFFERS) r->count = BUFFERS;
        memset(queued, 0, sizeof queued); next_buffer = 0;
        return 0; }
    case VIDIOC_QUERYBUF: {
        struct v4l2_buffer *b = given;
        b->length = ROOM; b->m.offset = b->index * ROOM;
        return 0; }
    case VIDIOC_QBUF: queued[((struct v4l2_buffer *)given)->index] = 1; return 0;
    case VIDIOC_DQBUF: {
        struct v4l2_buffer *b = given;
        usleep(33000);
        if (mood("silent")) { errno = EAGAIN; return -1; }
        while (mood("hang")) usleep(10000);
        for (int i = 0; i < BUFFERS; i++) {
            int k = (next_buffer + i) % BUFFERS;
            if (queued[k]) { queued[k] = 0; next_buffer = (k + 1) % BUFFERS; b->index = k; b->length = ROOM; b->flags = 0; return fill(b); }
        }
        errno = EAGAIN; return -1; }
    case VIDIOC_STREAMON: streaming = 1; return 0;
    case VIDIOC_STREAMOFF: streaming = 0; memset(queued, 0, sizeof queued); return 0;
    case VIDIOC_QUERYCTRL: {
        struct v4l2_queryctrl *q = given;
        q->flags = 0; q->minimum = 0; q->maximum = 10000; q->step = 1;
        return 0; }
    case VIDIOC_G_CTRL: {
        struct v4l2_control *c = given;
        if (c->id == V4L2_CID_EXPOSURE_AUTO) c->value = exposure_auto;
        else if (c->id == V4L2_CID_EXPOSURE_ABSOLUTE) c->value = exposure;
        else { errno = EINVAL; return -1; }
        return 0; }
    case VIDIOC_S_CTRL: {
        struct v4l2_control *c = given;
        if (c->id == V4L2_CID_EXPOSURE_AUTO) { if (c->value != 1 && c->value != 3) { errno = EINVAL; return -1; } exposure_auto = c->value; }
        else if (c->id == V4L2_CID_EXPOSURE_ABSOLUTE) { if (exposure_auto != 1) { errno = EINVAL; return -1; } exposure = c->value; }
        else { errno = EINVAL; return -1; }
        return 0; }
    default:
        errno = ENOTTY; return -1;
    }
}
