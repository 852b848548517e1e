/* SPDX-License-Identifier: Apache-2.0 */
/* The nodes as data, and how to look something up in them. */
#include <string.h>

#include "shim.h"

#include "tables.h"

int context_bit(const char *context)
{
    if (!strcmp(context, kOfxImageEffectContextGenerator)) return CONTEXT_GENERATOR;
    if (!strcmp(context, kOfxImageEffectContextFilter)) return CONTEXT_FILTER;
    return strcmp(context, kOfxImageEffectContextGeneral) ? 0 : CONTEXT_GENERAL;
}

int find_param(const NodeRow *node, const char *name)
{
    for (int i = 0; i < node->param_count; i++)
        if (!strcmp(node->params[i].name, name)) return i;
    return -1;
}
