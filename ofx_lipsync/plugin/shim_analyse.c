/* SPDX-License-Identifier: Apache-2.0 */
/* The Analyse button: the worker walks the shot and asks for the plate's frames, the host shows progress and may
 * cancel, keyframes come back. In the host's main thread, inside InstanceChanged, where hosts allow all of that. */
#include <string.h>
#include <stdio.h>

#include "shim_ask.h"

static void show_progress(Request *request, double done, const char *stage)
{
    (void)stage;
    if (HOST.progress && HOST.progress->progressUpdate(request->instance->effect, done) == kOfxStatReplyNo)
        request->asker.cancelled = true;
}

static void write_key(OfxParamHandle param, ParamKind kind, double time, double value)
{
    if (kind == KIND_FLOAT)
        HOST.param->paramSetValueAtTime(param, time, value);
    else
        HOST.param->paramSetValueAtTime(param, time, (int)value);
}

static void write_keys(Request *request, const char *name, const double *pairs, size_t count)
{
    Instance *instance = request->instance;
    int row = find_param(instance->node, name);
    if (row < 0 || !instance->params[row] || !instance->node->params[row].animates) return;
    OfxParamHandle param = instance->params[row];
    HOST.param->paramDeleteAllKeys(param);
    for (size_t i = 0; i < count; i++)
        write_key(param, instance->node->params[row].kind, pairs[2 * i], pairs[2 * i + 1]);
}

/* Whatever the host has cached of this node is out of date: a hidden param that changes tells it so. */
static void raise_revision(Instance *instance)
{
    int revision = 0;
    if (!instance->revision || HOST.param->paramGetValue(instance->revision, &revision)) return;
    HOST.param->paramSetValue(instance->revision, (revision + 1) & 0x3FFFFFFF);
}

static Outcome walk(Request *request, Instance *instance, double time, OfxPropertySetHandle in_args)
{
    Packet answer;
    if (!request_begin(request, instance, ANALYSE, time)) return request->asker.error[0] ? ASK_FAILED : ASK_ABORTED;
    request_scale(request, in_args);
    Outcome outcome = request_send(request, &answer);
    if (outcome == ASK_DONE) packet_close(&answer);
    request_end(request);
    return outcome;
}

static void analyse(Instance *instance, double time, OfxPropertySetHandle in_args)
{
    Request request = {.progress = show_progress, .keys = write_keys};
    char label[64];
    snprintf(label, sizeof label, "LipSync: %s analyses the shot", instance->node->label);
    if (HOST.progress) HOST.progress->progressStart(instance->effect, label);
    HOST.param->paramEditBegin(instance->param_set, "Analyse");
    Outcome outcome = walk(&request, instance, time, in_args);
    if (outcome == ASK_DONE) raise_revision(instance);
    HOST.param->paramEditEnd(instance->param_set);
    if (HOST.progress) HOST.progress->progressEnd(instance->effect);
    if (outcome == ASK_DONE) message_clear(instance);
    if (outcome == ASK_FAILED) message_show(instance, request.asker.error);
}

OfxStatus action_changed(Instance *instance, OfxPropertySetHandle in_args)
{
    char type[64] = "", name[64] = "";
    get_text(in_args, kOfxPropType, 0, type, sizeof type);
    get_text(in_args, kOfxPropName, 0, name, sizeof name);
    if (strcmp(type, kOfxTypeParameter) || strcmp(name, "analyse")) return kOfxStatReplyDefault;
    analyse(instance, get_double(in_args, kOfxPropTime, 0, 0), in_args);
    return kOfxStatOK;
}
