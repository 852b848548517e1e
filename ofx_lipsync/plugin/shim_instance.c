/* SPDX-License-Identifier: Apache-2.0 */
/* An instance: the handles of one node in the graph, and its params' values. Costs a few look-ups and nothing else,
 * since MLT makes one for every frame. */
#include <stdlib.h>
#include <string.h>
#include <stdio.h>

#include "shim.h"

static OfxPropertySetHandle properties_of(OfxImageEffectHandle effect)
{
    OfxPropertySetHandle set = NULL;
    return HOST.effect->getPropertySet(effect, &set) == kOfxStatOK ? set : NULL;
}

static void find_handles(Instance *instance)
{
    const NodeRow *node = instance->node;
    for (int i = 0; i < node->param_count; i++)
        if (HOST.param->paramGetHandle(instance->param_set, node->params[i].name, &instance->params[i], NULL))
            instance->params[i] = NULL;
    if (HOST.param->paramGetHandle(instance->param_set, "revision", &instance->revision, NULL))
        instance->revision = NULL;
    for (int i = 0; i < node->clip_count; i++)
        if (!(node->clips[i].contexts & instance->context) ||
            HOST.effect->clipGetHandle(instance->effect, node->clips[i].name, &instance->clips[i], NULL))
            instance->clips[i] = NULL;
}

OfxStatus instance_create(const NodeRow *node, OfxImageEffectHandle effect)
{
    OfxPropertySetHandle set = properties_of(effect);
    if (!set) return kOfxStatErrBadHandle;
    Instance *instance = calloc(1, sizeof *instance);
    OfxParamHandle *params = calloc((size_t)node->param_count, sizeof *params);
    if (!instance || !params) {
        free(instance);
        free(params);
        return kOfxStatErrMemory;
    }
    char context[64] = kOfxImageEffectContextGeneral;
    get_text(set, kOfxImageEffectPropContext, 0, context, sizeof context);
    instance->node = node;
    instance->effect = effect;
    instance->params = params;
    instance->context = context_bit(context);
    if (HOST.effect->getParamSet(effect, &instance->param_set) ||
        HOST.effect->clipGetHandle(effect, "Output", &instance->output, NULL)) {
        free(params);
        free(instance);
        return kOfxStatFailed;
    }
    find_handles(instance);
    set_pointer(set, kOfxPropInstanceData, instance);
    return kOfxStatOK;
}

OfxStatus instance_destroy(OfxImageEffectHandle effect)
{
    Instance *instance = instance_of(effect);
    if (!instance) return kOfxStatOK;
    set_pointer(properties_of(effect), kOfxPropInstanceData, NULL);
    free(instance->params);
    free(instance);
    return kOfxStatOK;
}

Instance *instance_of(OfxImageEffectHandle effect)
{
    return get_pointer(properties_of(effect), kOfxPropInstanceData);
}

bool clip_connected(const Instance *instance, int clip)
{
    OfxPropertySetHandle set = NULL;
    if (!instance->clips[clip] || HOST.effect->clipGetPropertySet(instance->clips[clip], &set)) return false;
    return get_int(set, kOfxImageClipPropConnected, 0, 1) != 0;
}

static OfxParamHandle handle_of(const Instance *instance, const char *name, ParamKind *kind)
{
    int row = find_param(instance->node, name);
    if (row < 0) return NULL;
    *kind = instance->node->params[row].kind;
    return instance->params[row];
}

double param_number(const Instance *instance, const char *name, double time, double fallback)
{
    ParamKind kind = KIND_BUTTON;
    OfxParamHandle handle = handle_of(instance, name, &kind);
    double number = fallback;
    int whole = 0;
    if (!handle) return fallback;
    if (kind == KIND_FLOAT) return HOST.param->paramGetValueAtTime(handle, time, &number) ? fallback : number;
    return HOST.param->paramGetValueAtTime(handle, time, &whole) ? fallback : whole;
}

bool param_text(const Instance *instance, const char *name, double time, char *out, size_t bytes)
{
    ParamKind kind = KIND_BUTTON;
    OfxParamHandle handle = handle_of(instance, name, &kind);
    char *text = NULL;
    out[0] = 0;
    if (!handle || HOST.param->paramGetValueAtTime(handle, time, &text) || !text) return false;
    return (size_t)snprintf(out, bytes, "%s", text) < bytes;
}

bool choice_is(const Instance *instance, const char *name, double time, const char *option)
{
    int row = find_param(instance->node, name);
    if (row < 0) return false;
    const ParamRow *param = &instance->node->params[row];
    int index = (int)param_number(instance, name, time, param->initial);
    return index >= 0 && index < param->option_count && !strcmp(param->options[index], option);
}

void param_set_number(Instance *instance, const char *name, double value)
{
    ParamKind kind = KIND_BUTTON;
    OfxParamHandle handle = handle_of(instance, name, &kind);
    if (!handle) return;
    if (kind == KIND_FLOAT)
        HOST.param->paramSetValue(handle, value);
    else
        HOST.param->paramSetValue(handle, (int)value);
}

/* The shot: what the artist typed, or the range of Source. */
void shot_range(const Instance *instance, double *first, double *last)
{
    *first = param_number(instance, "first_frame", 0, 0);
    *last = param_number(instance, "last_frame", 0, 0);
    OfxPropertySetHandle set = NULL;
    bool typed = *first != 0 || *last != 0;
    if (typed || !instance->clips[0] || HOST.effect->clipGetPropertySet(instance->clips[0], &set)) return;
    *first = get_double(set, kOfxImageEffectPropFrameRange, 0, 0);
    *last = get_double(set, kOfxImageEffectPropFrameRange, 1, 0);
}
