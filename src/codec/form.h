/* What the two readers of form bodies share (multipart.h, urlencoded.h): parts come out as events,
 * and every byte of the body goes in once, in slices of any size. Pure. */
#ifndef GARM_CODEC_FORM_H
#define GARM_CODEC_FORM_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum form_event {
    FORM_MORE,     /* all given bytes were consumed: give more, or tell that there are none */
    FORM_PART,     /* a part begins: see form_reader.head */
    FORM_DATA,     /* a run of its content */
    FORM_PART_END, /* it ends */
    FORM_END,      /* so does the form */
    FORM_BAD,      /* refused: see form_reader.error */
};

enum form_type {
    FORM_OTHER, /* the Content-Type is no form's */
    FORM_URLENCODED,
    FORM_MULTIPART,
};

struct form_limits {
    uint64_t part_count;
    uint64_t part_bytes; /* of one part's content */
    size_t head_bytes;   /* of one part's head, or of a name */
};

struct form_head {
    struct slice name;
    struct slice filename;
    struct slice type;
    bool has_filename;
};

struct form_error {
    uint16_t status;    /* 400, or 413 for a limit */
    uint64_t offset;    /* of the offending byte, or of its line, in the body */
    const char *reason; /* a static phrase */
};

/* What is the same in both readers. */
struct form_reader {
    struct form_limits limits;
    struct form_error error;
    struct form_head head; /* of the part that FORM_PART began: slices of `text` */
    char *text;            /* limits.head_bytes of the caller's: the head as it comes */
    size_t text_len;
    uint64_t seen;       /* bytes consumed */
    uint64_t part_count; /* parts begun */
    uint64_t part_bytes; /* content of this one so far */
};

/** Notes why the form is refused, with an offset. FORM_BAD. */
static inline enum form_event form_refuse(struct form_reader *reader, uint16_t status,
                                          uint64_t offset, const char *reason)
{
    reader->error = (struct form_error){status, offset, reason};
    return FORM_BAD;
}

/** Counts a part that begins. FORM_PART, or FORM_BAD past the limit. */
static inline enum form_event form_begin_part(struct form_reader *reader)
{
    if (reader->part_count == reader->limits.part_count) {
        return form_refuse(reader, 413, reader->seen, "the form has more parts than allowed");
    }
    reader->part_count++;
    reader->part_bytes = 0;
    return FORM_PART;
}

/** Counts a run of content. FORM_DATA, or FORM_BAD past the limit. */
static inline enum form_event form_count(struct form_reader *reader, size_t size)
{
    if (size > reader->limits.part_bytes - reader->part_bytes) {
        return form_refuse(reader, 413, reader->seen, "the part is larger than allowed");
    }
    reader->part_bytes += size;
    return FORM_DATA;
}

#endif
