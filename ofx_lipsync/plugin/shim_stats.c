/* SPDX-License-Identifier: Apache-2.0 */
/* What the worker did for this host, on standard error as it goes, where LIPSYNC_STATS is set: how often a picture had
 * to be sent, and how often it was known already. */
#include <stdio.h>
#include <stdlib.h>

#include "shim_worker.h"

#define ANSWER_S 1.0

static bool await(Channel *channel, Packet *packet)
{
    double end = seconds_now() + ANSWER_S;
    while (seconds_now() < end) {
        Got got = channel_receive(channel, packet);
        if (got == GOT && packet->kind == DONE && packet->id == channel->request) return true;
        if (got == GOT) packet_close(packet);
        if (got == GOT_END || got == GOT_GARBAGE) return false;
    }
    return false;
}

void stats_print(Channel *channel)
{
    static const char *const names[] = {"renders", "known", "recomputed", "uploads", "uploaded_bytes"};
    Packet packet;
    wire_begin(&channel->out, STATS, ++channel->request);
    if (!channel_send(channel, &channel->out, NULL, 0) || !await(channel, &packet)) return;
    fprintf(stderr, "lipsync: worker");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        fprintf(stderr, " %s=%lld", names[i], (long long)wire_get_int(&packet, names[i], 0));
    fprintf(stderr, "\n");
    packet_close(&packet);
}
