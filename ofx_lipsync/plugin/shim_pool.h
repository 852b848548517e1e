/* SPDX-License-Identifier: Apache-2.0 */
/* Shared memory for pictures on their way to the worker. Nothing of it has a name: it goes with its last fd. */
#ifndef LIPSYNC_SHIM_POOL_H
#define LIPSYNC_SHIM_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    int fd;
    uint8_t *memory;
    size_t size;
} Shared;

/* At least `bytes`, writable, sealed against shrinking. False where the system gives none. A worker must have read a
 * picture before it answers the request it came with: the memory is used again after that. */
bool pool_take(Shared *shared, size_t bytes);
void pool_give(Shared *shared);
/* Forget one whose reader may still be at it. */
void pool_drop(Shared *shared);
void pool_empty(void);

/* Map what a worker sent, to read. False where it is shorter than `bytes` or could yet be cut short. Closes the fd. */
bool shared_map(Shared *shared, int fd, size_t bytes);
void shared_unmap(Shared *shared);

#endif
