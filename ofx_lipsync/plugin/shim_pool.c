/* SPDX-License-Identifier: Apache-2.0 */
/* A few memfds are kept between frames: fresh ones cost more to fault in than a picture costs to copy. */
#define _GNU_SOURCE
#include "shim_pool.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEPT 8
#define GRAIN ((size_t)1 << 16)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Shared kept[KEPT];
static int kept_count;

static bool take_kept(Shared *shared, size_t bytes)
{
    bool found = false;
    pthread_mutex_lock(&lock);
    for (int i = 0; i < kept_count && !found; i++) {
        if (kept[i].size < bytes || kept[i].size > 2 * bytes + GRAIN) continue;
        *shared = kept[i];
        kept[i] = kept[--kept_count];
        found = true;
    }
    pthread_mutex_unlock(&lock);
    return found;
}

static bool make(Shared *shared, size_t bytes)
{
    shared->size = (bytes + GRAIN - 1) / GRAIN * GRAIN;
    shared->fd = memfd_create("lipsync", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (shared->fd < 0) return false;
    bool sized = !ftruncate(shared->fd, (off_t)shared->size) && !fcntl(shared->fd, F_ADD_SEALS, F_SEAL_SHRINK);
    void *memory = MAP_FAILED;
    if (sized) memory = mmap(NULL, shared->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, shared->fd, 0);
    shared->memory = memory;
    if (memory != MAP_FAILED) return true;
    close(shared->fd);
    return false;
}

bool pool_take(Shared *shared, size_t bytes)
{
    return take_kept(shared, bytes) || make(shared, bytes);
}

void pool_give(Shared *shared)
{
    pthread_mutex_lock(&lock);
    bool room = kept_count < KEPT;
    if (room) kept[kept_count++] = *shared;
    pthread_mutex_unlock(&lock);
    if (!room) pool_drop(shared);
}

void pool_drop(Shared *shared)
{
    munmap(shared->memory, shared->size);
    close(shared->fd);
}

void pool_empty(void)
{
    pthread_mutex_lock(&lock);
    while (kept_count) pool_drop(&kept[--kept_count]);
    pthread_mutex_unlock(&lock);
}

bool shared_map(Shared *shared, int fd, size_t bytes)
{
    struct stat found;
    int seals = fcntl(fd, F_GET_SEALS);
    bool whole = bytes && !fstat(fd, &found) && found.st_size >= 0 && (size_t)found.st_size >= bytes;
    void *memory = MAP_FAILED;
    if (whole && seals >= 0 && (seals & F_SEAL_SHRINK))
        memory = mmap(NULL, bytes, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
    close(fd);
    *shared = (Shared){-1, memory, bytes};
    return memory != MAP_FAILED;
}

void shared_unmap(Shared *shared)
{
    munmap(shared->memory, shared->size);
}
