/* SPDX-License-Identifier: Apache-2.0 */
/* What every request says: the node, the time, the params at that time, and the pictures by their hashes. */
#include <stdio.h>
#include <string.h>

#include "shim_ask.h"

static void put_text_param(Writer *out, const char *name, OfxParamHandle handle, double time)
{
    char *text = NULL;
    if (!HOST.param->paramGetValueAtTime(handle, time, &text) && text) wire_text(out, name, text);
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

/* Resolve says which file and frame the picture is of, whatever its timeline does to the speed. */
static void put_source(Writer *out, const Instance *instance)
{
    char path[4096];
    OfxPropertySetHandle set = NULL;
    if (HOST.effect->getPropertySet(instance->effect, &set)) return;
    if (get_text(set, kResolvePropSourceFile, 0, path, sizeof path)) wire_text(out, "source_file", path);
}

static void put_rate(Writer *out, const Instance *instance)
{
    OfxPropertySetHandle set = NULL;
    double rate = 0;
    if (instance->clips[0] && !HOST.effect->clipGetPropertySet(instance->clips[0], &set))
        rate = get_double(set, kOfxImageEffectPropFrameRate, 0, 0);
    if (rate <= 0 && !HOST.effect->getPropertySet(instance->effect, &set))
        rate = get_double(set, kOfxImageEffectPropFrameRate, 0, 0);
    if (rate > 0) wire_float(out, "rate", rate);
}

bool request_begin(Request *request, Instance *instance, uint16_t kind, double time)
{
    double first, last;
    request->instance = instance;
    request->time = time;
    request->asker.effect = instance->effect;
    request->channel = channel_take(&request->asker);
    if (!request->channel) return false;
    Writer *out = &request->channel->out;
    wire_begin(out, kind, ++request->channel->request);
    wire_text(out, "node", instance->node->label);
    wire_float(out, "time", time);
    for (int i = 0; i < instance->node->param_count; i++)
        if (instance->params[i] && instance->node->params[i].kind != KIND_BUTTON)
            put_param(out, &instance->node->params[i], instance->params[i], time);
    shot_range(instance, &first, &last);
    wire_float(out, "first", first);
    wire_float(out, "last", last);
    wire_int(out, "temporal", HOST.temporal);
    put_rate(out, instance);
    put_source(out, instance);
    return true;
}

/* While a shot plays every frame is new, while a knob turns none is: the last render tells which it is likely to be. */
static void hash_picture(Request *request, int index)
{
    Pixels *pixels = &request->pictures[index];
    Shared *buffer = atomic_load(&request->instance->sends) ? request_buffer(request, index, pixels) : NULL;
    picture_hash(pixels, buffer ? buffer->memory : NULL);
    request->packed[index] = buffer != NULL;
}

void request_pictures(Request *request)
{
    Instance *instance = request->instance;
    Writer *out = &request->channel->out;
    char name[32];
    for (int i = 0; i < instance->node->clip_count; i++) {
        int index = request->picture_count;
        if (!clip_connected(instance, i) || !picture_get(instance->clips[i], request->time, &request->pictures[index]))
            continue;
        hash_picture(request, index);
        snprintf(name, sizeof name, "image%d.", index);
        wire_layout(out, name, &request->pictures[index], true);
        snprintf(name, sizeof name, "image%d.clip", index);
        wire_text(out, name, instance->node->clips[i].name);
        request->picture_count++;
    }
}
