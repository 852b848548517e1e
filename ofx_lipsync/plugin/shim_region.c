/* SPDX-License-Identifier: Apache-2.0 */
/* Where a node has pixels, what it reads, when it does nothing, what its picture is. Answered without the worker, apart
 * from where the new mouth lies and which frames it is made of: only the analysis file tells those. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "shim_ask.h"

#define QUICK_S 20.0

static void set_rect(OfxPropertySetHandle set, const char *name, OfxRectD rect)
{
    double const edges[] = {rect.x1, rect.y1, rect.x2, rect.y2};
    for (int i = 0; i < 4; i++) set_double(set, name, i, edges[i]);
}

static bool source_region(const Instance *instance, double time, OfxRectD *rect)
{
    return clip_connected(instance, 0) && !HOST.effect->clipGetRegionOfDefinition(instance->clips[0], time, rect);
}

void project_region(const Instance *instance, OfxRectD *rect)
{
    OfxPropertySetHandle set = NULL;
    HOST.effect->getPropertySet(instance->effect, &set);
    rect->x1 = get_double(set, kOfxImageEffectPropProjectOffset, 0, 0);
    rect->y1 = get_double(set, kOfxImageEffectPropProjectOffset, 1, 0);
    rect->x2 = rect->x1 + get_double(set, kOfxImageEffectPropProjectSize, 0, 1920);
    rect->y2 = rect->y1 + get_double(set, kOfxImageEffectPropProjectSize, 1, 1080);
}

static bool has_text(const Instance *instance, const char *name, double time)
{
    char text[4096];
    return param_text(instance, name, time, text, sizeof text) && *text;
}

static bool has_analysis(const Instance *instance, double time)
{
    return has_text(instance, "analysis", time);
}

static bool read_region(const Packet *answer, OfxRectD *rect)
{
    if (!wire_has(answer, "rod.x1")) return false;
    OfxRectD found = {wire_get_float(answer, "rod.x1", NAN), wire_get_float(answer, "rod.y1", NAN),
                      wire_get_float(answer, "rod.x2", NAN), wire_get_float(answer, "rod.y2", NAN)};
    bool well = found.x1 <= found.x2 && found.y1 <= found.y2 && fabs(found.x1) < 1e7 && fabs(found.x2) < 1e7 &&
                fabs(found.y1) < 1e7 && fabs(found.y2) < 1e7;
    if (well) *rect = found;
    return well;
}

/* Leaves `rect` as it is where the worker knows nothing: Source's region then holds the mouth too. */
static void ask_region(Instance *instance, double time, OfxPropertySetHandle in_args, OfxRectD *rect)
{
    Request request = {.asker.patience_s = QUICK_S};
    Packet answer;
    if (!request_begin(&request, instance, REGION, time)) return;
    request_scale(&request, in_args);
    if (request_send(&request, &answer) == ASK_DONE) {
        read_region(&answer, rect);
        packet_close(&answer);
    }
    request_end(&request);
}

OfxStatus action_region(Instance *instance, OfxPropertySetHandle in_args, OfxPropertySetHandle out_args)
{
    double time = get_double(in_args, kOfxPropTime, 0, 0);
    OfxRectD rect;
    if (!source_region(instance, time, &rect)) project_region(instance, &rect);
    if (instance->node->region && HOST.sizes && has_analysis(instance, time) &&
        choice_is(instance, "view", time, "result") &&
        !choice_is(instance, "on_error", time, "slate")) /* a slate needs room to be read */
        ask_region(instance, time, in_args, &rect);
    set_rect(out_args, kOfxImageEffectPropRegionOfDefinition, rect);
    return kOfxStatOK;
}

/* Every input whole: a mouth comes from anywhere in the plate. */
OfxStatus action_interest(Instance *instance, OfxPropertySetHandle in_args, OfxPropertySetHandle out_args)
{
    double time = get_double(in_args, kOfxPropTime, 0, 0);
    for (int i = 0; i < instance->node->clip_count; i++) {
        char name[64];
        OfxRectD rect;
        if (!clip_connected(instance, i) || HOST.effect->clipGetRegionOfDefinition(instance->clips[i], time, &rect))
            continue;
        snprintf(name, sizeof name, "OfxImageClipPropRoI_%s", instance->node->clips[i].name);
        set_rect(out_args, name, rect);
    }
    return kOfxStatOK;
}

/* The worker's ranges for Source as pairs, behind the current frame's own. */
static void ask_frames(Instance *instance, double time, OfxPropertySetHandle out_args, const char *property)
{
    Request request = {.asker.patience_s = QUICK_S};
    Packet answer;
    if (!request_begin(&request, instance, FRAMES, time)) return;
    if (request_send(&request, &answer) == ASK_DONE) {
        for (int i = 0; i < 1024; i++) {
            char first[32], last[32];
            snprintf(first, sizeof first, "image%d.first", i);
            snprintf(last, sizeof last, "image%d.last", i);
            double from = wire_get_float(&answer, first, NAN), to = wire_get_float(&answer, last, NAN);
            if (!(from <= to)) break;
            set_double(out_args, property, 2 * i + 2, from);
            set_double(out_args, property, 2 * i + 3, to);
        }
        packet_close(&answer);
    }
    request_end(&request);
}

OfxStatus action_frames(Instance *instance, OfxPropertySetHandle in_args, OfxPropertySetHandle out_args)
{
    double time = get_double(in_args, kOfxPropTime, 0, 0);
    bool planned = has_analysis(instance, time) || has_text(instance, "curve", time);
    if (!instance->node->others || !HOST.temporal || has_text(instance, "plate_file", time) || !planned)
        return kOfxStatReplyDefault;
    set_double(out_args, "OfxImageClipPropFrameRange_Source", 0, time);
    set_double(out_args, "OfxImageClipPropFrameRange_Source", 1, time);
    ask_frames(instance, time, out_args, "OfxImageClipPropFrameRange_Source");
    return kOfxStatOK;
}

/* True where the node hands Source on as it is. */
static bool passes_source(const Instance *instance, double time)
{
    const char *label = instance->node->label;
    if (!strcmp(label, "AudioFeature")) return choice_is(instance, "view", time, "source");
    if (!strcmp(label, "Resync")) return !choice_is(instance, "fix", time, "picture");
    if (!strcmp(label, "SyncMeter")) return choice_is(instance, "view", time, "none");
    if (!choice_is(instance, "view", time, "result")) return false;
    if (!strcmp(label, "FaceDetect")) return true;
    if (!strcmp(label, "Blend")) return param_number(instance, "mix", time, 1) == 0;
    return !strcmp(label, "LipSync") && param_number(instance, "Blend_mix", time, 1) == 0;
}

OfxStatus action_identity(Instance *instance, OfxPropertySetHandle in_args, OfxPropertySetHandle out_args)
{
    double time = get_double(in_args, kOfxPropTime, 0, 0);
    if (!clip_connected(instance, 0) || !passes_source(instance, time)) return kOfxStatReplyDefault;
    set_text(out_args, kOfxPropName, 0, "Source");
    set_double(out_args, kOfxPropTime, 0, time);
    return kOfxStatOK;
}

/* Varies with time whatever its inputs do; a patch brings its own alpha. */
OfxStatus action_preferences(Instance *instance, OfxPropertySetHandle out_args)
{
    set_int(out_args, kOfxImageEffectFrameVarying, 0, 1);
    if (!instance->node->patch) return kOfxStatOK;
    set_text(out_args, "OfxImageClipPropComponents_Output", 0, kOfxImageComponentRGBA);
    set_text(out_args, kOfxImageEffectPropPreMultiplication, 0, kOfxImagePreMultiplied);
    return kOfxStatOK;
}
