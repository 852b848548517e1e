/* SPDX-License-Identifier: Apache-2.0 */
/* What the shim's files share: the host's suites, the generated tables, an instance, the actions. */
#ifndef LIPSYNC_SHIM_H
#define LIPSYNC_SHIM_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "ofx.h"

#define SHIM_VERSION "1.0"
#define NODE_COUNT 10
#define CLIPS_MAX 3

/* ---- tables (shim_tables.c, from tables.h) ---- */

enum { CONTEXT_GENERATOR = 1, CONTEXT_FILTER = 2, CONTEXT_GENERAL = 4 };
typedef enum { KIND_FLOAT, KIND_INT, KIND_BOOL, KIND_CHOICE, KIND_TEXT, KIND_FILE, KIND_BUTTON } ParamKind;

typedef struct {
    const char *name, *label, *group, *hint, *initial_text;
    double initial, lo, hi, slider_lo, slider_hi;
    const char *const *options;
    int option_count, animates, analysed;
    int found; /* written by Analyse for other nodes: no request tells it, no picture hangs on it */
    ParamKind kind;
} ParamRow;

typedef struct {
    const char *name;
    int contexts, needed, matte;
} ClipRow;

typedef struct {
    const char *id, *label, *hint;
    ClipRow clips[CLIPS_MAX];
    const ParamRow *params;
    int contexts, clip_count, param_count;
    int patch, others, region; /* see HostNode in tables.py */
} NodeRow;

extern const NodeRow NODES[NODE_COUNT];
int context_bit(const char *context);
int find_param(const NodeRow *node, const char *name); /* -1 where the node has none */

/* ---- the host (shim_host.c) ---- */

typedef struct {
    OfxHost *host;
    const OfxPropertySuiteV1 *property;
    const OfxImageEffectSuiteV1 *effect;
    const OfxParameterSuiteV1 *param;
    const OfxMessageSuiteV2 *message;   /* null where the host has none */
    bool persistent;                    /* the message suite is version 2 */
    const OfxProgressSuiteV1 *progress; /* null where the host has none */
    const OfxInteractSuiteV1 *interact; /* null where the host has none */
    const OfxDrawSuiteV1 *draw;         /* null where overlays are drawn with OpenGL alone */
    char name[128], version[64];
    bool temporal; /* clips may be asked for other frames */
    bool sizes;    /* a node's picture may have another size than its input's */
    bool cuda;     /* it may hand over pictures that lie on its CUDA card */
    bool stream;   /* and says on which of its streams they are made */
} Host;

extern Host HOST;
void host_set(OfxHost *host);
OfxStatus host_fetch_suites(void);

/* Properties, tolerantly: what a host does not know, or knows with no value, is the fallback. Strings are copied at
 * once, since a host may reuse their memory at the next call. */
void set_int(OfxPropertySetHandle set, const char *name, int index, int value);
void set_double(OfxPropertySetHandle set, const char *name, int index, double value);
void set_text(OfxPropertySetHandle set, const char *name, int index, const char *value);
void set_pointer(OfxPropertySetHandle set, const char *name, void *value);
int get_int(OfxPropertySetHandle set, const char *name, int index, int fallback);
double get_double(OfxPropertySetHandle set, const char *name, int index, double fallback);
void *get_pointer(OfxPropertySetHandle set, const char *name);
bool get_text(OfxPropertySetHandle set, const char *name, int index, char *out, size_t bytes);

/* ---- an instance (shim_instance.c) ---- */

typedef struct {
    const NodeRow *node;
    OfxImageEffectHandle effect;
    OfxParamSetHandle param_set;
    OfxParamHandle *params; /* as in the node's table; null where the host has not made one */
    OfxParamHandle revision;
    OfxImageClipHandle clips[CLIPS_MAX], output;
    atomic_bool has_message;
    atomic_bool sends; /* its last picture was new to the worker: the next one probably is too */
    /* Resolve: how far the source clip's frames are from the timeline's, as the last render said. */
    _Atomic double source_shift;
    atomic_bool has_source_shift;
    int context;
} Instance;

OfxStatus instance_create(const NodeRow *node, OfxImageEffectHandle effect);
OfxStatus instance_destroy(OfxImageEffectHandle effect);
Instance *instance_of(OfxImageEffectHandle effect);
bool clip_connected(const Instance *instance, int clip);
double param_number(const Instance *instance, const char *name, double time, double fallback);
bool param_text(const Instance *instance, const char *name, double time, char *out, size_t bytes);
bool choice_is(const Instance *instance, const char *name, double time, const char *option);
void param_set_number(Instance *instance, const char *name, double value);
void shot_range(const Instance *instance, double *first, double *last);

/* ---- messages (shim_message.c) ---- */

/* Says on the node what is wrong, or takes it back. From any thread; never a dialog. */
void message_show(Instance *instance, const char *text);
void message_clear(Instance *instance);

/* ---- actions ---- */

OfxStatus describe(const NodeRow *node, OfxImageEffectHandle effect);
OfxStatus describe_in_context(const NodeRow *node, OfxImageEffectHandle effect, OfxPropertySetHandle in_args);
OfxStatus action_region(Instance *instance, OfxPropertySetHandle in_args, OfxPropertySetHandle out_args);
void project_region(const Instance *instance, OfxRectD *rect);
OfxStatus action_interest(Instance *instance, OfxPropertySetHandle in_args, OfxPropertySetHandle out_args);
OfxStatus action_frames(Instance *instance, OfxPropertySetHandle in_args, OfxPropertySetHandle out_args);
OfxStatus action_identity(Instance *instance, OfxPropertySetHandle in_args, OfxPropertySetHandle out_args);
OfxStatus action_preferences(Instance *instance, OfxPropertySetHandle out_args);
OfxStatus action_render(Instance *instance, OfxPropertySetHandle in_args);
OfxStatus action_changed(Instance *instance, OfxPropertySetHandle in_args);
/* With the OpenGL of the host's viewer, and with its draw suite. */
OfxStatus overlay_entry(const char *action, const void *handle, OfxPropertySetHandle in_args,
                        OfxPropertySetHandle out_args);
OfxStatus overlay_suite_entry(const char *action, const void *handle, OfxPropertySetHandle in_args,
                              OfxPropertySetHandle out_args);

#endif
