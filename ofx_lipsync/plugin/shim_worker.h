/* SPDX-License-Identifier: Apache-2.0 */
/* The worker process, one for the whole host, and channels to it, one for each host thread that is waiting. Both
 * outlive instances: MLT makes and destroys one for every frame. */
#ifndef LIPSYNC_SHIM_WORKER_H
#define LIPSYNC_SHIM_WORKER_H

#include <sys/types.h>

#include "shim.h"
#include "shim_wire.h"

#define TICK_MS 20
#define SENTENCE 1024

/* One thread's request: whom to ask for abort, and what went wrong, as one sentence. */
typedef struct {
    OfxImageEffectHandle effect; /* null: never aborted */
    bool cancelled;              /* set by a progress bar */
    double patience_s;           /* give up after this long, whatever happens; 0: as long as it beats */
    char error[SENTENCE];
} Asker;

bool asker_aborted(const Asker *asker);
void asker_says(Asker *asker, const char *format, ...) __attribute__((format(printf, 2, 3)));

typedef struct Channel {
    struct Channel *next;
    int fd;
    uint64_t generation, request;
    Writer out;
    uint8_t in[WIRE_BYTES];
} Channel;

typedef enum { GOT, GOT_TICK, GOT_END, GOT_GARBAGE } Got;

/* An open channel; starts the worker where none runs. Null with the reason in `asker`, which is empty on abort. */
Channel *channel_take(Asker *asker);
void channel_give(Channel *channel);
void channel_close(Channel *channel);
/* Closes it and counts its worker as lost: killed, reaped, another one for the next request. `why` goes in `asker`. */
void channel_lost(Channel *channel, Asker *asker, const char *why);
bool channel_send(Channel *channel, Writer *out, const int *fds, int count);
/* The next packet, or GOT_TICK after at most TICK_MS. */
Got channel_receive(Channel *channel, Packet *packet);
void packet_close(Packet *packet);
double seconds_now(void);
double timeout_s(void);

bool worker_running(void);
void worker_stop(bool at_exit); /* at exit it waits for no other thread */

void stats_print(Channel *channel); /* shim_stats.c */

/* shim_spawn.c */
typedef struct {
    pid_t pid;
    int pidfd; /* -1 where the kernel has none */
} Process;

bool process_start(Process *process, int socket, Asker *asker);
/* Ends it for certain and says how it had ended where it was dead before. */
void process_end(Process *process, char *how, size_t bytes);
bool process_wait(Process *process, double seconds);

/* shim_socket.c */
bool socket_send(int fd, const Writer *out, const int *fds, int count);
Got socket_receive(int fd, uint8_t *in, Packet *packet, int wait_ms);

#endif
