/* SPDX-License-Identifier: Apache-2.0 */
/* A large picture in four bands of rows, on as many threads as there are processors. The bands are always four, so that
 * a hash made of theirs does not depend on the machine. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "shim_picture.h"

#define SMALL_BYTES (1 << 20) /* a thread costs more than it saves */

typedef struct {
    BandWork work;
    void *context;
    int y1, y2, first, step;
} Share;

static void *do_share(void *given)
{
    Share *share = given;
    int64_t rows = (int64_t)share->y2 - share->y1;
    for (int band = share->first; band < BANDS; band += share->step) {
        int from = share->y1 + (int)(rows * band / BANDS), to = share->y1 + (int)(rows * (band + 1) / BANDS);
        share->work(share->context, band, from, to);
    }
    return NULL;
}

static int threads_for(size_t bytes)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (bytes < SMALL_BYTES || processors < 2) return 1;
    return processors < BANDS ? (int)processors : BANDS;
}

/* A host's signals are the host's: none is handled on a thread of ours. */
static bool begin_thread(pthread_t *thread, Share *share)
{
    sigset_t all, before;
    sigfillset(&all);
    if (pthread_sigmask(SIG_SETMASK, &all, &before)) return false;
    bool begun = pthread_create(thread, NULL, do_share, share) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return begun;
}

void in_bands(BandWork work, void *context, int y1, int y2, size_t bytes)
{
    pthread_t threads[BANDS];
    Share shares[BANDS];
    bool begun[BANDS] = {false};
    int count = threads_for(bytes);
    for (int i = 0; i < count; i++) shares[i] = (Share){work, context, y1, y2, i, count};
    for (int i = 1; i < count; i++) begun[i] = begin_thread(&threads[i], &shares[i]);
    do_share(&shares[0]);
    for (int i = 1; i < count; i++) {
        if (begun[i]) pthread_join(threads[i], NULL);
        else do_share(&shares[i]);
    }
}
