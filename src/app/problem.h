/* The pages of the one error renderer: problem details as JSON (RFC 9457), and a small HTML page.
 * Pure; the choice between them is the caller's. */
#ifndef GARM_APP_PROBLEM_H
#define GARM_APP_PROBLEM_H

#include "base/buf.h"

#define PROBLEM_JSON_TYPE "application/problem+json"
#define PROBLEM_HTML_TYPE "text/html; charset=utf-8"

struct problem {
    int status;
    const char *title;    /* NULL: the status's reason phrase */
    const char *detail;   /* for the client's eyes; NULL or "" to leave it out */
    const char *instance; /* which occurrence, a URI reference; NULL or "" to leave it out */
};

/** Appends the page to `out`; everything is escaped. 0, or as buf_append. */
int problem_json(const struct problem *problem, struct buf *out);
int problem_html(const struct problem *problem, struct buf *out);

/** What stands for the character in HTML; "" if it stands for itself. */
struct slice html_entity(char c);
/** Appends `text` with the five characters that mean something in HTML escaped, and bytes that
 *  are not UTF-8 as U+FFFD: safe in text and in quoted attribute values. */
int html_escape(const char *text, struct buf *out);

#endif
