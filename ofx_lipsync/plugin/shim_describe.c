/* SPDX-License-Identifier: Apache-2.0 */
/* Describes a node to the host from its table: no process is started and no file is read here. */
#include <stdio.h>
#include <string.h>

#include "shim.h"

static const char *const DEPTHS[] = {kOfxBitDepthFloat, kOfxBitDepthHalf, kOfxBitDepthShort, kOfxBitDepthByte};
static const char *const COMPONENTS[] = {kOfxImageComponentRGBA, kOfxImageComponentRGB, kOfxImageComponentAlpha};

static void set_contexts(const NodeRow *node, OfxPropertySetHandle set)
{
    static const char *const names[] = {kOfxImageEffectContextFilter, kOfxImageEffectContextGeneral,
                                        kOfxImageEffectContextGenerator};
    int count = 0;
    for (int i = 0; i < 3; i++)
        if (node->contexts & context_bit(names[i]))
            set_text(set, kOfxImageEffectPropSupportedContexts, count++, names[i]);
}

static void set_abilities(const NodeRow *node, OfxPropertySetHandle set)
{
    for (int i = 0; i < 4; i++) set_text(set, kOfxImageEffectPropSupportedPixelDepths, i, DEPTHS[i]);
    set_int(set, kOfxImageEffectPropSupportsTiles, 0, 0);
    set_int(set, kOfxImageEffectPropSupportsMultiResolution, 0, 1);
    set_int(set, kOfxImageEffectPropSupportsMultipleClipDepths, 0, 0);
    set_int(set, kOfxImageEffectPropSupportsMultipleClipPARs, 0, 0);
    set_int(set, kOfxImageEffectPropTemporalClipAccess, 0, node->others);
    set_int(set, kOfxImageEffectPluginPropSingleInstance, 0, 0);
    set_int(set, kOfxImageEffectPluginPropHostFrameThreading, 0, 0);
    set_int(set, kOfxImageEffectPluginPropFieldRenderTwiceAlways, 0, 0);
    set_text(set, kOfxImageEffectPluginRenderThreadSafety, 0, kOfxImageEffectRenderFullySafe);
    set_text(set, kOfxImageEffectPropOpenGLRenderSupported, 0, "false");
    set_text(set, kOfxImageEffectPropCudaRenderSupported, 0, HOST.cuda ? "true" : "false");
    if (HOST.stream) set_text(set, kOfxImageEffectPropCudaStreamSupported, 0, "true");
    set_text(set, kOfxImageEffectPropOpenCLRenderSupported, 0, "false");
}

OfxStatus describe(const NodeRow *node, OfxImageEffectHandle effect)
{
    OfxPropertySetHandle set = NULL;
    if (HOST.effect->getPropertySet(effect, &set)) return kOfxStatErrBadHandle;
    set_text(set, kOfxPropLabel, 0, node->label);
    set_text(set, kOfxImageEffectPluginPropGrouping, 0, "LipSync");
    set_text(set, kOfxPropPluginDescription, 0, node->hint);
    set_contexts(node, set);
    set_abilities(node, set);
    if (HOST.interact) set_pointer(set, kOfxImageEffectPluginPropOverlayInteractV1, (void *)overlay_entry);
    if (HOST.interact && HOST.draw)
        set_pointer(set, kOfxImageEffectPluginPropOverlayInteractV2, (void *)overlay_suite_entry);
    return kOfxStatOK;
}

static OfxStatus define_clip(OfxImageEffectHandle effect, const char *name, const ClipRow *clip)
{
    OfxPropertySetHandle set = NULL;
    OfxStatus status = HOST.effect->clipDefine(effect, name, &set);
    if (status) return status;
    for (int i = 0; i < 3; i++) set_text(set, kOfxImageEffectPropSupportedComponents, i, COMPONENTS[i]);
    set_int(set, kOfxImageEffectPropSupportsTiles, 0, 0);
    set_text(set, kOfxImageClipPropFieldExtraction, 0, kOfxImageFieldDoubled);
    if (!clip) return kOfxStatOK;
    set_int(set, kOfxImageClipPropOptional, 0, !clip->needed);
    set_int(set, kOfxImageClipPropIsMask, 0, clip->matte);
    return kOfxStatOK;
}

static OfxStatus define_clips(const NodeRow *node, OfxImageEffectHandle effect, int context)
{
    for (int i = 0; i < node->clip_count; i++) {
        if (!(node->clips[i].contexts & context)) continue;
        OfxStatus status = define_clip(effect, node->clips[i].name, &node->clips[i]);
        if (status) return status;
    }
    return define_clip(effect, "Output", NULL);
}

static void group_name(const char *label, char *out, size_t bytes)
{
    snprintf(out, bytes, "group_%s", label);
    for (; *out; out++)
        if (*out == ' ') *out = '_';
}

static void define_group(OfxParamSetHandle params, OfxPropertySetHandle page, int child, const char *label)
{
    char name[96];
    OfxPropertySetHandle set = NULL;
    group_name(label, name, sizeof name);
    if (HOST.param->paramDefine(params, kOfxParamTypeGroup, name, &set)) return;
    set_text(set, kOfxPropLabel, 0, label);
    set_int(set, kOfxParamPropGroupOpen, 0, 1);
    set_text(page, kOfxParamPropPageChild, child, name);
}

/* Resolve clamps to -1..1 unless the hard range and the slider's are both given. */
static void set_number(const ParamRow *row, OfxPropertySetHandle set)
{
    if (row->kind == KIND_FLOAT) {
        set_double(set, kOfxParamPropDefault, 0, row->initial);
        set_double(set, kOfxParamPropMin, 0, row->lo);
        set_double(set, kOfxParamPropMax, 0, row->hi);
        set_double(set, kOfxParamPropDisplayMin, 0, row->slider_lo);
        set_double(set, kOfxParamPropDisplayMax, 0, row->slider_hi);
        set_text(set, kOfxParamPropDoubleType, 0, kOfxParamDoubleTypePlain);
        return;
    }
    set_int(set, kOfxParamPropDefault, 0, (int)row->initial);
    set_int(set, kOfxParamPropMin, 0, (int)row->lo);
    set_int(set, kOfxParamPropMax, 0, (int)row->hi);
    set_int(set, kOfxParamPropDisplayMin, 0, (int)row->slider_lo);
    set_int(set, kOfxParamPropDisplayMax, 0, (int)row->slider_hi);
}

static void set_string(const ParamRow *row, OfxPropertySetHandle set)
{
    bool file = row->kind == KIND_FILE;
    set_text(set, kOfxParamPropDefault, 0, row->initial_text);
    set_text(set, kOfxParamPropStringMode, 0, file ? kOfxParamStringIsFilePath : kOfxParamStringIsSingleLine);
    /* Analyse writes the analysis file: hosts then offer a name that is not there yet. */
    if (file) set_int(set, kOfxParamPropStringFilePathExists, 0, strcmp(row->name, "analysis") != 0);
}

static void set_value(const ParamRow *row, OfxPropertySetHandle set)
{
    if (row->kind == KIND_FLOAT || row->kind == KIND_INT) set_number(row, set);
    if (row->kind == KIND_TEXT || row->kind == KIND_FILE) set_string(row, set);
    if (row->kind == KIND_BOOL || row->kind == KIND_CHOICE) set_int(set, kOfxParamPropDefault, 0, (int)row->initial);
    for (int i = 0; i < row->option_count; i++) set_text(set, kOfxParamPropChoiceOption, i, row->options[i]);
    if (row->kind != KIND_BUTTON) set_int(set, kOfxParamPropAnimates, 0, row->animates);
}

static const char *host_type(ParamKind kind)
{
    static const char *const types[] = {
        [KIND_FLOAT] = kOfxParamTypeDouble,      [KIND_INT] = kOfxParamTypeInteger, [KIND_BOOL] = kOfxParamTypeBoolean,
        [KIND_CHOICE] = kOfxParamTypeChoice,     [KIND_TEXT] = kOfxParamTypeString, [KIND_FILE] = kOfxParamTypeString,
        [KIND_BUTTON] = kOfxParamTypePushButton,
    };
    return types[kind];
}

static void define_param(OfxParamSetHandle params, const ParamRow *row)
{
    char group[96];
    OfxPropertySetHandle set = NULL;
    if (HOST.param->paramDefine(params, host_type(row->kind), row->name, &set)) return;
    group_name(row->group, group, sizeof group);
    set_text(set, kOfxPropLabel, 0, row->label);
    set_text(set, kOfxParamPropScriptName, 0, row->name);
    set_text(set, kOfxParamPropHint, 0, row->hint);
    set_text(set, kOfxParamPropParent, 0, group);
    set_value(row, set);
    if (row->found) set_int(set, kOfxParamPropEvaluateOnChange, 0, 0);
}

/* Counts analyses: what a host has cached of this node was made from another file. */
static void define_revision(OfxParamSetHandle params)
{
    OfxPropertySetHandle set = NULL;
    if (HOST.param->paramDefine(params, kOfxParamTypeInteger, "revision", &set)) return;
    set_int(set, kOfxParamPropSecret, 0, 1);
    set_int(set, kOfxParamPropAnimates, 0, 0);
    set_int(set, kOfxParamPropMin, 0, 0);
    set_int(set, kOfxParamPropMax, 0, 1 << 30);
    set_int(set, kOfxParamPropDisplayMin, 0, 0);
    set_int(set, kOfxParamPropDisplayMax, 0, 100);
}

OfxStatus describe_in_context(const NodeRow *node, OfxImageEffectHandle effect, OfxPropertySetHandle in_args)
{
    char context[64] = "";
    OfxParamSetHandle params = NULL;
    OfxPropertySetHandle page = NULL;
    get_text(in_args, kOfxImageEffectPropContext, 0, context, sizeof context);
    OfxStatus status = define_clips(node, effect, context_bit(context));
    if (status) return status;
    if (HOST.effect->getParamSet(effect, &params)) return kOfxStatFailed;
    if (HOST.param->paramDefine(params, kOfxParamTypePage, "Controls", &page)) page = NULL;
    int groups = 0;
    for (int i = 0; i < node->param_count; i++) {
        if (!i || strcmp(node->params[i].group, node->params[i - 1].group))
            define_group(params, page, groups++, node->params[i].group);
        define_param(params, &node->params[i]);
    }
    define_revision(params);
    return kOfxStatOK;
}
