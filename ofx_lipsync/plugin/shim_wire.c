/* SPDX-License-Identifier: Apache-2.0 */
/* Packets, written and read. Whatever a broken worker sends must end here, so every length is checked once on arrival
 * and nothing behind `wire_check` checks again. */
#include "shim_wire.h"

#include <string.h>

#define MAGIC 0x4E59534Cu
#define HEADER 24

static void put(Writer *writer, const void *value, size_t size)
{
    if (size > sizeof writer->bytes - writer->used) {
        writer->full = true;
        return;
    }
    memcpy(writer->bytes + writer->used, value, size);
    writer->used += size;
}

static void put_name(Writer *writer, char type, const char *name)
{
    size_t length = strlen(name);
    uint8_t head[2] = {(uint8_t)type, (uint8_t)length};
    if (length > 255) writer->full = true;
    put(writer, head, 2);
    put(writer, name, length);
}

void wire_begin(Writer *writer, uint16_t kind, uint64_t id)
{
    uint32_t magic = MAGIC;
    uint16_t version = WIRE_VERSION;
    uint8_t rest[8] = {0};
    writer->used = 0;
    writer->full = false;
    put(writer, &magic, 4);
    put(writer, &version, 2);
    put(writer, &kind, 2);
    put(writer, &id, 8);
    put(writer, rest, 8);
}

void wire_int(Writer *writer, const char *name, int64_t value)
{
    put_name(writer, 'i', name);
    put(writer, &value, 8);
}

void wire_float(Writer *writer, const char *name, double value)
{
    put_name(writer, 'd', name);
    put(writer, &value, 8);
}

void wire_text(Writer *writer, const char *name, const char *value)
{
    uint32_t length = (uint32_t)strlen(value);
    put_name(writer, 's', name);
    put(writer, &length, 4);
    put(writer, value, length);
}

bool wire_end(Writer *writer, int fds)
{
    uint32_t body = (uint32_t)(writer->used - HEADER);
    uint16_t count = (uint16_t)fds;
    memcpy(writer->bytes + 16, &body, 4);
    memcpy(writer->bytes + 20, &count, 2);
    return !writer->full;
}

typedef struct {
    char type;
    const uint8_t *name, *value;
    size_t name_size, value_size;
} Record;

/* The record at `*at`; moves on behind it. False at the end, or where what is left does not hold one. */
static bool next_record(const uint8_t *bytes, size_t size, size_t *at, Record *record)
{
    if (size - *at < 2) return false;
    record->type = (char)bytes[*at];
    record->name_size = bytes[*at + 1];
    size_t left = size - *at - 2, head = record->type == 's' ? 4 : 0;
    if (!strchr("ids", record->type) || !record->type || left < record->name_size + head) return false;
    record->name = bytes + *at + 2;
    record->value = record->name + record->name_size + head;
    record->value_size = 8;
    if (head) {
        uint32_t length = 0;
        memcpy(&length, record->value - 4, 4);
        record->value_size = length;
    }
    left -= record->name_size + head;
    if (left < record->value_size) return false;
    *at = size - left + record->value_size;
    return true;
}

bool wire_check(Packet *packet, const uint8_t *bytes, size_t size, int fd_count)
{
    uint32_t magic = 0, body = 0;
    uint16_t version = 0, fds = 0, zero = 1;
    if (size < HEADER || size > WIRE_BYTES) return false;
    memcpy(&magic, bytes, 4);
    memcpy(&version, bytes + 4, 2);
    memcpy(&packet->kind, bytes + 6, 2);
    memcpy(&packet->id, bytes + 8, 8);
    memcpy(&body, bytes + 16, 4);
    memcpy(&fds, bytes + 20, 2);
    memcpy(&zero, bytes + 22, 2);
    if (magic != MAGIC || version != WIRE_VERSION || body != size - HEADER || fds != fd_count || zero) return false;
    packet->bytes = bytes;
    packet->size = size;
    Record record;
    size_t at = HEADER;
    while (at < size)
        if (!next_record(bytes, size, &at, &record)) return false;
    return true;
}

static bool find(const Packet *packet, const char *name, Record *record)
{
    size_t at = HEADER, length = strlen(name);
    while (next_record(packet->bytes, packet->size, &at, record))
        if (record->name_size == length && !memcmp(record->name, name, length)) return true;
    return false;
}

bool wire_has(const Packet *packet, const char *name)
{
    Record record;
    return find(packet, name, &record);
}

int64_t wire_get_int(const Packet *packet, const char *name, int64_t fallback)
{
    Record record;
    if (!find(packet, name, &record) || record.type != 'i') return fallback;
    memcpy(&fallback, record.value, 8);
    return fallback;
}

double wire_get_float(const Packet *packet, const char *name, double fallback)
{
    Record record;
    if (!find(packet, name, &record) || record.type == 's') return fallback;
    if (record.type == 'i') return (double)wire_get_int(packet, name, 0);
    memcpy(&fallback, record.value, 8);
    return fallback;
}

size_t wire_get_text(const Packet *packet, const char *name, char *out, size_t bytes)
{
    Record record;
    out[0] = 0;
    if (!find(packet, name, &record) || record.type != 's') return 0;
    size_t size = record.value_size < bytes ? record.value_size : bytes - 1;
    memcpy(out, record.value, size);
    out[size] = 0;
    return size;
}
