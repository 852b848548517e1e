/* SPDX-License-Identifier: Apache-2.0 */
/* Render: the host's pictures out to the worker by hash, the result back into the host's picture, inside the window
 * alone. What fails says so on the node, or on the picture where the artist chose a slate. */
#include <stdlib.h>
#include <string.h>

#include "shim_ask.h"

typedef struct {
    Request request;
    Pixels out;
    OfxRectI window;
    bool draft;
    char field[32];
    double source_frame;
    bool shared; /* the worker was told where the result lies on the card */
} Frame;

static void read_arguments(Frame *frame, OfxPropertySetHandle in_args)
{
    int *edges[] = {&frame->window.x1, &frame->window.y1, &frame->window.x2, &frame->window.y2};
    for (int i = 0; i < 4; i++) *edges[i] = get_int(in_args, kOfxImageEffectPropRenderWindow, i, 0);
    frame->draft = get_int(in_args, kOfxImageEffectPropRenderQualityDraft, 0, 0) != 0;
    frame->source_frame = get_double(in_args, kResolvePropSourceFrame, 0, -1);
    if (frame->source_frame < 0) frame->source_frame = get_int(in_args, kResolvePropSourceFrame, 0, -1);
    frame->request.cuda.on = HOST.cuda && get_int(in_args, kOfxImageEffectPropCudaEnabled, 0, 0) != 0;
    frame->request.cuda.stream = get_pointer(in_args, kOfxImageEffectPropCudaStream);
    strcpy(frame->field, kOfxImageFieldNone);
    get_text(in_args, kOfxImageEffectPropFieldToRender, 0, frame->field, sizeof frame->field);
}

static void put_frame(Frame *frame)
{
    Writer *out = &frame->request.channel->out;
    wire_int(out, "window.x1", frame->window.x1);
    wire_int(out, "window.y1", frame->window.y1);
    wire_int(out, "window.x2", frame->window.x2);
    wire_int(out, "window.y2", frame->window.y2);
    wire_int(out, "draft", frame->draft);
    /* MLT and the demo host say Both of progressive pictures: that is a whole frame. */
    bool half = !strcmp(frame->field, kOfxImageFieldLower) || !strcmp(frame->field, kOfxImageFieldUpper);
    wire_text(out, "field", half ? frame->field : kOfxImageFieldNone);
    if (frame->source_frame >= 0) {
        Instance *instance = frame->request.instance;
        wire_float(out, "source_frame", frame->source_frame);
        atomic_store(&instance->source_shift, frame->source_frame - frame->request.time);
        atomic_store(&instance->has_source_shift, true);
    }
    Pixels asked = frame->out;
    asked.bounds = frame->window;
    wire_layout(out, "out.", &asked, false);
}

/* The result is one of the pictures that went in. */
static bool take_image(Frame *frame, int64_t index)
{
    Cuda *cuda = &frame->request.cuda;
    if (index < 0 || index >= frame->request.input_count || !frame->request.pictures[index].handle) return false;
    const Pixels *in = &frame->request.pictures[index];
    if (!same_layout(in, &frame->out)) return false;
    if (cuda->on) return cuda_across(cuda, &frame->out, frame->window, in);
    picture_copy(&frame->out, frame->window, in);
    return true;
}

static void send_result(Frame *frame, Pixels *made)
{
    Channel *channel = frame->request.channel;
    picture_hash(made, NULL);
    wire_begin(&channel->out, RESULT, channel->request);
    wire_layout(&channel->out, "", made, true);
    channel_send(channel, &channel->out, NULL, 0);
}

static bool write_out(Frame *frame, const Pixels *made)
{
    Cuda *cuda = &frame->request.cuda;
    if (cuda->on) return cuda_up(cuda, &frame->out, frame->window, made);
    picture_unpack(&frame->out, frame->window, made->base);
    return true;
}

static bool take_shared(Frame *frame, Packet *answer)
{
    Pixels part = frame->out;
    Shared shared;
    part.bounds = frame->window;
    if (answer->fd_count != 1) return false;
    answer->fd_count = 0;
    if (!shared_map(&shared, answer->fds[0], packed_bytes(&part))) return false;
    Pixels made = packed_as(&part, shared.memory);
    bool done = write_out(frame, &made);
    if (done && !memcmp(&frame->out.bounds, &frame->window, sizeof frame->window))
        send_result(frame, frame->request.cuda.on ? &made : &frame->out); /* a part of a picture is nobody's input */
    shared_unmap(&shared);
    return done;
}

static bool take_result(Frame *frame, Packet *answer)
{
    char kind[16];
    wire_get_text(answer, "out", kind, sizeof kind);
    if (!strcmp(kind, "image") && take_image(frame, wire_get_int(answer, "image", -1))) return true;
    if (!strcmp(kind, "fd") && take_shared(frame, answer)) return true;
    if (!strcmp(kind, "card") && frame->shared) return true; /* the worker has written it there */
    if (frame->request.cuda.why[0]) return card_failed(&frame->request);
    asker_says(&frame->request.asker,
               "The worker's answer fits no picture that was asked for; update ofx_lipsync and run "
               "lipsync install again.");
    return false;
}

/* Where the worker reaches Source on the card, it may write what it changes beside it. */
static void share_out(Frame *frame)
{
    CudaShare share;
    Request *request = &frame->request;
    if (!request->cuda.on || !request->input_count || request->packed[0] || request->clip_of[0] != 0) return;
    if (!request->pictures[0].handle || frame->request.instance->node->patch) return;
    frame->shared = cuda_share(&request->cuda, &frame->out, frame->window, &share);
    if (frame->shared) wire_share(&request->channel->out, "out.", &frame->out, &share);
}

static Outcome ask_worker(Frame *frame, Instance *instance, double time, OfxPropertySetHandle in_args)
{
    Packet answer;
    if (!request_begin(&frame->request, instance, RENDER, time))
        return frame->request.asker.error[0] ? ASK_FAILED : ASK_ABORTED;
    request_scale(&frame->request, in_args);
    put_frame(frame);
    bool there = request_pictures(&frame->request);
    if (there) share_out(frame);
    Outcome outcome = there ? request_send(&frame->request, &answer) : ASK_FAILED;
    atomic_store(&instance->sends, frame->request.needed);
    if (outcome == ASK_DONE && !take_result(frame, &answer)) outcome = ASK_FAILED;
    if (outcome == ASK_DONE) packet_close(&answer);
    request_end(&frame->request);
    return outcome;
}

static OfxStatus draw_slate(Frame *frame, const char *title, const char *text)
{
    Cuda *cuda = &frame->request.cuda;
    uint8_t *memory = cuda->on ? malloc(packed_bytes(&frame->out)) : NULL;
    Pixels here = memory ? packed_as(&frame->out, memory) : frame->out;
    if (cuda->on && !memory) return kOfxStatErrMemory;
    slate_draw(&here, frame->window, title, text);
    bool done = !cuda->on || cuda_up(cuda, &frame->out, frame->window, &here);
    free(memory);
    return done ? kOfxStatOK : kOfxStatGPURenderFailed;
}

static OfxStatus fail(Frame *frame, Instance *instance, double time)
{
    const char *text = frame->request.asker.error;
    message_show(instance, text);
    if (frame->request.cuda.why[0]) return kOfxStatGPURenderFailed; /* the host may try again without its card */
    if (!choice_is(instance, "on_error", time, "slate")) return kOfxStatFailed;
    return draw_slate(frame, instance->node->label, text);
}

OfxStatus action_render(Instance *instance, OfxPropertySetHandle in_args)
{
    Frame frame = {0};
    double time = get_double(in_args, kOfxPropTime, 0, 0);
    read_arguments(&frame, in_args);
    if (!picture_get(instance->output, time, &frame.out)) {
        message_show(instance, "The host gave no picture to render into; lower the memory of its caches.");
        return kOfxStatFailed;
    }
    frame.window = meet(frame.window, frame.out.bounds);
    OfxStatus status = kOfxStatOK;
    if (frame.window.x1 < frame.window.x2) {
        Outcome outcome = ask_worker(&frame, instance, time, in_args);
        if (outcome == ASK_DONE) message_clear(instance);
        if (outcome == ASK_FAILED) status = fail(&frame, instance, time);
        if (outcome == ASK_ABORTED) status = kOfxStatFailed;
    }
    picture_release(&frame.out);
    return status;
}
