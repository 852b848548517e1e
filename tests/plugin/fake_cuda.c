/* SPDX-License-Identifier: Apache-2.0 */
/* A CUDA driver without a card, for tests. Its memory faults when the host's process touches it; copies wait for their
 * stream; a thread has no context until it is given one; handles name files that another process can map. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef struct { size_t x, y; unsigned kind; const void *host; uint64_t device; void *array; size_t pitch; } End;
typedef struct { End from, to; size_t width, height; } Copy;
typedef struct { int fill; Copy copy; void *stream; } Task;
typedef struct { uint8_t *card, *real; size_t size; int pooled; char name[64]; } Block;

enum { MOST = 256, INVALID_VALUE = 1, INVALID_CONTEXT = 201, INVALID_HANDLE = 400, NOT_SUPPORTED = 801 };

char FAKE_FAIL[64];       /* a call of this name fails */
long long FAKE_BYTES[3];  /* down, up, across */
void *const FAKE_STREAM = (void *)0x57EA;
static Block blocks[MOST];
static Task tasks[MOST];
static int block_count, task_count, inited;
static __thread void *context;

static Block *block_of(uint64_t at)
{
    for (int i = 0; i < block_count; i++)
        if (at >= (uint64_t)blocks[i].card && at < (uint64_t)blocks[i].card + blocks[i].size) return &blocks[i];
    return NULL;
}

uint64_t fake_alloc(size_t bytes, int pooled)
{
    Block *block = &blocks[block_count];
    block->size = (bytes + 4095) / 4096 * 4096;
    snprintf(block->name, sizeof block->name, "/dev/shm/fake-cuda-%d-%d", getpid(), block_count++);
    int fd = open(block->name, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (fd < 0 || ftruncate(fd, (off_t)block->size)) abort();
    block->real = mmap(NULL, block->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    block->card = mmap(NULL, block->size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    block->pooled = pooled;
    close(fd);
    return (uint64_t)block->card;
}

__attribute__((destructor)) static void forget(void)
{
    for (int i = 0; i < block_count; i++) unlink(blocks[i].name);
}

void fake_move(uint64_t at, void *memory, size_t bytes, int up)
{
    Block *block = block_of(at);
    uint8_t *real = block->real + (at - (uint64_t)block->card);
    memcpy(up ? (void *)real : memory, up ? memory : (void *)real, bytes);
}

int fake_tasks(void) { return task_count; }
void *fake_context(void) { return context; }

static int fails(const char *call, int needs_context)
{
    if (!strcmp(FAKE_FAIL, call)) return INVALID_VALUE;
    if (!inited) return 3;
    return needs_context && !context ? INVALID_CONTEXT : 0;
}

int cuInit(unsigned flags) { return inited = 1, (int)flags; }
int cuCtxGetCurrent(void **out) { return *out = context, 0; }
int cuCtxPushCurrent_v2(void *one) { return context ? abort(), 1 : (context = one, 0); }
int cuCtxPopCurrent_v2(void **out) { return *out = context, context = NULL, 0; }
int cuGetErrorName(int error, const char **name)
{
    *name = error == INVALID_VALUE ? "CUDA_ERROR_INVALID_VALUE" : "CUDA_ERROR_OTHER";
    return 0;
}

int cuPointerGetAttribute(void *out, int what, uint64_t at)
{
    if (!block_of(at)) return INVALID_VALUE;
    if (what == 1) *(void **)out = (void *)0xC0;
    if (what == 9) *(int *)out = 0;
    return fails("cuPointerGetAttribute", 0);
}

/* The whole of an end lies in one allocation. */
static int inside(const End *end, const Copy *copy)
{
    if (copy->height > 1 && end->pitch < copy->width) return 0;
    if (end->kind == 1) return end->host != NULL;
    Block *block = block_of(end->device);
    size_t reach = (copy->height - 1) * end->pitch + copy->width;
    return block && end->device + reach <= (uint64_t)block->card + block->size;
}

int cuMemcpy2DAsync_v2(const Copy *copy, void *stream)
{
    int failed = fails("cuMemcpy2DAsync", 1);
    if (failed) return failed;
    if (stream != FAKE_STREAM) return INVALID_HANDLE;
    if (!inside(&copy->from, copy) || !inside(&copy->to, copy) || task_count == MOST) return INVALID_VALUE;
    tasks[task_count++] = (Task){0, *copy, stream};
    return 0;
}

int cuMemsetD2D8Async(uint64_t at, size_t pitch, uint8_t value, size_t width, size_t height, void *stream)
{
    Copy copy = {.to = {.kind = 2, .device = at, .pitch = pitch}, .width = width, .height = height};
    if (value || stream != FAKE_STREAM || !inside(&copy.to, &copy)) return INVALID_VALUE;
    tasks[task_count++] = (Task){1, copy, stream};
    return fails("cuMemsetD2D8Async", 1);
}

static uint8_t *row(const End *end, size_t y)
{
    if (end->kind == 1) return (uint8_t *)end->host + y * end->pitch;
    Block *block = block_of(end->device);
    return block->real + (end->device - (uint64_t)block->card) + y * end->pitch;
}

static void run(const Task *task)
{
    const Copy *c = &task->copy;
    for (size_t y = 0; y < c->height; y++) {
        if (task->fill) memset(row(&c->to, y), 0, c->width);
        else memcpy(row(&c->to, y), row(&c->from, y), c->width);
    }
    if (!task->fill)
        FAKE_BYTES[c->to.kind == 1 ? 0 : c->from.kind == 1 ? 1 : 2] += (long long)(c->width * c->height);
}

int cuStreamSynchronize(void *stream)
{
    int failed = fails("cuStreamSynchronize", 1);
    if (failed) return task_count = 0, failed;
    if (stream != FAKE_STREAM) return INVALID_HANDLE;
    for (int i = 0; i < task_count; i++) run(&tasks[i]);
    task_count = 0;
    return 0;
}

int cuMemGetAddressRange_v2(uint64_t *first, size_t *size, uint64_t at)
{
    Block *block = block_of(at);
    if (!block) return INVALID_VALUE;
    *first = (uint64_t)block->card;
    *size = block->size;
    return fails("cuMemGetAddressRange", 1);
}

int cuIpcGetMemHandle(char *handle, uint64_t at)
{
    Block *block = block_of(at);
    if (!block || block->pooled) return NOT_SUPPORTED;
    memset(handle, 0, 64);
    strcpy(handle, block->name);
    return fails("cuIpcGetMemHandle", 1);
}
