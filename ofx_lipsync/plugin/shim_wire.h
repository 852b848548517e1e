/* SPDX-License-Identifier: Apache-2.0 */
/* The protocol's packets, see docs/design/plugin.md: a header, then named records. Knows no host and no worker. */
#ifndef LIPSYNC_SHIM_WIRE_H
#define LIPSYNC_SHIM_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_VERSION 1
#define WIRE_BYTES 60000
#define WIRE_FDS 4

enum {
    HELLO = 1,
    WELCOME = 2,
    CHANNEL = 3,
    RENDER = 10,
    REGION = 11,
    FRAMES = 12,
    ANALYSE = 13,
    OVERLAY = 14,
    STATS = 15,
    RESULT = 16,
    NEED = 20,
    FETCH = 21,
    PROGRESS = 22,
    KEYS = 23,
    PICTURE = 24,
    NONE = 25,
    BEAT = 26,
    KNOWN = 27,
    DONE = 30,
    FAILED = 31,
    ABORT = 40,
};

/* A packet in the making. `full` says that something did not fit; the packet must then not be sent. */
typedef struct {
    uint8_t bytes[WIRE_BYTES];
    size_t used;
    bool full;
} Writer;

void wire_begin(Writer *writer, uint16_t kind, uint64_t id);
void wire_int(Writer *writer, const char *name, int64_t value);
void wire_float(Writer *writer, const char *name, double value);
void wire_text(Writer *writer, const char *name, const char *value);
bool wire_end(Writer *writer, int fds);

/* A packet as it came; `bytes` must outlive it. The fds are the reader's to close. */
typedef struct {
    const uint8_t *bytes;
    size_t size;
    uint16_t kind;
    uint64_t id;
    int fds[WIRE_FDS], fd_count;
} Packet;

/* True where the packet is whole: header, every record, and as many fds as it says. */
bool wire_check(Packet *packet, const uint8_t *bytes, size_t size, int fd_count);

/* A record's value; the fallback where there is none of that name or it is of another type. */
bool wire_has(const Packet *packet, const char *name);
int64_t wire_get_int(const Packet *packet, const char *name, int64_t fallback);
double wire_get_float(const Packet *packet, const char *name, double fallback);        /* whole numbers too */
size_t wire_get_text(const Packet *packet, const char *name, char *out, size_t bytes); /* cut to fit; its length */

#endif
