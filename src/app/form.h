/* A request's form on its way: what form.c, form_text.c and save.c share. */
#ifndef GARM_APP_FORM_H
#define GARM_APP_FORM_H

#include "app/ctx.h"
#include "codec/multipart.h"
#include "codec/urlencoded.h"

#include <garm/form.h>

struct saved;

/* A field that garm_form keeps. */
struct form_field {
    struct form_field *next;
    const char *name;
    const char *value;
};

struct form {
    garm_ctx *c;
    enum form_type type;
    union {
        struct multipart multipart;
        struct urlencoded urlencoded;
    } of;
    struct form_reader *reader; /* that of one of them; NULL: not looked at yet */
    struct form_limits limits;
    uint64_t text_max;
    int error;    /* the first one, for good */
    bool in_part; /* between a part's head and the end of its content */
    bool ended;   /* the whole body was read, and is sound */
    bool by_next; /* it is read part by part; */
    bool by_name; /* or was read whole */
    char *input;  /* what came of the body, from `pos` to `end` not yet looked at */
    size_t pos, end;
    bool eof;
    size_t body_pos;  /* how much was taken of a body that garm_body has read */
    struct slice run; /* content that nobody has taken */
    struct form_field *fields, **fields_end; /* in the form's order */
    uint64_t text_bytes;
    struct saved *saved; /* files that were saved of it: removed if it turns out to be broken */
};

/** The form of the request, made at the first call. NULL without memory (the request is
 *  poisoned). */
struct form *form_of(garm_ctx *c);
/** Goes to the next part: 1, and *ret_part; 0 at the end; or negative. May suspend. */
MUST_CHECK int form_next(struct form *form, garm_part *ret_part);
/** Sees to it that form->run is not empty: 1; 0 at the part's end, or outside of one; or negative.
 *  What is taken of it is cut off its front. May suspend. */
MUST_CHECK int form_more(struct form *form);
/** Refuses the form: the answer will be `status`, with `reason` and the place. Returns the error
 *  that stands for the status, now and for good. May suspend. */
int form_fail(struct form *form, uint16_t status, uint64_t offset, const char *reason);
/** Reads the rest of a part's content: 0, or negative. ret_size may be NULL, and then a NUL is
 *  malformed. May suspend. */
MUST_CHECK int form_text(struct form *form, size_t max, const char **ret_text, size_t *ret_size);

#endif
