/* SPDX-License-Identifier: Apache-2.0 */
/* The life of the worker: started when first needed, found dead or hung, started again; and the pool of channels. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "shim_pool.h"
#include "shim_worker.h"

#define START_TIMES 6 /* as long as a timeout: a cold Python on a slow network disk takes its time */
#define STOP_S 2.0
#define NO_FILES "The host can open no more files; raise its limit (ulimit -n)."

static struct {
    pthread_mutex_t lock;
    Process process;
    int control;
    pid_t owner; /* the host process that started it; a fork of the host does not own it */
    bool alive, welcome;
    uint64_t generation;
    Channel *idle;
    char ended[128]; /* how the last one ended */
} W = {.lock = PTHREAD_MUTEX_INITIALIZER};

double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

double timeout_s(void)
{
    const char *told = getenv("LIPSYNC_TIMEOUT");
    double seconds = told ? atof(told) : 0;
    return seconds > 0 ? seconds : 10;
}

bool asker_aborted(const Asker *asker)
{
    return asker->cancelled || (asker->effect && HOST.effect->abort(asker->effect));
}

void asker_says(Asker *asker, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vsnprintf(asker->error, sizeof asker->error, format, values);
    va_end(values);
}

/* Whoever holds the lock may be waiting for a worker to start: the others go on asking for abort. */
static bool lock_or_abort(Asker *asker)
{
    while (pthread_mutex_trylock(&W.lock)) {
        if (asker_aborted(asker)) return false;
        poll(NULL, 0, 1);
    }
    return true;
}

static void close_idle(void)
{
    while (W.idle) {
        Channel *channel = W.idle;
        W.idle = channel->next;
        close(channel->fd);
        free(channel);
    }
}

static void forget(void)
{
    close_idle();
    close(W.control);
    W.alive = false;
    W.generation++;
}

/* After a fork of the host: the worker is the parent's, and so is what the shared memory holds. */
static void leave_to_parent(void)
{
    forget();
    pool_empty();
}

static void end_worker(void)
{
    process_end(&W.process, W.ended, sizeof W.ended); /* first: one that loses its control channel ends as if well */
    forget();
}

static bool ready_for(int fd, short what)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    return poll(&ready, 1, 0) > 0 && (ready.revents & what);
}

static bool start(Asker *asker)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends)) {
        asker_says(asker, NO_FILES);
        return false;
    }
    int child = fcntl(ends[1], F_DUPFD_CLOEXEC, 10); /* clear of the numbers that the worker's own files take */
    close(ends[1]);
    W.alive = child >= 0 && process_start(&W.process, child, asker);
    close(child);
    if (!W.alive) {
        close(ends[0]);
        return false;
    }
    W.control = ends[0];
    W.owner = getpid();
    W.welcome = false;
    W.generation++;
    return true;
}

static bool say_hello(void)
{
    Writer *out = malloc(sizeof *out);
    if (!out) return false;
    wire_begin(out, HELLO, 0);
    wire_text(out, "host", HOST.name);
    wire_text(out, "host_version", HOST.version);
    wire_text(out, "shim_version", SHIM_VERSION);
    bool sent = wire_end(out, 0) && socket_send(W.control, out, NULL, 0);
    free(out);
    return sent;
}

static bool refuse_start(Asker *asker, const char *why)
{
    end_worker();
    asker_says(asker, "The worker did not start (%s; %s); run lipsync doctor in the Python of the plug-in.", why,
               W.ended);
    return false;
}

static bool read_welcome(Asker *asker, const Packet *packet)
{
    if (packet->kind == WELCOME) W.welcome = true;
    if (packet->kind == WELCOME || packet->kind == BEAT) return true;
    char text[SENTENCE];
    if (!wire_get_text(packet, "text", text, sizeof text)) return refuse_start(asker, "it speaks another protocol");
    end_worker();
    asker_says(asker, "%s", text);
    return false;
}

static bool await_welcome(Asker *asker)
{
    uint8_t *in = malloc(WIRE_BYTES);
    double end = seconds_now() + START_TIMES * timeout_s();
    bool well = in != NULL;
    while (well && W.alive && !W.welcome) {
        Packet packet;
        Got got = socket_receive(W.control, in, &packet, TICK_MS);
        if (got == GOT) well = read_welcome(asker, &packet);
        if (got == GOT)
            packet_close(&packet);
        else if (got == GOT_END || got == GOT_GARBAGE)
            well = refuse_start(asker, got == GOT_END ? "it ended" : "garbage");
        else if (seconds_now() > end)
            well = refuse_start(asker, "it said nothing in time");
        else if (asker_aborted(asker))
            well = false;
    }
    free(in);
    return well;
}

/* With the lock held: a worker that runs and has said WELCOME. */
static bool ready(Asker *asker)
{
    if (W.alive && W.owner != getpid()) leave_to_parent();
    if (W.alive && W.welcome && ready_for(W.control, POLLHUP | POLLERR))
        end_worker(); /* it died between two frames: nobody's frame */
    if (!W.alive && (!start(asker) || (!say_hello() && !refuse_start(asker, "it ended")))) return false;
    return W.welcome || await_welcome(asker);
}

static bool open_channel(Channel *channel)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends)) return false;
    wire_begin(&channel->out, CHANNEL, 0);
    bool sent = wire_end(&channel->out, 1) && socket_send(W.control, &channel->out, &ends[1], 1);
    close(ends[1]);
    channel->fd = ends[0];
    channel->generation = W.generation;
    if (!sent) close(ends[0]);
    return sent;
}

static Channel *take_idle(void)
{
    Channel *channel = W.idle;
    if (channel) W.idle = channel->next;
    if (!channel || !ready_for(channel->fd, POLLIN | POLLHUP | POLLERR)) return channel;
    close(channel->fd); /* a late answer, or an end: this one is not fit for use */
    free(channel);
    return take_idle();
}

static Channel *take(Asker *asker)
{
    if (!ready(asker)) return NULL;
    Channel *channel = take_idle();
    if (channel) return channel;
    channel = calloc(1, sizeof *channel);
    if (channel && open_channel(channel)) return channel;
    free(channel);
    if (ready_for(W.control, POLLHUP | POLLERR))
        refuse_start(asker, "it ended");
    else
        asker_says(asker, NO_FILES);
    return NULL;
}

Channel *channel_take(Asker *asker)
{
    asker->error[0] = 0;
    if (!lock_or_abort(asker)) return NULL;
    Channel *channel = take(asker);
    pthread_mutex_unlock(&W.lock);
    return channel;
}

void channel_give(Channel *channel)
{
    pthread_mutex_lock(&W.lock);
    bool current = W.alive && channel->generation == W.generation;
    if (current) {
        channel->next = W.idle;
        W.idle = channel;
    }
    pthread_mutex_unlock(&W.lock);
    if (!current) channel_close(channel);
}

void channel_close(Channel *channel)
{
    close(channel->fd);
    free(channel);
}

void channel_lost(Channel *channel, Asker *asker, const char *why)
{
    pthread_mutex_lock(&W.lock);
    if (W.alive && channel->generation == W.generation) end_worker();
    asker_says(asker,
               "The worker %s (%s): this frame fails, the next one starts it again; if that repeats, run lipsync "
               "doctor --host.",
               why, W.ended);
    pthread_mutex_unlock(&W.lock);
    channel_close(channel);
}

bool channel_send(Channel *channel, Writer *out, const int *fds, int count)
{
    return wire_end(out, count) && socket_send(channel->fd, out, fds, count);
}

Got channel_receive(Channel *channel, Packet *packet)
{
    return socket_receive(channel->fd, channel->in, packet, TICK_MS);
}

bool worker_running(void)
{
    if (pthread_mutex_trylock(&W.lock)) return false;
    bool running = W.alive && W.welcome && W.owner == getpid();
    pthread_mutex_unlock(&W.lock);
    return running;
}

static void print_stats(void)
{
    Asker nobody = {0};
    Channel *channel = getenv("LIPSYNC_STATS") && W.welcome ? take(&nobody) : NULL;
    if (!channel) return;
    stats_print(channel);
    channel_close(channel);
}

/* The worker ends when its control channel does; one that does not is killed. */
void worker_stop(bool at_exit)
{
    if (!at_exit)
        pthread_mutex_lock(&W.lock);
    else if (pthread_mutex_trylock(&W.lock))
        return; /* a thread that starts one: the system closes the channel */
    if (W.alive && W.owner == getpid()) print_stats();
    if (W.alive && W.owner == getpid()) {
        forget();
        if (!process_wait(&W.process, STOP_S)) process_end(&W.process, W.ended, sizeof W.ended);
    }
    pthread_mutex_unlock(&W.lock);
}
