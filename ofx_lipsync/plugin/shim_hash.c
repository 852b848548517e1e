/* SPDX-License-Identifier: Apache-2.0 */
/* A 128-bit hash of pictures, at the speed of memory. Four lanes each take 16 bytes of a 64-byte stripe: one word is
 * mixed with a key, the other with what the lane holds, and the two halves of their 128-bit product are folded into
 * the lane's next value. Lanes are stirred after every row. Against accidents, not against forgers: only the shim
 * makes hashes. */
#include <string.h>

#include "shim_picture.h"

#define STRIPE (HASH_LANES * 16)

__extension__ typedef unsigned __int128 Wide;

static const uint64_t STIR[HASH_LANES] = {/* the fractional parts of the square roots of the first primes */
                                          0x6A09E667F3BCC909u, 0xBB67AE8584CAA73Bu, 0x3C6EF372FE94F82Bu,
                                          0xA54FF53A5F1D36F1u};
static const uint64_t ODD = 0x9E3779B97F4A7C15u; /* 2^64 over the golden ratio */

static inline uint64_t fold(uint64_t a, uint64_t b)
{
    Wide product = (Wide)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static void take_stripes(uint64_t lanes[HASH_LANES], const uint8_t *bytes, size_t count)
{
    uint64_t lane[HASH_LANES];
    memcpy(lane, lanes, sizeof lane);
    for (size_t stripe = 0; stripe < count; stripe++, bytes += STRIPE) {
        uint64_t word[2 * HASH_LANES];
        memcpy(word, bytes, STRIPE);
        for (int i = 0; i < HASH_LANES; i++) lane[i] = fold(word[2 * i] ^ STIR[i], word[2 * i + 1] ^ lane[i]);
    }
    memcpy(lanes, lane, sizeof lane);
}

static void stir_lanes(Hash *hash)
{
    for (int i = 0; i < HASH_LANES; i++) hash->lane[i] = fold(hash->lane[i] ^ ODD, hash->total + STIR[i]) + ODD;
}

void hash_begin(Hash *hash, const int64_t *layout, int count)
{
    memcpy(hash->lane, STIR, sizeof STIR);
    hash->total = 0;
    hash_row(hash, (const uint8_t *)layout, (size_t)count * sizeof *layout);
}

void hash_row(Hash *hash, const uint8_t *row, size_t bytes)
{
    uint8_t rest[STRIPE] = {0};
    size_t whole = bytes / STRIPE;
    take_stripes(hash->lane, row, whole);
    memcpy(rest, row + whole * STRIPE, bytes % STRIPE);
    take_stripes(hash->lane, rest, 1);
    hash->total += bytes;
    stir_lanes(hash);
}

void hash_end(const Hash *hash, uint64_t out[2])
{
    uint64_t high = ODD, low = ~ODD;
    for (int i = 0; i < HASH_LANES; i++) {
        high = fold(high ^ hash->lane[i], STIR[i]) + hash->lane[HASH_LANES - 1 - i];
        low = fold(low + hash->lane[HASH_LANES - 1 - i], STIR[i] ^ ODD) ^ hash->lane[i];
    }
    out[0] = fold(high ^ low, ODD) + high;
    out[1] = fold(low + high, STIR[0]) ^ low;
}
