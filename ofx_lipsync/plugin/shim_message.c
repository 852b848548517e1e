/* SPDX-License-Identifier: Apache-2.0 */
/* Messages on the node. Natron formats nothing and others format everything, so a text is whole before it leaves, with
 * each % doubled. Never message() from here: in a render it opens a dialog in some hosts. */
#include <stdio.h>
#include <string.h>

#include "shim.h"

#define MESSAGE_BYTES 2048

static void double_percent(const char *text, char *out, size_t bytes)
{
    size_t used = 0;
    for (; *text && used + 3 < bytes; text++) {
        out[used++] = *text;
        if (*text == '%') out[used++] = '%';
    }
    out[used] = 0;
}

void message_show(Instance *instance, const char *text)
{
    char safe[MESSAGE_BYTES];
    double_percent(text, safe, sizeof safe);
    bool named = !strncmp(text, instance->node->label, strlen(instance->node->label));
    fprintf(stderr, "lipsync: %s%s%s\n", named ? "" : instance->node->label, named ? "" : ": ", text);
    if (!HOST.persistent) return;
    atomic_store(&instance->has_message, true);
    HOST.message->setPersistentMessage(instance->effect, kOfxMessageError, "", safe);
}

void message_clear(Instance *instance)
{
    if (HOST.persistent && atomic_exchange(&instance->has_message, false))
        HOST.message->clearPersistentMessage(instance->effect);
}
