/* SPDX-License-Identifier: Apache-2.0 */
/* A 128-bit hash of pictures, at the speed of memory. Eight lanes each take 8 bytes of a 64-byte stripe: the word
 * itself goes to the neighbour, the product of its halves stays, so that no bit is lost where a half is 0. Lanes are
 * stirred after every row. Against accidents, not against forgers: only the shim makes hashes. */
#include <string.h>

#include "shim_picture.h"

#define LANES 8
#define STRIPE (LANES * 8)

static const uint64_t STIR[LANES] = {
    /* the fractional parts of the square roots of the first primes */
    0x6A09E667F3BCC908u, 0xBB67AE8584CAA73Bu, 0x3C6EF372FE94F82Bu, 0xA54FF53A5F1D36F1u,
    0x510E527FADE682D1u, 0x9B05688C2B3E6C1Fu, 0x1F83D9ABFB41BD6Bu, 0x5BE0CD19137E2179u,
};
static const uint64_t ODD = 0x9E3779B97F4A7C15u; /* 2^64 over the golden ratio */

static uint64_t stir(uint64_t x)
{
    x ^= x >> 32;
    x *= 0xD6E8FEB86659FD93u;
    x ^= x >> 32;
    x *= 0xD6E8FEB86659FD93u;
    return x ^ x >> 32;
}

static void take_stripes(uint64_t lane[LANES], const uint8_t *bytes, size_t count)
{
    for (size_t stripe = 0; stripe < count; stripe++, bytes += STRIPE) {
        uint64_t word[LANES];
        memcpy(word, bytes, STRIPE);
        for (int i = 0; i < LANES; i++) {
            uint64_t keyed = word[i] ^ STIR[i];
            lane[i] += (keyed & 0xFFFFFFFFu) * (keyed >> 32);
        }
        for (int i = 0; i < LANES; i++) lane[i] += word[i ^ 1];
        for (int i = 0; i < LANES; i++) lane[i] = (lane[i] << 27 | lane[i] >> 37) + STIR[i];
    }
}

static void stir_lanes(Hash *hash)
{
    for (int i = 0; i < LANES; i++) hash->lane[i] = stir(hash->lane[i] + hash->total) * ODD;
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
    uint64_t high = hash->total, low = ~hash->total;
    for (int i = 0; i < LANES; i++) {
        high = stir(high + hash->lane[i] * ODD);
        low = stir((low ^ hash->lane[LANES - 1 - i]) + STIR[i]);
    }
    out[0] = high;
    out[1] = low;
}
