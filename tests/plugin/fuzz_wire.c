/* SPDX-License-Identifier: Apache-2.0 */
/* The packet reader on broken packets. With clang -fsanitize=fuzzer it is libFuzzer's target; built with -DALONE it
 * breaks good packets itself, the same ones every time, and needs no fuzzer: fuzz_wire ROUNDS. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shim_faces.h"
#include "shim_gl.h"
#include "shim_wire.h"

static const char *const NAMES[] = {"out",      "image",    "text",     "hash.hi",  "clip",        "time",  "line0.first", "nothing",
                                    "face0.x1", "face0.y1", "face0.x2", "face0.y2", "face0.index", "faces"};
#define NAME_COUNT (sizeof NAMES / sizeof *NAMES)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* Exactly as long as the packet: a read behind its end is seen. */
    uint8_t *bytes = malloc(size ? size : 1);
    memcpy(bytes, data, size);
    Packet packet = {0};
    char text[17];
    float points[8] = {0};
    Lines lines = {0};
    if (wire_check(&packet, bytes, size, 0)) {
        for (size_t i = 0; i < NAME_COUNT; i++) {
            volatile double sum = wire_get_float(&packet, NAMES[i], 0);
            sum += (double)wire_get_int(&packet, NAMES[i], 0);
            if (wire_get_text(&packet, NAMES[i], text, sizeof text) >= sizeof text || strlen(text) >= sizeof text) abort();
        }
        if (lines_points(&packet) > (size_t)1 << 20) abort();
        lines_read(&lines, &packet, points, 4);
        for (size_t i = 0; i < lines.line_count; i++)
            if (lines.lines[i].first + lines.lines[i].count > 4) abort();
        lines_clear(&lines);
        Faces faces;
        faces_read(&faces, &packet);
        const Face *face = faces_at(&faces, 0.15, 0.15);
        if (faces.count < 0 || faces.count > FACES_MAX || (face && (face->index < 0 || face->index >= 1000))) abort();
    }
    free(bytes);
    return 0;
}

#ifdef ALONE
static uint64_t state = 1001;

static uint32_t dice(uint32_t sides)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33) % sides;
}

static void write_good(Writer *writer)
{
    wire_begin(writer, (uint16_t)dice(50), dice(9));
    for (uint32_t i = 0, count = dice(12); i < count; i++) {
        const char *name = NAMES[dice(NAME_COUNT)];
        uint32_t type = dice(3);
        if (type == 0) wire_int(writer, name, (int64_t)state);
        if (type == 1) wire_float(writer, name, 1.0 / (1 + dice(9)));
        if (type == 2) wire_text(writer, name, NAMES[dice(NAME_COUNT)]);
    }
    if (!wire_end(writer, 0)) abort();
}

static void mend_length(uint8_t *bytes, size_t size)
{
    uint32_t body = (uint32_t)(size - 24);
    if (size >= 24) memcpy(bytes + 16, &body, 4);
}

int main(int count, char **words)
{
    static Writer writer;
    Packet packet;
    long accepted = 0, rounds = count > 1 ? atol(words[1]) : 100000;
    for (long round = 0; round < rounds; round++) {
        write_good(&writer);
        if (!wire_check(&packet, writer.bytes, writer.used, 0)) abort();
        for (uint32_t i = 0, broken = dice(5); i < broken; i++)
            writer.bytes[dice(3) ? 24 + dice((uint32_t)writer.used) : dice(24)] = (uint8_t)dice(256);
        if (!dice(3)) writer.used = dice((uint32_t)writer.used + 1);
        if (dice(4)) mend_length(writer.bytes, writer.used);
        accepted += wire_check(&packet, writer.bytes, writer.used, 0);
        LLVMFuzzerTestOneInput(writer.bytes, writer.used);
    }
    printf("%ld of %ld broken packets were still whole\n", accepted, rounds);
    return 0;
}
#endif
