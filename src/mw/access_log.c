/* The access log: one line per request, made when its answer is with the kernel. */
#include <garm/garm.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define TEXT_MAX 1024  /* of one text as it is written; longer ones are cut */
#define LINE_MAX 12288 /* room for ten of them, and the rest */

struct access_log {
    garm_appender *appender;
    enum garm_access_log_format format;
    int64_t slower_than_ns;
};

/* A line as it grows; its texts are bounded, so it always fits. */
struct line {
    char text[LINE_MAX];
    size_t len;
};

__attribute__((format(printf, 2, 3))) static void add(struct line *line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const size_t room = sizeof(line->text) - line->len;
    const int wrote = vsnprintf(line->text + line->len, room, format, args);
    va_end(args);
    if (wrote > 0 && (size_t)wrote < room) {
        line->len += (size_t)wrote;
    }
}

static void copy(struct line *line, const char *text, size_t size)
{
    const size_t room = sizeof(line->text) - line->len;
    const size_t take = size < room ? size : room;
    memcpy(line->text + line->len, text, take);
    line->len += take;
}

/* Bytes that stand in quotes as they are. */
static size_t plain_run(const char *text, size_t max)
{
    size_t i = 0;
    while (i < max && text[i] >= ' ' && text[i] < 0x7f && text[i] != '"' && text[i] != '\\') {
        i++;
    }
    return i;
}

/* A text between quotes. Quotes, backslashes, controls and bytes beyond ASCII are escaped, as
 * \u00XX for JSON and \xXX else. */
static void add_quoted(struct line *line, const char *text, const char *escape)
{
    const size_t end = line->len + TEXT_MAX;
    copy(line, "\"", 1);
    while (*text != '\0' && line->len + strlen("\\u00XX") < end) {
        const size_t run = plain_run(text, end - strlen("\\u00XX") - line->len);
        copy(line, text, run);
        text += run;
        if (run == 0) {
            const unsigned char byte = (unsigned char)*text;
            if (byte == '"' || byte == '\\') {
                add(line, "\\%c", byte);
            } else {
                add(line, "%s%02x", escape, byte);
            }
            text++;
        }
    }
    copy(line, "\"", 1);
}

/* What all formats tell. */
struct facts {
    const char *ip, *id, *user, *method, *target, *version, *route, *referer, *agent;
    const garm_outcome *outcome;
    int64_t wall_ns;
};

static double to_ms(int64_t ns)
{
    return (double)ns / 1e6;
}

static void add_time(struct line *line, int64_t wall_ns)
{
    const time_t seconds = (time_t)(wall_ns / GARM_SEC(1));
    struct tm tm;
    gmtime_r(&seconds, &tm);
    add(line, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
        tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(wall_ns % GARM_SEC(1) / GARM_MS(1)));
}

/* name=value, quoted if it must be. Empty values are left out. */
static void add_pair(struct line *line, const char *name, const char *value)
{
    static const char bare[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "-_.:/?&%+@,;~!$*()[]";
    if (value[0] == '\0') {
        return;
    }
    const size_t len = strspn(value, bare);
    copy(line, " ", 1);
    copy(line, name, strlen(name));
    copy(line, "=", 1);
    if (value[len] == '\0' && len <= TEXT_MAX) {
        copy(line, value, len);
    } else {
        add_quoted(line, value, "\\x");
    }
}

static void write_logfmt(struct line *line, const struct facts *facts)
{
    const garm_outcome *const outcome = facts->outcome;
    add(line, "time=");
    add_time(line, facts->wall_ns);
    add_pair(line, "ip", facts->ip);
    add_pair(line, "user", facts->user);
    add_pair(line, "id", facts->id);
    add_pair(line, "method", facts->method);
    add_pair(line, "target", facts->target);
    add_pair(line, "route", facts->route);
    add(line, " status=%d bytes_in=%" PRIu64 " bytes_out=%" PRIu64 " duration_ms=%.3f",
        outcome->status, outcome->bytes_in, outcome->bytes_out, to_ms(outcome->duration_ns));
    add_pair(line, "referer", facts->referer);
    add_pair(line, "agent", facts->agent);
    if (outcome->error != 0) {
        add_pair(line, "error", strerrordesc_np(-outcome->error));
    }
}

static void add_member(struct line *line, const char *name, const char *value)
{
    if (value[0] != '\0') {
        add(line, ",\"%s\":", name);
        add_quoted(line, value, "\\u00");
    }
}

static void write_json(struct line *line, const struct facts *facts)
{
    const garm_outcome *const outcome = facts->outcome;
    add(line, "{\"time\":\"");
    add_time(line, facts->wall_ns);
    add(line, "\"");
    add_member(line, "ip", facts->ip);
    add_member(line, "user", facts->user);
    add_member(line, "id", facts->id);
    add_member(line, "method", facts->method);
    add_member(line, "target", facts->target);
    add_member(line, "route", facts->route);
    add(line,
        ",\"status\":%d,\"bytes_in\":%" PRIu64 ",\"bytes_out\":%" PRIu64 ",\"duration_ms\":%.3f",
        outcome->status, outcome->bytes_in, outcome->bytes_out, to_ms(outcome->duration_ns));
    add_member(line, "referer", facts->referer);
    add_member(line, "agent", facts->agent);
    if (outcome->error != 0) {
        add_member(line, "error", strerrordesc_np(-outcome->error));
    }
    add(line, "}");
}

static void write_combined(struct line *line, const struct facts *facts)
{
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const time_t seconds = (time_t)(facts->wall_ns / GARM_SEC(1));
    struct tm tm;
    gmtime_r(&seconds, &tm);
    add(line, "%s - ", facts->ip[0] != '\0' ? facts->ip : "-");
    for (const char *at = facts->user; *at != '\0' && at < facts->user + TEXT_MAX; at++) {
        add(line, "%c", *at > ' ' && *at < 0x7f && *at != '"' ? *at : '_');
    }
    add(line, "%s [%02d/%s/%04d:%02d:%02d:%02d +0000] ", facts->user[0] != '\0' ? "" : "-",
        tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
    char request[TEXT_MAX];
    snprintf(request, sizeof(request), "%s %s HTTP/%s", facts->method, facts->target,
             facts->version);
    add_quoted(line, request, "\\x");
    add(line, " %d %" PRIu64 " ", facts->outcome->status, facts->outcome->bytes_out);
    add_quoted(line, facts->referer[0] != '\0' ? facts->referer : "-", "\\x");
    add(line, " ");
    add_quoted(line, facts->agent[0] != '\0' ? facts->agent : "-", "\\x");
}

static void write_line(garm_ctx *c, const garm_outcome *outcome, void *arg)
{
    static void (*const writers[])(struct line * line, const struct facts *facts) = {
        [GARM_ACCESS_LOGFMT] = write_logfmt,
        [GARM_ACCESS_JSON] = write_json,
        [GARM_ACCESS_COMBINED] = write_combined,
    };
    const struct access_log *const self = arg;
    if (outcome->duration_ns < self->slower_than_ns && outcome->error == 0 &&
        outcome->status < 500) {
        return;
    }
    const struct facts facts = {
        .ip = garm_client_ip(c),
        .id = garm_request_id_of(c),
        .user = garm_user(c),
        .method = garm_method(c),
        .target = garm_target(c),
        .version = garm_http_version(c),
        .route = garm_pattern(c),
        .referer = garm_header(c, "Referer"),
        .agent = garm_header(c, "User-Agent"),
        .outcome = outcome,
        .wall_ns = garm_wall_ns(),
    };
    struct line line = {.len = 0};
    writers[self->format](&line, &facts);
    line.text[line.len < LINE_MAX ? line.len : LINE_MAX - 1] = '\n';
    (void)garm_append(c, self->appender, line.text, line.len + 1);
}

static int log_request(garm_ctx *c)
{
    GARM_TRY(garm_on_finish(c, write_line, garm_arg(c)));
    return garm_next(c);
}

void garm_access_log_with(garm_app *app, const garm_access_log_opts *opts)
{
    garm_access_log_opts known = {0};
    memcpy(&known, opts, opts->size < sizeof(known) ? opts->size : sizeof(known));
    struct access_log *const self = garm_app_alloc(app, sizeof(*self));
    if (self == NULL) {
        return;
    }
    if (known.format < GARM_ACCESS_LOGFMT || known.format > GARM_ACCESS_COMBINED) {
        garm_fail_at(app, known.where, "garm_access_log: there is no such .format");
        return;
    }
    if (known.slower_than_ms < 0) {
        garm_fail_at(app, known.where, "garm_access_log: .slower_than_ms is negative");
    }
    const garm_appender_opts appender = {.size = sizeof(appender), .where = known.where};
    self->appender = garm_appender_new_with(app, known.path, &appender);
    self->format = known.format;
    self->slower_than_ns = GARM_MS(known.slower_than_ms);
    if (self->appender != NULL) {
        garm_use(app, log_request, .arg = self, .name = "access_log", .always = true);
    }
}
