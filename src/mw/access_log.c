/* The access log: one line per request, made when its answer is with the kernel. */
#include <garm/garm.h>

#include <string.h>
#include <time.h>

#define TEXT_MAX 1024  /* of one text as it is written; longer ones are cut */
#define LINE_MAX 12288 /* room for ten of them, and the rest */

struct access_log {
    garm_appender *appender;
    enum garm_access_log_format format;
    int64_t slower_than_ns;
};

/* A line as it grows; its texts are bounded, so it always fits. It is not cleared before use, and
 * nothing goes through printf: both would cost more than all the rest. */
struct line {
    size_t len;
    char text[LINE_MAX];
};

static void copy(struct line *line, const char *text, size_t size)
{
    const size_t room = sizeof(line->text) - line->len;
    const size_t take = size < room ? size : room;
    memcpy(line->text + line->len, text, take);
    line->len += take;
}

static void add(struct line *line, const char *text)
{
    copy(line, text, strlen(text));
}

/* In decimal, with zeros before it up to so many digits. */
static void add_number(struct line *line, uint64_t number, size_t digits)
{
    char text[20]; /* of 2^64 - 1 */
    size_t at = sizeof(text);
    do {
        text[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0 || sizeof(text) - at < digits);
    copy(line, text + at, sizeof(text) - at);
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

static void add_escaped(struct line *line, unsigned char byte, const char *escape)
{
    static const char digits[] = "0123456789abcdef";
    if (byte == '"' || byte == '\\') {
        copy(line, (const char[]){'\\', (char)byte}, 2);
    } else {
        add(line, escape);
        copy(line, (const char[]){digits[byte >> 4], digits[byte & 15]}, 2);
    }
}

/* A text for between quotes. Quotes, backslashes, controls and bytes beyond ASCII are escaped, as
 * \u00XX for JSON and \xXX else. */
static void add_inner(struct line *line, const char *text, const char *escape)
{
    const size_t end = line->len + TEXT_MAX;
    while (*text != '\0' && line->len + strlen("\\u00XX") < end) {
        const size_t run = plain_run(text, end - strlen("\\u00XX") - line->len);
        copy(line, text, run);
        text += run;
        if (run == 0) {
            add_escaped(line, (unsigned char)*text, escape);
            text++;
        }
    }
}

static void add_quoted(struct line *line, const char *text, const char *escape)
{
    copy(line, "\"", 1);
    add_inner(line, text, escape);
    copy(line, "\"", 1);
}

/* What all formats tell. */
struct facts {
    const char *ip, *id, *user, *method, *target, *version, *route, *referer, *agent;
    const garm_outcome *outcome;
    int64_t wall_ns;
};

/* 13:00:00 */
static void add_clock(struct line *line, const struct tm *tm)
{
    add_number(line, (uint64_t)tm->tm_hour, 2);
    copy(line, ":", 1);
    add_number(line, (uint64_t)tm->tm_min, 2);
    copy(line, ":", 1);
    add_number(line, (uint64_t)tm->tm_sec, 2);
}

static void add_time(struct line *line, int64_t wall_ns)
{
    const time_t seconds = (time_t)(wall_ns / GARM_SEC(1));
    struct tm tm;
    gmtime_r(&seconds, &tm);
    add_number(line, (uint64_t)tm.tm_year + 1900, 4);
    copy(line, "-", 1);
    add_number(line, (uint64_t)tm.tm_mon + 1, 2);
    copy(line, "-", 1);
    add_number(line, (uint64_t)tm.tm_mday, 2);
    copy(line, "T", 1);
    add_clock(line, &tm);
    copy(line, ".", 1);
    add_number(line, (uint64_t)(wall_ns % GARM_SEC(1) / GARM_MS(1)), 3);
    copy(line, "Z", 1);
}

/* In milliseconds, to the microsecond. */
static void add_duration(struct line *line, int64_t duration_ns)
{
    const uint64_t us = (uint64_t)(duration_ns + 500) / 1000;
    add_number(line, us / 1000, 1);
    copy(line, ".", 1);
    add_number(line, us % 1000, 3);
}

/* May the text stand without quotes? */
static bool is_bare(const char *text, size_t len)
{
    static const bool marks[256] = {
        ['-'] = true, ['_'] = true, ['.'] = true, [':'] = true, ['/'] = true,
        ['?'] = true, ['&'] = true, ['%'] = true, ['+'] = true, ['@'] = true,
        [','] = true, [';'] = true, ['~'] = true, ['!'] = true, ['$'] = true,
        ['*'] = true, ['('] = true, [')'] = true, ['['] = true, [']'] = true,
    };
    bool bare = len <= TEXT_MAX;
    for (size_t i = 0; bare && i < len; i++) {
        const unsigned char byte = (unsigned char)text[i];
        const unsigned char letter = byte | 0x20;
        bare = (letter >= 'a' && letter <= 'z') || (byte >= '0' && byte <= '9') || marks[byte];
    }
    return bare;
}

/* name=value, quoted if it must be. Empty values are left out. */
static void add_pair(struct line *line, const char *name, const char *value)
{
    const size_t len = strlen(value);
    if (len == 0) {
        return;
    }
    copy(line, " ", 1);
    add(line, name);
    copy(line, "=", 1);
    if (is_bare(value, len)) {
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
    add(line, " status=");
    add_number(line, (uint64_t)outcome->status, 1);
    add(line, " bytes_in=");
    add_number(line, outcome->bytes_in, 1);
    add(line, " bytes_out=");
    add_number(line, outcome->bytes_out, 1);
    add(line, " duration_ms=");
    add_duration(line, outcome->duration_ns);
    add_pair(line, "referer", facts->referer);
    add_pair(line, "agent", facts->agent);
    if (outcome->error != 0) {
        add_pair(line, "error", strerrordesc_np(-outcome->error));
    }
}

static void add_member(struct line *line, const char *name, const char *value)
{
    if (value[0] != '\0') {
        add(line, ",\"");
        add(line, name);
        add(line, "\":");
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
    add(line, ",\"status\":");
    add_number(line, (uint64_t)outcome->status, 1);
    add(line, ",\"bytes_in\":");
    add_number(line, outcome->bytes_in, 1);
    add(line, ",\"bytes_out\":");
    add_number(line, outcome->bytes_out, 1);
    add(line, ",\"duration_ms\":");
    add_duration(line, outcome->duration_ns);
    add_member(line, "referer", facts->referer);
    add_member(line, "agent", facts->agent);
    if (outcome->error != 0) {
        add_member(line, "error", strerrordesc_np(-outcome->error));
    }
    add(line, "}");
}

/* A user's name stands between blanks. */
static void add_user(struct line *line, const char *user)
{
    for (const char *at = user; *at != '\0' && at < user + TEXT_MAX; at++) {
        const bool plain = *at > ' ' && *at < 0x7f && *at != '"';
        copy(line, plain ? at : "_", 1);
    }
    add(line, user[0] != '\0' ? "" : "-");
}

/* [21/Nov/2026:13:00:00 +0000] */
static void add_day_and_time(struct line *line, int64_t wall_ns)
{
    static const char months[12][6] = {"/Jan/", "/Feb/", "/Mar/", "/Apr/", "/May/", "/Jun/",
                                       "/Jul/", "/Aug/", "/Sep/", "/Oct/", "/Nov/", "/Dec/"};
    const time_t seconds = (time_t)(wall_ns / GARM_SEC(1));
    struct tm tm;
    gmtime_r(&seconds, &tm);
    copy(line, "[", 1);
    add_number(line, (uint64_t)tm.tm_mday, 2);
    add(line, months[tm.tm_mon]);
    add_number(line, (uint64_t)tm.tm_year + 1900, 4);
    copy(line, ":", 1);
    add_clock(line, &tm);
    add(line, " +0000]");
}

static void write_combined(struct line *line, const struct facts *facts)
{
    add(line, facts->ip[0] != '\0' ? facts->ip : "-");
    add(line, " - ");
    add_user(line, facts->user);
    copy(line, " ", 1);
    add_day_and_time(line, facts->wall_ns);
    add(line, " \"");
    add_inner(line, facts->method, "\\x");
    copy(line, " ", 1);
    add_inner(line, facts->target, "\\x");
    add(line, " HTTP/");
    add_inner(line, facts->version, "\\x");
    add(line, "\" ");
    add_number(line, (uint64_t)facts->outcome->status, 1);
    copy(line, " ", 1);
    add_number(line, facts->outcome->bytes_out, 1);
    copy(line, " ", 1);
    add_quoted(line, facts->referer[0] != '\0' ? facts->referer : "-", "\\x");
    copy(line, " ", 1);
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
    struct line line;
    line.len = 0;
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
    GARM_OPTS_READ_(&known, opts);
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
