/* The seam to simdjson and to C++'s shortest doubles: what json_simdjson.cc gives to C, and all
 * that Garm knows of either. */
#ifndef GARM_CODEC_JSON_ENGINE_H
#define GARM_CODEC_JSON_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes that hold any finite double. */
#define JSON_DOUBLE_MAX 32

/* Beyond so many objects and arrays within one another the engine may refuse; it takes fewer. */
#define JSON_ENGINE_DEPTH 130

/* A parser with its memory, for one thread. */
struct json_engine;

/* What a text became, valid until the engine's next call. `tape` begins and ends with a root word;
 * the top byte of a word says what it is, the rest is its payload (see json_tape.c). A string's
 * payload counts bytes of `strings`, where its size (32 bits), its bytes and a NUL are. */
struct json_tape {
    const uint64_t *words;
    const unsigned char *strings;
};

/** NULL when memory runs out. */
struct json_engine *json_engine_new(void);
/** Accepts NULL. */
void json_engine_free(struct json_engine *engine);
/** Parses `size` bytes: 0; -EBADMSG no JSON; -ENOMEM. Takes memory of up to 15 times the size. */
int json_engine_parse(struct json_engine *engine, const char *data, size_t size,
                      struct json_tape *ret_tape);
/** Frees the memory if it was made for a text of more than `size` bytes. */
void json_engine_trim(struct json_engine *engine, size_t size);

/** The fewest digits that read back as the same finite double, as JSON has it, whatever the locale,
 *  without a NUL: their count. "1" for 1.0, "-0.0" for -0.0, "1e+300". */
size_t json_double_text(double value, char out[JSON_DOUBLE_MAX]);

#ifdef __cplusplus
}
#endif

#endif
