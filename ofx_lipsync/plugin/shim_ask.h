/* SPDX-License-Identifier: Apache-2.0 */
/* One request and its answer, with the host's abort asked all the while. */
#ifndef LIPSYNC_SHIM_ASK_H
#define LIPSYNC_SHIM_ASK_H

#include "shim_cuda.h"
#include "shim_picture.h"
#include "shim_pool.h"
#include "shim_worker.h"

typedef enum { ASK_DONE, ASK_FAILED, ASK_ABORTED } Outcome;

/* A request under way. `pictures` are those of the inputs, what NEED asks for; `keys` is called for KEYS, `progress`
 * for PROGRESS. */
typedef struct Request {
    Asker asker;
    Channel *channel;
    Instance *instance;
    double time;
    Pixels pictures[CLIPS_MAX];
    int clip_of[CLIPS_MAX], input_count; /* the connected inputs: imageN */
    Pixels fetched;                      /* the picture of the last FETCH, until the next */
    bool fetched_packed;
    Shared sent[CLIPS_MAX + 1];          /* one a picture, the last for what is fetched */
    bool packed[CLIPS_MAX];              /* its pixels are in there already */
    bool needed;                         /* the worker asked for one */
    Cuda cuda;                           /* where the host's pictures lie on its card */
    double done;                         /* as PROGRESS last said */
    void (*progress)(struct Request *request, double done, const char *stage);
    void (*keys)(struct Request *request, const char *param, const double *pairs, size_t count);
} Request;

/* Takes a channel and writes node, time, params, project and inputs. False with the reason in the asker; nothing is
 * then to be ended. */
bool request_begin(Request *request, Instance *instance, uint16_t kind, double time);
/* The render scale of an action's arguments; pictures that the host then gives are of this scale. */
void request_scale(Request *request, OfxPropertySetHandle in_args);
/* Sends it and waits. On ASK_DONE the answer is valid until `request_end`, its fds are the caller's. */
Outcome request_send(Request *request, Packet *answer);
void request_end(Request *request);
/* Shared memory for a picture of the request; null where the system gives none. */
Shared *request_buffer(Request *request, int slot, const Pixels *pixels);
/* The host's pictures of every connected input, hashed, as imageN records; Source on a card unhashed, by where it lies
 * there, where the worker may reach it. False, with the reason in the asker, where a picture cannot be read. */
bool request_pictures(Request *request);
/* A picture in shared memory, hashed, whether it lies here or on the card. */
bool request_hash(Request *request, int slot, Pixels *pixels, bool *packed);
/* Says that the card failed; false. */
bool card_failed(Request *request);

#endif
