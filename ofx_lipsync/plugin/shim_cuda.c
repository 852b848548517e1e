/* SPDX-License-Identifier: Apache-2.0 */
/* The CUDA driver by name at run time: the plug-in links none. What is declared here is what the driver's published
 * interface says of the few calls that are used. */
#define _GNU_SOURCE
#include "shim_cuda.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

typedef int Result; /* CUresult: 0 is well */
typedef uint64_t Address;
typedef void *Context;

enum { MEMORY_HOST = 1, MEMORY_DEVICE = 2 };
enum { ATTRIBUTE_CONTEXT = 1, ATTRIBUTE_ORDINAL = 9 };

typedef struct {
    size_t x, y;
    unsigned kind;
    const void *host;
    Address device;
    void *array;
    size_t pitch;
} End;

typedef struct { /* CUDA_MEMCPY2D */
    End from, to;
    size_t width, height;
} Copy;

typedef struct {
    uint8_t bytes[CUDA_HANDLE_BYTES];
} Handle;

static struct {
    Result (*init)(unsigned);
    Result (*current)(Context *);
    Result (*push)(Context);
    Result (*pop)(Context *);
    Result (*attribute)(void *, int, Address);
    Result (*copy)(const Copy *, void *);
    Result (*fill)(Address, size_t, uint8_t, size_t, size_t, void *);
    Result (*wait)(void *);
    Result (*range)(Address *, size_t *, Address);
    Result (*share)(Handle *, Address);
    Result (*name)(Result, const char **);
} driver;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool found;
static atomic_bool refused;

static bool find(void *library, void *function, const char *name)
{
    void *symbol = dlsym(library, name);
    memcpy(function, &symbol, sizeof symbol);
    return symbol != NULL;
}

static void open_driver(void)
{
    void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
    found = library && find(library, &driver.init, "cuInit") && find(library, &driver.current, "cuCtxGetCurrent") &&
            find(library, &driver.push, "cuCtxPushCurrent_v2") && find(library, &driver.pop, "cuCtxPopCurrent_v2") &&
            find(library, &driver.attribute, "cuPointerGetAttribute") &&
            find(library, &driver.copy, "cuMemcpy2DAsync_v2") && find(library, &driver.fill, "cuMemsetD2D8Async") &&
            find(library, &driver.wait, "cuStreamSynchronize") &&
            find(library, &driver.range, "cuMemGetAddressRange_v2") &&
            find(library, &driver.share, "cuIpcGetMemHandle") && find(library, &driver.name, "cuGetErrorName") &&
            driver.init(0) == 0;
}

static bool well(Cuda *cuda, const char *call, Result result)
{
    const char *name = NULL;
    if (!result) return true;
    driver.name(result, &name);
    snprintf(cuda->why, sizeof cuda->why, "%s: %s", call, name ? name : "an error without a name");
    return false;
}

/* A render thread that has never spoken to the card has no context: the picture's own is lent to it. */
static bool enter(Cuda *cuda, const Pixels *pixels, bool *pushed)
{
    Context now = NULL, own = NULL;
    *pushed = false;
    pthread_once(&once, open_driver);
    if (!found) {
        snprintf(cuda->why, sizeof cuda->why, "libcuda.so.1 is not here or too old");
        return false;
    }
    if (!well(cuda, "cuCtxGetCurrent", driver.current(&now))) return false;
    if (now) return true;
    Address at = (Address)(uintptr_t)pixels->base;
    if (!well(cuda, "cuPointerGetAttribute", driver.attribute(&own, ATTRIBUTE_CONTEXT, at))) return false;
    *pushed = well(cuda, "cuCtxPushCurrent", driver.push(own));
    return *pushed;
}

static bool leave(bool pushed, bool done)
{
    Context left;
    if (pushed) driver.pop(&left);
    return done;
}

/* The first byte of a window in a picture, on the card or in memory. */
static Address corner(const Pixels *pixels, OfxRectI window)
{
    ptrdiff_t along = (ptrdiff_t)(window.x1 - pixels->bounds.x1) * pixel_bytes(pixels->depth, pixels->components);
    return (Address)(uintptr_t)(row_of(pixels, window.y1) + along);
}

static size_t width_of(const Pixels *pixels, OfxRectI window)
{
    return (size_t)(window.x2 - window.x1) * (size_t)pixel_bytes(pixels->depth, pixels->components);
}

static End on_card(const Pixels *pixels, OfxRectI window)
{
    size_t pitch = (size_t)pixels->row_bytes, least = width_of(pixels, window);
    /* of a picture of one row nothing is asked */
    return (End){.kind = MEMORY_DEVICE, .device = corner(pixels, window), .pitch = pitch < least ? least : pitch};
}

static End in_memory(const Pixels *pixels, OfxRectI window)
{
    const uint8_t *at = (const uint8_t *)(uintptr_t)corner(pixels, window);
    return (End){.kind = MEMORY_HOST, .host = at, .pitch = (size_t)pixels->row_bytes};
}

static bool copy(Cuda *cuda, const Pixels *pixels, OfxRectI window, End from, End to)
{
    Copy both = {from, to, width_of(pixels, window), (size_t)(window.y2 - window.y1)};
    if (!both.width || window.y2 <= window.y1) return true;
    return well(cuda, "cuMemcpy2DAsync", driver.copy(&both, cuda->stream)) &&
           well(cuda, "cuStreamSynchronize", driver.wait(cuda->stream));
}

bool cuda_down(Cuda *cuda, const Pixels *from, const Pixels *here)
{
    bool pushed;
    if (!enter(cuda, from, &pushed)) return false;
    OfxRectI all = from->bounds;
    return leave(pushed, copy(cuda, from, all, on_card(from, all), in_memory(here, all)));
}

bool cuda_up(Cuda *cuda, Pixels *to, OfxRectI window, const Pixels *here)
{
    bool pushed;
    if (!enter(cuda, to, &pushed)) return false;
    return leave(pushed, copy(cuda, to, window, in_memory(here, window), on_card(to, window)));
}

static bool clear(Cuda *cuda, const Pixels *pixels, OfxRectI window)
{
    End end = on_card(pixels, window);
    Result result = driver.fill(end.device, end.pitch, 0, width_of(pixels, window), (size_t)(window.y2 - window.y1),
                                cuda->stream);
    return well(cuda, "cuMemsetD2D8Async", result);
}

bool cuda_across(Cuda *cuda, Pixels *to, OfxRectI window, const Pixels *from)
{
    bool pushed;
    if (!enter(cuda, to, &pushed)) return false;
    OfxRectI both = meet(window, from->bounds);
    bool done = !memcmp(&both, &window, sizeof both) || clear(cuda, to, window);
    if (done && both.x1 < both.x2)
        done = copy(cuda, to, both, on_card(from, both), on_card(to, both));
    else if (done)
        done = well(cuda, "cuStreamSynchronize", driver.wait(cuda->stream));
    return leave(pushed, done);
}

static void write_hexadecimal(char *out, const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) sprintf(out + 2 * i, "%02x", bytes[i]);
}

bool cuda_share(Cuda *cuda, const Pixels *pixels, OfxRectI window, CudaShare *share)
{
    bool pushed;
    Address first = 0, at = corner(pixels, window);
    size_t size = 0;
    int ordinal = 0;
    Handle handle;
    if (atomic_load(&refused) || !enter(cuda, pixels, &pushed)) return false;
    /* The host's own work on it comes first: the worker's card knows nothing of this stream. */
    bool whole = well(cuda, "cuStreamSynchronize", driver.wait(cuda->stream));
    bool shared = whole && !driver.range(&first, &size, at) && !driver.share(&handle, first) &&
                  !driver.attribute(&ordinal, ATTRIBUTE_ORDINAL, at);
    leave(pushed, shared);
    if (!shared) return false; /* pooled and virtual memory has no handle */
    write_hexadecimal(share->handle, handle.bytes, sizeof handle.bytes);
    share->offset = (int64_t)(at - first);
    share->card = ordinal;
    return true;
}

/* The first worker that could not open a handle speaks for all of them: a handle costs a wait on the stream. */
void cuda_refused(void)
{
    atomic_store(&refused, true);
}

void wire_share(Writer *writer, const char *prefix, const Pixels *pixels, const CudaShare *share)
{
    char name[64];
    snprintf(name, sizeof name, "%sipc", prefix);
    wire_text(writer, name, share->handle);
    snprintf(name, sizeof name, "%sipc_offset", prefix);
    wire_int(writer, name, share->offset);
    snprintf(name, sizeof name, "%sipc_rows", prefix);
    wire_int(writer, name, pixels->row_bytes);
    snprintf(name, sizeof name, "%sipc_card", prefix);
    wire_int(writer, name, share->card);
}
