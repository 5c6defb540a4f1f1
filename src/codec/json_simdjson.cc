/* simdjson (Langdale and Lemire 2019) and std::to_chars behind C functions: the one C++ file here.
 * Nothing of C++ leaves it: no exception, no type; memory that runs out is an error like others. */
#include "codec/json_engine.h"

#define SIMDJSON_EXCEPTIONS 0
#include <simdjson.h>

#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <new>

struct json_engine {
    simdjson::dom::parser parser;
};

json_engine *json_engine_new(void)
{
    return new (std::nothrow) json_engine;
}

void json_engine_free(json_engine *engine)
{
    delete engine;
}

/* Room for `size` bytes, in powers of two, so that growing texts do not allocate each time. */
static simdjson::error_code reserve(simdjson::dom::parser &parser, size_t size)
{
    const size_t capacity = parser.capacity();
    if (size <= capacity && capacity > 0) {
        return simdjson::SUCCESS;
    }
    size_t wanted = 1024;
    while (wanted < size) {
        wanted *= 2;
    }
    const simdjson::error_code error = parser.allocate(wanted, JSON_ENGINE_DEPTH);
    return error != simdjson::SUCCESS ? error : parser.doc.allocate(wanted);
}

int json_engine_parse(json_engine *engine, const char *data, size_t size, json_tape *ret_tape)
{
    simdjson::dom::parser &parser = engine->parser;
    simdjson::error_code error = reserve(parser, size);
    if (error == simdjson::SUCCESS) {
        /* It copies the text to where its vectors may read beyond the end. */
        error = parser.parse(data, size, true).error();
    }
    if (error != simdjson::SUCCESS) {
        return error == simdjson::MEMALLOC || error == simdjson::CAPACITY ? -ENOMEM : -EBADMSG;
    }
    *ret_tape = {parser.doc.tape.get(), parser.doc.string_buf.get()};
    return 0;
}

void json_engine_trim(json_engine *engine, size_t size)
{
    if (engine->parser.capacity() > size) {
        engine->parser = simdjson::dom::parser();
    }
}

size_t json_double_text(double value, char out[JSON_DOUBLE_MAX])
{
    if (value == 0 && std::signbit(value)) {
        std::memcpy(out, "-0.0", 4);
        return 4;
    }
    /* Digits alone would be a whole number, and be refused where 64 bits do not hold it. */
    const bool large = std::fabs(value) >= 9223372036854775808.0;
    char *const end = out + JSON_DOUBLE_MAX;
    const std::to_chars_result result =
        large ? std::to_chars(out, end, value, std::chars_format::scientific)
              : std::to_chars(out, end, value);
    return static_cast<size_t>(result.ptr - out);
}
