/* A stored representation as a reply: its validators judge the request's conditions, its size the
 * ranges (RFC 9110 sections 13 and 14). */
#ifndef GARM_APP_FILE_REPLY_H
#define GARM_APP_FILE_REPLY_H

#include "app/ctx.h"
#include "app/file_open.h"

/* The file is borrowed until `release`; all texts outlive the reply. */
struct representation {
    struct file *file;
    const char *type;           /* unless Content-Type was set */
    struct slice coding;        /* Content-Encoding; empty: identity */
    struct slice cache_control; /* unless it was set; empty: none */
    struct slice vary;          /* added to Vary; empty: none */
    void (*release)(void *holder);
    void *holder;
};

/** Holds a reply of the file, or of parts of it: 200, 206, 304, 412 or 416. Only a GET has ranges,
 *  and only GET and HEAD have conditions. release(holder) is called once the reply is sent or
 *  dropped, and on failure. 0; or as reply_open. May suspend (error pages). */
MUST_CHECK int file_reply_take(garm_ctx *c, const struct representation *representation);

/** Sends a held file (c->reply.parts): 0, or why the answer is not complete. May suspend. */
MUST_CHECK int file_send(garm_ctx *c);

#endif
