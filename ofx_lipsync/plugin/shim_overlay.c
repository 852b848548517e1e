/* SPDX-License-Identifier: Apache-2.0 */
/* The overlay: what the worker found, as lines in the viewer, and a cross that says which face is meant. The artist
 * drags the cross, or clicks on a face. A draw never starts the worker and never waits long for it: an overlay that is
 * late is left out. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "shim_ask.h"
#include "shim_draw.h"
#include "shim_faces.h"
#include "shim_gl.h"

#define DRAW_S 0.25
#define REACH_PX 12.0

/* The picture of one node at one time; a redraw with nothing changed asks nobody. */
static struct {
    pthread_mutex_t lock;
    uint64_t of[2];
    Lines lines;
    Faces faces;
} shown = {.lock = PTHREAD_MUTEX_INITIALIZER};

static Instance *dragged; /* hosts draw and move the pen in one thread */

static bool has_face_point(const Instance *instance, const char **prefix)
{
    *prefix = strcmp(instance->node->label, "LipSync") ? "" : "FaceDetect_";
    return !strcmp(instance->node->label, "FaceDetect") || **prefix;
}

/* In the all-in-one node a param's name has its node's in front. */
static double face_number(const Instance *instance, const char *name, double time)
{
    const char *prefix;
    char both[64];
    has_face_point(instance, &prefix);
    snprintf(both, sizeof both, "%s%s", prefix, name);
    return param_number(instance, both, time, 50);
}

static void set_face_number(Instance *instance, const char *name, double value)
{
    const char *prefix;
    char both[64];
    has_face_point(instance, &prefix);
    snprintf(both, sizeof both, "%s%s", prefix, name);
    param_set_number(instance, both, value);
}

/* The plate's format, as the worker has it: Source's region where it begins at 0, 0; a data window that does not is
 * seen against the project. */
static bool frame_region(const Instance *instance, double time, OfxRectD *rect)
{
    if (!clip_connected(instance, 0) || HOST.effect->clipGetRegionOfDefinition(instance->clips[0], time, rect))
        return false;
    if (rect->x1 != 0 || rect->y1 != 0) project_region(instance, rect);
    rect->y1 = 0;
    return rect->x2 > rect->x1 && rect->y2 > rect->y1;
}

/* The point is in % of the frame from its top left; the viewer's y points up. */
static bool face_point(const Instance *instance, double time, double *x, double *y)
{
    const char *prefix;
    OfxRectD r;
    if (!has_face_point(instance, &prefix) || !frame_region(instance, time, &r)) return false;
    *x = r.x1 + (r.x2 - r.x1) * face_number(instance, "face_x", time) / 100;
    *y = r.y2 - (r.y2 - r.y1) * face_number(instance, "face_y", time) / 100;
    return true;
}

static double clamped(double value)
{
    return fmin(fmax(value, -100), 200);
}

/* The point counts only where `face` says nearest, the number where it says index. */
static void set_way(Instance *instance, const char *way)
{
    const char *prefix;
    char name[64];
    has_face_point(instance, &prefix);
    snprintf(name, sizeof name, "%sface", prefix);
    int row = find_param(instance->node, name);
    for (int i = 0; row >= 0 && i < instance->node->params[row].option_count; i++)
        if (!strcmp(instance->node->params[row].options[i], way)) param_set_number(instance, name, i);
}

static void set_face_point(Instance *instance, double time, double x, double y)
{
    const char *prefix;
    OfxRectD r;
    if (!has_face_point(instance, &prefix) || !frame_region(instance, time, &r)) return;
    set_face_number(instance, "face_x", clamped(100 * (x - r.x1) / (r.x2 - r.x1)));
    set_face_number(instance, "face_y", clamped(100 * (r.y2 - y) / (r.y2 - r.y1)));
    set_way(instance, "nearest");
}

static void key_of(const Writer *out, uint64_t key[2])
{
    Hash hash;
    int64_t size = (int64_t)out->used;
    hash_begin(&hash, &size, 1);
    hash_row(&hash, out->bytes + 24, out->used - 24); /* without the request's number */
    hash_end(&hash, key);
}

static void keep(Packet *answer, const uint64_t key[2])
{
    Shared points;
    size_t count = lines_points(answer);
    lines_clear(&shown.lines);
    memcpy(shown.of, key, sizeof shown.of);
    faces_read(&shown.faces, answer);
    if (answer->fd_count != 1 || !count) return;
    answer->fd_count = 0;
    if (!shared_map(&points, answer->fds[0], count * 8)) return;
    lines_read(&shown.lines, answer, (const float *)points.memory, count);
    shared_unmap(&points);
}

/* Whether what is shown is of this node at this time. */
static bool ask_lines(Instance *instance, double time)
{
    Request request = {.asker.patience_s = DRAW_S};
    Packet answer;
    uint64_t key[2];
    if (!worker_running() || !request_begin(&request, instance, OVERLAY, time)) return false;
    key_of(&request.channel->out, key);
    bool known = !memcmp(key, shown.of, sizeof key);
    if (!known && request_send(&request, &answer) == ASK_DONE) {
        keep(&answer, key);
        packet_close(&answer);
        known = true;
    }
    request_end(&request);
    return known;
}

/* How long a pixel of the screen is, canonical; a viewer that shows pixels as they are has others down than across. */
static OfxPointD pixel_of(OfxPropertySetHandle in_args)
{
    double x = get_double(in_args, kOfxInteractPropPixelScale, 0, 1);
    return (OfxPointD){x, get_double(in_args, kOfxInteractPropPixelScale, 1, x)};
}

static void draw_with_gl(Instance *instance, double time, OfxPointD pixel)
{
    double x, y;
    gl_begin_overlay();
    lines_draw(&shown.lines);
    if (face_point(instance, time, &x, &y)) gl_cross(x, y, REACH_PX * pixel.x, REACH_PX * pixel.y, dragged == instance);
    gl_end_overlay();
}

static void draw_with_suite(OfxDrawContextHandle context, Instance *instance, double time, OfxPointD pixel)
{
    double x, y;
    OfxPointD reach = {REACH_PX * pixel.x, REACH_PX * pixel.y};
    suite_lines(context, &shown.lines, pixel.x);
    if (face_point(instance, time, &x, &y)) suite_cross(context, (OfxPointD){x, y}, reach, dragged == instance);
}

static OfxStatus draw(Instance *instance, OfxPropertySetHandle in_args, bool suite)
{
    double time = get_double(in_args, kOfxPropTime, 0, 0);
    OfxPointD pixel = pixel_of(in_args);
    OfxDrawContextHandle context = suite ? get_pointer(in_args, kOfxInteractPropDrawContext) : NULL;
    if (suite ? !context : !gl_ready()) return kOfxStatFailed;
    pthread_mutex_lock(&shown.lock);
    ask_lines(instance, time);
    if (suite)
        draw_with_suite(context, instance, time, pixel);
    else
        draw_with_gl(instance, time, pixel);
    pthread_mutex_unlock(&shown.lock);
    return kOfxStatOK;
}

static bool face_under(Instance *instance, double time, double x, double y, Face *face)
{
    pthread_mutex_lock(&shown.lock);
    const Face *found = ask_lines(instance, time) ? faces_at(&shown.faces, x, y) : NULL;
    if (found) *face = *found;
    pthread_mutex_unlock(&shown.lock);
    return found != NULL;
}

/* A click on the face that is meant already changes nothing: every change of these params asks for another Analyse. */
static bool pick_face(Instance *instance, double time, double x, double y)
{
    Face face;
    if (!face_under(instance, time, x, y, &face) || face.chosen) return false;
    HOST.param->paramEditBegin(instance->param_set, "Pick face");
    bool by_point = isfinite(face.across) && isfinite(face.down);
    if (by_point) {
        set_face_number(instance, "face_x", clamped(face.across));
        set_face_number(instance, "face_y", clamped(face.down));
    } else {
        set_face_number(instance, "face_index", face.index);
    }
    set_way(instance, by_point ? "nearest" : "index");
    HOST.param->paramEditEnd(instance->param_set);
    return true;
}

static OfxStatus pen_down(Instance *instance, double time, OfxPointD pixel, double x, double y,
                          OfxInteractHandle interact)
{
    double at_x, at_y;
    if (!face_point(instance, time, &at_x, &at_y)) return kOfxStatReplyDefault;
    if (hypot((x - at_x) / pixel.x, (y - at_y) / pixel.y) > REACH_PX) {
        if (!pick_face(instance, time, x, y)) return kOfxStatReplyDefault;
        HOST.interact->interactRedraw(interact);
        return kOfxStatOK;
    }
    dragged = instance;
    HOST.param->paramEditBegin(instance->param_set, "Pick face");
    return kOfxStatOK;
}

static OfxStatus pen(const char *action, Instance *instance, OfxPropertySetHandle in_args, OfxInteractHandle interact)
{
    double time = get_double(in_args, kOfxPropTime, 0, 0);
    double x = get_double(in_args, kOfxInteractPropPenPosition, 0, 0);
    double y = get_double(in_args, kOfxInteractPropPenPosition, 1, 0);
    if (!strcmp(action, kOfxInteractActionPenDown)) return pen_down(instance, time, pixel_of(in_args), x, y, interact);
    if (dragged != instance) return kOfxStatReplyDefault;
    set_face_point(instance, time, x, y);
    if (!strcmp(action, kOfxInteractActionPenUp)) {
        dragged = NULL;
        HOST.param->paramEditEnd(instance->param_set);
    }
    HOST.interact->interactRedraw(interact);
    return kOfxStatOK;
}

static Instance *instance_behind(OfxInteractHandle interact)
{
    OfxPropertySetHandle set = NULL;
    if (!HOST.interact || HOST.interact->interactGetPropertySet(interact, &set)) return NULL;
    OfxImageEffectHandle effect = get_pointer(set, kOfxPropEffectInstance);
    return effect ? instance_of(effect) : NULL;
}

static OfxStatus act(const char *action, const void *handle, OfxPropertySetHandle in_args, bool suite)
{
    if (!strcmp(action, kOfxActionDescribe) || !strcmp(action, kOfxActionCreateInstance)) return kOfxStatOK;
    bool pens = !strcmp(action, kOfxInteractActionPenDown) || !strcmp(action, kOfxInteractActionPenMotion) ||
                !strcmp(action, kOfxInteractActionPenUp);
    if (!pens && strcmp(action, kOfxInteractActionDraw)) return kOfxStatReplyDefault;
    Instance *instance = instance_behind((OfxInteractHandle)handle);
    if (!instance) return kOfxStatReplyDefault;
    if (pens) return pen(action, instance, in_args, (OfxInteractHandle)handle);
    return draw(instance, in_args, suite);
}

OfxStatus overlay_entry(const char *action, const void *handle, OfxPropertySetHandle in_args,
                        OfxPropertySetHandle out_args)
{
    (void)out_args;
    return act(action, handle, in_args, false);
}

OfxStatus overlay_suite_entry(const char *action, const void *handle, OfxPropertySetHandle in_args,
                              OfxPropertySetHandle out_args)
{
    (void)out_args;
    return act(action, handle, in_args, true);
}
