/* SPDX-License-Identifier: Apache-2.0 */
/* Waits for an answer and serves what the worker asks for in between. Every way out is bounded in time: a worker that
 * is silent is killed, one that beats may work as long as the host does not abort. */
#include <math.h>
#include <string.h>

#include "shim_ask.h"

#define ABORT_S 2.0

static Outcome lost(Request *request, const char *why)
{
    channel_lost(request->channel, &request->asker, why);
    request->channel = NULL;
    return ASK_FAILED;
}

static bool reply(Request *request, const int *fds, int count)
{
    return channel_send(request->channel, &request->channel->out, fds, count);
}

static void begin_reply(Request *request, uint16_t kind)
{
    wire_begin(&request->channel->out, kind, request->channel->request);
}

static bool send_none(Request *request, const char *why)
{
    begin_reply(request, NONE);
    wire_text(&request->channel->out, "why", why);
    return reply(request, NULL, 0);
}

Shared *request_buffer(Request *request, int slot, const Pixels *pixels)
{
    size_t bytes = packed_bytes(pixels);
    Shared *buffer = &request->sent[slot];
    if (buffer->memory && buffer->size < bytes) {
        pool_give(buffer);
        buffer->memory = NULL;
    }
    return buffer->memory || pool_take(buffer, bytes) ? buffer : NULL;
}

static bool send_picture(Request *request, int slot, const Pixels *pixels, bool packed)
{
    Shared *buffer = request_buffer(request, slot, pixels);
    if (!buffer) return send_none(request, "the host is out of memory");
    if (!packed) picture_pack(pixels, buffer->memory);
    begin_reply(request, PICTURE);
    wire_layout(&request->channel->out, "", pixels, true);
    return reply(request, &buffer->fd, 1);
}

/* A picture on the card that the worker cannot reach there. */
static bool read_after_all(Request *request, int index)
{
    if (!request->cuda.on || request->packed[index]) return true;
    cuda_refused();
    return request_hash(request, index, &request->pictures[index], &request->packed[index]);
}

/* By number, or -1 for the one that was fetched last. */
static bool answer_need(Request *request, const Packet *packet)
{
    int64_t index = wire_get_int(packet, "image", -1);
    if (index == -1 && request->fetched.handle)
        return send_picture(request, CLIPS_MAX, &request->fetched, request->fetched_packed);
    if (index < 0 || index >= request->input_count || !request->pictures[index].handle) return false;
    request->needed = true;
    return read_after_all(request, (int)index) &&
           send_picture(request, (int)index, &request->pictures[index], request->packed[index]);
}

static int clip_named(const NodeRow *node, const char *name)
{
    for (int i = 0; i < node->clip_count; i++)
        if (!strcmp(node->clips[i].name, name)) return i;
    return -1;
}

static bool announce_fetched(Request *request)
{
    if (!request_hash(request, CLIPS_MAX, &request->fetched, &request->fetched_packed)) return false;
    begin_reply(request, KNOWN);
    wire_layout(&request->channel->out, "", &request->fetched, true);
    return reply(request, NULL, 0);
}

/* The picture's hash first (KNOWN); the pixels follow where the worker answers NEED. */
static bool answer_fetch(Request *request, const Packet *packet)
{
    char name[64];
    wire_get_text(packet, "clip", name, sizeof name);
    double time = wire_get_float(packet, "time", request->time);
    int clip = clip_named(request->instance->node, name);
    if (clip < 0 || !isfinite(time)) return send_none(request, "the node has no such input");
    if (!HOST.temporal && time != request->time)
        return send_none(request,
                         "this host gives a node no frame but the current one: set plate_file to the plate on disk");
    picture_release(&request->fetched);
    if (!clip_connected(request->instance, clip) ||
        !picture_get(request->instance->clips[clip], time, &request->fetched))
        return send_none(request, "the host has no picture there");
    return announce_fetched(request);
}

static bool take_progress(Request *request, const Packet *packet)
{
    char stage[128];
    wire_get_text(packet, "stage", stage, sizeof stage);
    request->done = wire_get_float(packet, "done", request->done);
    if (request->progress) request->progress(request, request->done, stage);
    return true;
}

static bool take_keys(Request *request, Packet *packet)
{
    char param[64];
    Shared pairs;
    int64_t count = wire_get_int(packet, "count", 0);
    wire_get_text(packet, "param", param, sizeof param);
    if (count == 0 && packet->fd_count == 0) { /* nothing was found: what an earlier analysis wrote goes */
        if (request->keys) request->keys(request, param, NULL, 0);
        return true;
    }
    if (packet->fd_count != 1 || count < 1 || count > 1 << 20) return false;
    packet->fd_count = 0;
    if (!shared_map(&pairs, packet->fds[0], (size_t)count * 16)) return false;
    if (request->keys) request->keys(request, param, (const double *)pairs.memory, (size_t)count);
    shared_unmap(&pairs);
    return true;
}

static bool serve(Request *request, Packet *packet)
{
    switch (packet->kind) {
    case NEED: return answer_need(request, packet);
    case FETCH: return answer_fetch(request, packet);
    case BEAT: /* the bar again, as it stands: cancel is heard in a long step too */
    case PROGRESS: return take_progress(request, packet);
    case KEYS: return take_keys(request, packet);
    default: return false;
    }
}

/* The worker is told and given a moment; a channel that does not come to rest is closed, its worker lives on. */
static Outcome abort_request(Request *request)
{
    double patience = request->asker.patience_s;
    double end = seconds_now() + (patience > 0 && patience < ABORT_S ? patience : ABORT_S);
    begin_reply(request, ABORT);
    bool sent = reply(request, NULL, 0), over = false, rest = false;
    while (sent && !over && seconds_now() < end) {
        Packet packet;
        Got got = channel_receive(request->channel, &packet);
        if (got == GOT) rest = packet.kind == DONE || packet.kind == FAILED;
        if (got == GOT) packet_close(&packet);
        over = rest || got == GOT_END || got == GOT_GARBAGE;
    }
    if (!rest) channel_close(request->channel), request->channel = NULL;
    return ASK_ABORTED;
}

/* Kind of end, or -1 to go on waiting. */
static int take_packet(Request *request, Packet *packet)
{
    if (packet->id != request->channel->request) {
        packet_close(packet); /* of a request that was given up */
        return -1;
    }
    if (packet->kind == DONE) return ASK_DONE;
    if (packet->kind == FAILED) {
        char text[SENTENCE];
        packet_close(packet);
        if (!wire_get_text(packet, "text", text, sizeof text)) strcpy(text, "The worker failed and does not say why.");
        asker_says(&request->asker, "%s", text);
        return ASK_FAILED;
    }
    bool well = serve(request, packet);
    packet_close(packet);
    if (!well && request->cuda.why[0]) { /* the worker is blameless and lives on */
        abort_request(request);
        return ASK_FAILED;
    }
    return well ? -1 : (int)lost(request, "sent something that is no answer");
}

static bool out_of_patience(const Request *request, double began)
{
    return request->asker.patience_s > 0 && seconds_now() - began > request->asker.patience_s;
}

Outcome request_send(Request *request, Packet *answer)
{
    if (request->channel->out.full) {
        asker_says(&request->asker, "The params of this node are longer than %d bytes; shorten the transcript.",
                   WIRE_BYTES);
        return ASK_FAILED;
    }
    if (!reply(request, NULL, 0)) return lost(request, "is gone");
    double began = seconds_now(), heard = began;
    for (;;) {
        Got got = channel_receive(request->channel, answer);
        if (got == GOT_END) return lost(request, "ended in the middle of a frame");
        if (got == GOT_GARBAGE) return lost(request, "sent something that is no packet");
        int end = got == GOT ? take_packet(request, answer) : -1;
        if (end >= 0) return (Outcome)end;
        if (got == GOT) heard = seconds_now();
        if (asker_aborted(&request->asker) || out_of_patience(request, began)) return abort_request(request);
        if (seconds_now() - heard > timeout_s()) return lost(request, "hangs");
    }
}

void request_end(Request *request)
{
    /* Without its channel nobody knows whether the worker still reads: that memory is not used again. */
    for (int i = 0; i < CLIPS_MAX + 1; i++)
        if (request->sent[i].memory) (request->channel ? pool_give : pool_drop)(&request->sent[i]);
    for (int i = 0; i < request->input_count; i++) picture_release(&request->pictures[i]);
    picture_release(&request->fetched);
    if (request->channel) channel_give(request->channel);
    request->channel = NULL;
}
