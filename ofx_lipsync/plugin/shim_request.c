/* SPDX-License-Identifier: Apache-2.0 */
/* What every request says: the node, the time, the params at that time, and the pictures by their hashes. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "shim_ask.h"

#define CURVE_BYTES 16384
#define STEPS 24

static void put_text_param(Writer *out, const char *name, OfxParamHandle handle, double time)
{
    char *text = NULL;
    if (!HOST.param->paramGetValueAtTime(handle, time, &text) && text) wire_text(out, name, text);
}

typedef struct {
    char text[CURVE_BYTES];
    size_t used;
} Curve;

static bool add_key(Curve *curve, long long frame, double value)
{
    char *end = curve->text + curve->used;
    size_t room = sizeof curve->text - curve->used;
    curve->used += (size_t)snprintf(end, room, "%s%lld:%.17g", curve->used ? "," : "", frame, value);
    return curve->used < sizeof curve->text;
}

/* The host draws its curves as it likes; the engine goes straight between keys. Where the host does not, the way from
 * one key to the next is told in up to STEPS pieces, which are within half a per cent of any ease. */
static bool add_between(Curve *curve, OfxParamHandle handle, const double from[2], const double to[2])
{
    long long first = llround(from[0]), last = llround(to[0]), step = (last - first + STEPS - 1) / STEPS;
    double near_enough = 1e-9 + 1e-6 * (fabs(from[1]) + fabs(to[1]));
    bool straight = true;
    for (int pass = 0; pass < 2 && !(pass && straight); pass++)
        for (long long frame = first + step; step > 0 && frame < last; frame += step) {
            double value = 0, part = (double)(frame - first) / (double)(last - first);
            if (HOST.param->paramGetValueAtTime(handle, (double)frame, &value)) return false;
            if (fabs(value - from[1] - part * (to[1] - from[1])) > near_enough) straight = false;
            if (pass && !add_key(curve, frame, value)) return false;
        }
    return true;
}

/* What the analysis depends on is said as the whole curve, `1001:0.5,1010:1`: an analysis asks for every frame, and a
 * render must be able to tell that it was made with the same. */
static bool put_curve(Writer *out, const char *name, OfxParamHandle handle)
{
    Curve curve = {.used = 0};
    double before[2] = {0, 0};
    unsigned int count = 0;
    if (HOST.param->paramGetNumKeys(handle, &count) || count < 2) return false;
    for (unsigned int i = 0; i < count; i++) {
        double key[2] = {0, 0};
        if (HOST.param->paramGetKeyTime(handle, i, &key[0]) ||
            HOST.param->paramGetValueAtTime(handle, key[0], &key[1]))
            return false;
        if (i && !add_between(&curve, handle, before, key)) return false;
        if (!add_key(&curve, llround(key[0]), key[1])) return false;
        before[0] = key[0], before[1] = key[1];
    }
    wire_text(out, name, curve.text);
    return true;
}

static void put_param(Writer *out, const ParamRow *row, OfxParamHandle handle, double time)
{
    char name[96];
    double number = row->initial;
    int whole = (int)row->initial;
    snprintf(name, sizeof name, "p.%s", row->name);
    if (row->kind == KIND_TEXT || row->kind == KIND_FILE) {
        put_text_param(out, name, handle, time);
    } else if (row->kind == KIND_FLOAT) {
        if (row->analysed && put_curve(out, name, handle)) return;
        HOST.param->paramGetValueAtTime(handle, time, &number);
        wire_float(out, name, number);
    } else if (!HOST.param->paramGetValueAtTime(handle, time, &whole)) {
        bool known = row->kind == KIND_CHOICE && whole >= 0 && whole < row->option_count;
        if (known)
            wire_text(out, name, row->options[whole]);
        else if (row->kind != KIND_CHOICE)
            wire_int(out, name, whole);
    }
}

/* Resolve says which file the picture is of, and in a render which frame of it, whatever its timeline does to the
 * speed; an Analyse goes by the last render. */
static void put_source(Writer *out, Instance *instance, uint16_t kind, double time)
{
    char path[4096];
    OfxPropertySetHandle set = NULL;
    if (HOST.effect->getPropertySet(instance->effect, &set)) return;
    if (get_text(set, kResolvePropSourceFile, 0, path, sizeof path)) wire_text(out, "source_file", path);
    if (kind == ANALYSE && atomic_load(&instance->has_source_shift))
        wire_float(out, "source_frame", time + atomic_load(&instance->source_shift));
}

static void put_box(Writer *out, const char *prefix, const double edges[4])
{
    static const char *const names[] = {"x1", "y1", "x2", "y2"};
    char name[64];
    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "%s%s", prefix, names[i]);
        wire_float(out, name, edges[i]);
    }
}

static double of_source_or_project(const Instance *instance, const char *property)
{
    OfxPropertySetHandle set = NULL;
    double value = 0;
    if (instance->clips[0] && !HOST.effect->clipGetPropertySet(instance->clips[0], &set))
        value = get_double(set, property, 0, 0);
    if (value <= 0 && !HOST.effect->getPropertySet(instance->effect, &set)) value = get_double(set, property, 0, 0);
    return value;
}

static void put_project(Writer *out, const Instance *instance)
{
    OfxPropertySetHandle set = NULL;
    double rate = of_source_or_project(instance, kOfxImageEffectPropFrameRate);
    double par = of_source_or_project(instance, kOfxImagePropPixelAspectRatio);
    if (rate > 0) wire_float(out, "rate", rate);
    if (par > 0) wire_float(out, "par", par);
    if (HOST.effect->getPropertySet(instance->effect, &set)) return;
    double x = get_double(set, kOfxImageEffectPropProjectOffset, 0, 0);
    double y = get_double(set, kOfxImageEffectPropProjectOffset, 1, 0);
    double width = get_double(set, kOfxImageEffectPropProjectSize, 0, 0);
    double height = get_double(set, kOfxImageEffectPropProjectSize, 1, 0);
    double const edges[] = {x, y, x + width, y + height};
    if (width > 0 && height > 0) put_box(out, "format.", edges);
}

/* Every connected input by name and region: imageN, N from 0 without gaps. Its picture may follow under the same N. */
static void put_inputs(Request *request)
{
    char name[32];
    for (int i = 0; i < request->instance->node->clip_count; i++) {
        OfxRectD rect;
        OfxImageClipHandle clip = request->instance->clips[i];
        if (!clip_connected(request->instance, i)) continue;
        int index = request->input_count++;
        request->clip_of[index] = i;
        snprintf(name, sizeof name, "image%d.clip", index);
        wire_text(&request->channel->out, name, request->instance->node->clips[i].name);
        if (HOST.effect->clipGetRegionOfDefinition(clip, request->time, &rect)) continue;
        double const edges[] = {rect.x1, rect.y1, rect.x2, rect.y2};
        snprintf(name, sizeof name, "image%d.rod.", index);
        put_box(&request->channel->out, name, edges);
    }
}

bool request_begin(Request *request, Instance *instance, uint16_t kind, double time)
{
    double first, last;
    request->instance = instance;
    request->time = time;
    /* abort() is about renders; an analysis is cancelled in its progress bar. */
    request->asker.effect = kind == ANALYSE && HOST.progress ? NULL : instance->effect;
    request->channel = channel_take(&request->asker);
    if (!request->channel) return false;
    Writer *out = &request->channel->out;
    wire_begin(out, kind, ++request->channel->request);
    wire_text(out, "node", instance->node->label);
    wire_float(out, "time", time);
    for (int i = 0; i < instance->node->param_count; i++)
        if (instance->params[i] && instance->node->params[i].kind != KIND_BUTTON && !instance->node->params[i].found)
            put_param(out, &instance->node->params[i], instance->params[i], time);
    shot_range(instance, &first, &last);
    wire_int(out, "first", llround(first));
    wire_int(out, "last", llround(last));
    wire_int(out, "temporal", HOST.temporal);
    put_project(out, instance);
    put_source(out, instance, kind, time);
    put_inputs(request);
    return true;
}

void request_scale(Request *request, OfxPropertySetHandle in_args)
{
    double x = get_double(in_args, kOfxImageEffectPropRenderScale, 0, 1);
    wire_float(&request->channel->out, "scale_x", x);
    wire_float(&request->channel->out, "scale_y", get_double(in_args, kOfxImageEffectPropRenderScale, 1, x));
}

bool card_failed(Request *request)
{
    asker_says(&request->asker,
               "The pictures on the host's CUDA card cannot be had (%s); switch GPU processing off for this node, or "
               "start the host with LIPSYNC_CUDA=0.",
               request->cuda.why);
    return false;
}

static bool hash_on_card(Request *request, int slot, Pixels *pixels, bool *packed)
{
    Shared *buffer = request_buffer(request, slot, pixels);
    if (!buffer) {
        asker_says(&request->asker, "The host is out of memory.");
        return false;
    }
    Pixels here = packed_as(pixels, buffer->memory);
    if (!cuda_down(&request->cuda, pixels, &here)) return card_failed(request);
    picture_hash(&here, NULL);
    memcpy(pixels->hash, here.hash, sizeof here.hash);
    *packed = true;
    return true;
}

/* While a shot plays every frame is new, while a knob turns none is: the last render tells which it is likely to be. */
bool request_hash(Request *request, int slot, Pixels *pixels, bool *packed)
{
    if (request->cuda.on) return hash_on_card(request, slot, pixels, packed);
    bool sends = slot < CLIPS_MAX && atomic_load(&request->instance->sends);
    Shared *buffer = sends ? request_buffer(request, slot, pixels) : NULL;
    picture_hash(pixels, buffer ? buffer->memory : NULL);
    *packed = buffer != NULL;
    return true;
}

/* What another node of ours may have made is known by its content, so that it is always read here; so is a matte. */
static bool share_source(Request *request, int index, const char *prefix)
{
    CudaShare share;
    const Pixels *pixels = &request->pictures[index];
    if (!request->cuda.on || request->clip_of[index] != 0) return false;
    if (!cuda_share(&request->cuda, pixels, pixels->bounds, &share)) return false;
    wire_share(&request->channel->out, prefix, pixels, &share);
    return true;
}

bool request_pictures(Request *request)
{
    char name[32];
    for (int i = 0; i < request->input_count; i++) {
        OfxImageClipHandle clip = request->instance->clips[request->clip_of[i]];
        if (!picture_get(clip, request->time, &request->pictures[i])) continue;
        snprintf(name, sizeof name, "image%d.", i);
        if (!share_source(request, i, name) &&
            !request_hash(request, i, &request->pictures[i], &request->packed[i]))
            return false;
        wire_layout(&request->channel->out, name, &request->pictures[i], true);
    }
    return true;
}
