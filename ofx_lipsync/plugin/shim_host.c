/* SPDX-License-Identifier: Apache-2.0 */
/* The host's suites and properties. Hosts differ in what they know: an unknown property is normal, never an error. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shim.h"

Host HOST;

void host_set(OfxHost *host)
{
    HOST.host = host;
}

static const void *suite(const char *name, int version)
{
    return HOST.host && HOST.host->fetchSuite ? HOST.host->fetchSuite(HOST.host->host, name, version) : NULL;
}

static void fetch_message_suite(void)
{
    HOST.message = suite(kOfxMessageSuite, 2);
    HOST.persistent = HOST.message != NULL;
    if (!HOST.message) HOST.message = suite(kOfxMessageSuite, 1);
    if (HOST.persistent && (!HOST.message->setPersistentMessage || !HOST.message->clearPersistentMessage))
        HOST.persistent = false; /* Resolve 14 offers version 2 and leaves holes in it */
}

static bool says_true(OfxPropertySetHandle set, const char *name)
{
    char text[16];
    return get_text(set, name, 0, text, sizeof text) && !strcmp(text, "true");
}

/* LIPSYNC_CUDA=0 is a way out where a host's card and this plug-in do not get on. */
static void read_card(OfxPropertySetHandle host)
{
    const char *told = getenv("LIPSYNC_CUDA");
    HOST.cuda = says_true(host, kOfxImageEffectPropCudaRenderSupported) && !(told && !strcmp(told, "0"));
    HOST.stream = HOST.cuda && says_true(host, kOfxImageEffectPropCudaStreamSupported);
}

OfxStatus host_fetch_suites(void)
{
    HOST.property = suite(kOfxPropertySuite, 1);
    HOST.effect = suite(kOfxImageEffectSuite, 1);
    HOST.param = suite(kOfxParameterSuite, 1);
    if (!HOST.property || !HOST.effect || !HOST.param) return kOfxStatErrMissingHostFeature;
    fetch_message_suite();
    HOST.progress = suite(kOfxProgressSuite, 1);
    HOST.interact = suite(kOfxInteractSuite, 1);
    HOST.draw = suite(kOfxDrawSuite, 1);
    OfxPropertySetHandle host = HOST.host->host;
    if (!get_text(host, kOfxPropName, 0, HOST.name, sizeof HOST.name)) HOST.name[0] = 0;
    if (!get_text(host, kOfxPropVersionLabel, 0, HOST.version, sizeof HOST.version)) HOST.version[0] = 0;
    HOST.temporal = get_int(host, kOfxImageEffectPropTemporalClipAccess, 0, 0) != 0;
    HOST.sizes = get_int(host, kOfxImageEffectPropSupportsMultiResolution, 0, 0) != 0;
    read_card(host);
    return kOfxStatOK;
}

void set_int(OfxPropertySetHandle set, const char *name, int index, int value)
{
    if (set) HOST.property->propSetInt(set, name, index, value);
}

void set_double(OfxPropertySetHandle set, const char *name, int index, double value)
{
    if (set) HOST.property->propSetDouble(set, name, index, value);
}

void set_text(OfxPropertySetHandle set, const char *name, int index, const char *value)
{
    if (set) HOST.property->propSetString(set, name, index, value);
}

void set_pointer(OfxPropertySetHandle set, const char *name, void *value)
{
    if (set) HOST.property->propSetPointer(set, name, 0, value);
}

/* MLT answers OK and gives nothing for a property of dimension 0, so the dimension is asked first. */
static bool has(OfxPropertySetHandle set, const char *name, int index)
{
    int count = 0;
    return set && HOST.property->propGetDimension(set, name, &count) == kOfxStatOK && count > index;
}

int get_int(OfxPropertySetHandle set, const char *name, int index, int fallback)
{
    int value = fallback;
    return has(set, name, index) && HOST.property->propGetInt(set, name, index, &value) == kOfxStatOK ? value
                                                                                                      : fallback;
}

double get_double(OfxPropertySetHandle set, const char *name, int index, double fallback)
{
    double value = fallback;
    bool found = has(set, name, index) && HOST.property->propGetDouble(set, name, index, &value) == kOfxStatOK;
    return found ? value : fallback;
}

void *get_pointer(OfxPropertySetHandle set, const char *name)
{
    void *value = NULL;
    return has(set, name, 0) && HOST.property->propGetPointer(set, name, 0, &value) == kOfxStatOK ? value : NULL;
}

bool get_text(OfxPropertySetHandle set, const char *name, int index, char *out, size_t bytes)
{
    char *value = NULL;
    if (!has(set, name, index) || HOST.property->propGetString(set, name, index, &value) != kOfxStatOK || !value)
        return false;
    snprintf(out, bytes, "%s", value);
    return true;
}
