/* What a function's return value means: the rules of garm_handler, in one place. Judged is the
 * request's state first (client gone, body broken, deadline passed), then the value. */
#include "app/dispatch.h"

#include "app/reply.h"
#include "base/sys.h"
#include "codec/status.h"

/* The status for an error that a handler gives up with. */
static int status_of_error(int error)
{
    switch (-error) {
    case ENOENT: return 404;
    case EACCES:
    case EPERM: return 403;
    case EEXIST: return 409;
    case ENOMEM:
    case EMFILE:
    case ENFILE:
    case EAGAIN: return 503;
    case ECONNREFUSED:
    case ECONNRESET:
    case EPROTO: return 502;
    case ETIMEDOUT: return 504;
    default: return 500;
    }
}

static bool may_be_returned(int status)
{
    return status == 204 || status == 304 ||
           (status >= 400 && status < 600 && status_registered(status));
}

/* Then nobody is there to be answered: the rest is silence. */
static bool client_gone(garm_ctx *c)
{
    if (c->x->gone || task_cancel_reason(task_self()) == CANCEL_CLIENT_GONE) {
        c->cut = true;
    }
    return c->cut;
}

/* Is the error's rendering already what is held? */
static bool rendered_as(const garm_ctx *c, int status)
{
    return c->reply.state == REPLY_HELD && c->reply.rendered && c->reply.status == status;
}

static int status_of_failure(garm_ctx *c, int rc)
{
    if (c->deadline != NULL && c->deadline->passed) {
        return 504;
    }
    if (rc == -ECANCELED && task_cancel_reason(task_self()) != CANCEL_NONE) {
        return 503;
    }
    return status_of_error(rc);
}

/* Has one of our functions said what its error means to the client? */
static bool complained(const garm_ctx *c, int rc)
{
    return rc < 0 && rc == c->complaint.error && (c->deadline == NULL || !c->deadline->passed);
}

/* The status that the function asks for; 0: the reply it gave. */
static int status_of_result(garm_ctx *c, int rc)
{
    if (rc < 0) {
        return status_of_failure(c, rc);
    }
    if (rc == 0 && c->reply.state == REPLY_NONE) {
        ctx_log(c, LOG_ERROR, "the handler returned 0 without a reply");
        return 500;
    }
    if (rc > 0 && !may_be_returned(rc)) {
        ctx_log(c, LOG_ERROR,
                "the handler returned %d, which is neither a status it may return nor an error",
                rc);
        return 500;
    }
    return rc;
}

/* After the head is sent there is no other answer: it goes on, or is cut. */
static int judge_committed(garm_ctx *c, int rc)
{
    if (rc == 0 && c->broken == 0 && c->unfinished == NULL) {
        return 0;
    }
    c->cut = true;
    ctx_log(c, LOG_ERROR, "failed after its head was sent, so the connection is reset: %s",
            rc < 0                  ? sys_error_text(rc)
            : rc > 0                ? "a status was returned"
            : c->unfinished != NULL ? "it is not finished"
                                    : "out of memory, or a bug");
    return -ECONNRESET;
}

static int render(garm_ctx *c, int status, int cause, const char *detail)
{
    if (!rendered_as(c, status)) {
        if (status >= 500 && cause < 0 && c->broken != 500) {
            ctx_log(c, LOG_ERROR, "answered with %d: %s", status, sys_error_text(cause));
        }
        reply_render(c, status, cause, detail);
    }
    return c->cut ? -ECONNRESET : 0;
}

int judge(garm_ctx *c, int rc)
{
    const struct exchange *const x = c->x;
    if (LIKELY(rc == 0 && c->reply.state == REPLY_HELD && c->broken == 0 && x->fault == 0 &&
               !x->gone)) {
        return 0;
    }
    if (client_gone(c)) {
        return -ECONNRESET;
    }
    if (x->committed) {
        return judge_committed(c, rc);
    }
    if (x->fault != 0) {
        c->x->close = true;
        return render(c, x->fault, rc < 0 ? rc : 0, x->fault_reason);
    }
    if (c->broken != 0) {
        return render(c, c->broken, c->broken == 503 ? -ENOMEM : -EINVAL, NULL);
    }
    if (complained(c, rc)) {
        return render(c, c->complaint.status, rc, c->complaint.detail);
    }
    const int status = status_of_result(c, rc);
    return status == 0 ? 0 : render(c, status, rc < 0 ? rc : 0, NULL);
}
