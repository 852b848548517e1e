/* SPDX-License-Identifier: Apache-2.0 */
/* The entry points, and which action goes where. */
#include <string.h>

#include "shim.h"
#include "shim_pool.h"
#include "shim_worker.h"

#define EXPORT __attribute__((visibility("default")))

/* Load repeats without Unload in some hosts, and each node is loaded for itself: the worker goes with the last. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool loaded[NODE_COUNT];

static OfxStatus load(int node)
{
    pthread_mutex_lock(&lock);
    OfxStatus status = host_fetch_suites();
    if (!status) loaded[node] = true;
    pthread_mutex_unlock(&lock);
    return status;
}

static OfxStatus unload(int node)
{
    bool used = false;
    pthread_mutex_lock(&lock);
    loaded[node] = false;
    for (int i = 0; i < NODE_COUNT; i++) used |= loaded[i];
    if (!used) {
        worker_stop(false);
        pool_empty();
    }
    pthread_mutex_unlock(&lock);
    return kOfxStatOK;
}

/* A host that unmaps the library without Unload leaves no process behind either. */
__attribute__((destructor)) static void unmapped(void)
{
    worker_stop(true);
}

static OfxStatus with_instance(const char *action, Instance *instance, OfxPropertySetHandle in_args,
                               OfxPropertySetHandle out_args)
{
    if (!strcmp(action, kOfxImageEffectActionRender)) return action_render(instance, in_args);
    if (!strcmp(action, kOfxImageEffectActionIsIdentity)) return action_identity(instance, in_args, out_args);
    if (!strcmp(action, kOfxImageEffectActionGetRegionOfDefinition)) return action_region(instance, in_args, out_args);
    if (!strcmp(action, kOfxImageEffectActionGetRegionsOfInterest)) return action_interest(instance, in_args, out_args);
    if (!strcmp(action, kOfxImageEffectActionGetFramesNeeded)) return action_frames(instance, in_args, out_args);
    if (!strcmp(action, kOfxImageEffectActionGetClipPreferences)) return action_preferences(instance, out_args);
    if (!strcmp(action, kOfxActionInstanceChanged)) return action_changed(instance, in_args);
    bool frame = !strcmp(action, kOfxImageEffectActionBeginSequenceRender) ||
                 !strcmp(action, kOfxImageEffectActionEndSequenceRender);
    return frame ? kOfxStatOK : kOfxStatReplyDefault;
}

static OfxStatus act(int node, const char *action, OfxImageEffectHandle effect, OfxPropertySetHandle in_args,
                     OfxPropertySetHandle out_args)
{
    if (!strcmp(action, kOfxActionLoad)) return load(node);
    if (!HOST.effect) return kOfxStatErrMissingHostFeature;
    if (!strcmp(action, kOfxActionUnload)) return unload(node);
    if (!strcmp(action, kOfxActionDescribe)) return describe(&NODES[node], effect);
    if (!strcmp(action, kOfxImageEffectActionDescribeInContext))
        return describe_in_context(&NODES[node], effect, in_args);
    if (!strcmp(action, kOfxActionCreateInstance)) return instance_create(&NODES[node], effect);
    if (!strcmp(action, kOfxActionDestroyInstance)) return instance_destroy(effect);
    Instance *instance = effect ? instance_of(effect) : NULL;
    return instance ? with_instance(action, instance, in_args, out_args) : kOfxStatReplyDefault;
}

/* A host calls a node's entry with no word on which node it means: one entry each. */
#define ENTRY(n)                                                                                                       \
    static OfxStatus entry_##n(const char *action, const void *handle, OfxPropertySetHandle in_args,                   \
                               OfxPropertySetHandle out_args)                                                          \
    {                                                                                                                  \
        return act(n, action, (OfxImageEffectHandle)handle, in_args, out_args);                                        \
    }
ENTRY(0)
ENTRY(1)
ENTRY(2)
ENTRY(3)
ENTRY(4)
ENTRY(5)
ENTRY(6)
ENTRY(7)
ENTRY(8)
ENTRY(9)

static OfxPlugin plugins[NODE_COUNT];
static OfxPluginEntryPoint *const entries[NODE_COUNT] = {entry_0, entry_1, entry_2, entry_3, entry_4,
                                                         entry_5, entry_6, entry_7, entry_8, entry_9};

EXPORT int OfxGetNumberOfPlugins(void);
EXPORT OfxPlugin *OfxGetPlugin(int index);
EXPORT OfxStatus OfxSetHost(const OfxHost *host);

EXPORT int OfxGetNumberOfPlugins(void)
{
    return NODE_COUNT;
}

EXPORT OfxPlugin *OfxGetPlugin(int index)
{
    if (index < 0 || index >= NODE_COUNT) return NULL;
    plugins[index] = (OfxPlugin){kOfxImageEffectPluginApi, 1, NODES[index].id, 1, 0, host_set, entries[index]};
    return &plugins[index];
}

/* Its pointer need not outlive this call, and every host is told to us again by setHost. */
EXPORT OfxStatus OfxSetHost(const OfxHost *host)
{
    return host ? kOfxStatOK : kOfxStatFailed;
}
