/* A JSON API: notes behind JSON Web Tokens, with all that an API needs around its handlers.
 *
 *     api --secret "$(openssl rand -base64 32)" --origin https://app.example
 *
 * Tokens are HS256, signed with the secret, with "exp", "sub" (whose notes) and "scope": "read",
 * or "read write". */
#include <garm/garm.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NOTES_MAX   1000 /* of all users */
#define TITLE_BYTES 200
#define OWNER_BYTES 64
#define PAGE_MAX    100

struct note {
    int64_t id; /* 0: a free place */
    bool done;
    char owner[OWNER_BYTES + 1];
    char title[TITLE_BYTES + 1];
};

struct notes {
    garm_mutex *lock; /* of all that follows */
    int64_t last_id;
    struct note items[NOTES_MAX];
};

static garm_metric *written;

static int put_note(garm_json_writer *w, const struct note *note)
{
    return garm_json_put(w, garm_obj(NULL, garm_kv("id", note->id), garm_kv("title", note->title),
                                     garm_kv_bool("done", note->done)));
}

static int reply_note(garm_ctx *c, int status, const struct note *note)
{
    garm_json_writer *const w = garm_json_new(c, status);
    GARM_TRY(put_note(w, note));
    return garm_json_finish(w);
}

/* Whose notes they are: the token's "sub". */
static bool is_mine(garm_ctx *c, const struct note *note)
{
    return note->id != 0 && strcmp(note->owner, garm_user(c)) == 0;
}

/* The caller holds the lock. NULL if there is none, and also if it is somebody else's. */
static struct note *find(garm_ctx *c, int64_t id)
{
    struct notes *const notes = garm_app_data(c);
    for (size_t i = 0; i < NOTES_MAX; i++) {
        struct note *const note = &notes->items[i];
        if (note->id == id && is_mine(c, note)) {
            return note;
        }
    }
    return NULL;
}

/* What a client may set. */
struct change {
    const char *title;
    bool done;
};

/* What is wrong with the document's shape becomes 400 by its error. 0, or 422. */
static int read_change(garm_ctx *c, struct change *ret_change)
{
    const garm_json_value *body = NULL;
    GARM_TRY(garm_body_json(c, &body));
    GARM_TRY(garm_json_string_at(c, body, "/title", &ret_change->title));
    ret_change->done = false;
    if (garm_json_at(body, "/done") != NULL) {
        GARM_TRY(garm_json_bool_at(c, body, "/done", &ret_change->done));
    }
    const size_t size = strlen(ret_change->title);
    return size >= 1 && size <= TITLE_BYTES ? 0 : 422;
}

static int refuse_title(garm_ctx *c)
{
    return garm_problem(c, 422, "\"/title\" has 1 to %d bytes", TITLE_BYTES);
}

static void apply(struct note *note, const struct change *change)
{
    snprintf(note->title, sizeof(note->title), "%s", change->title);
    note->done = change->done;
}

/* GET /v1/notes?offset=0&limit=20. The lock is not held while anything waits: the reply is held,
 * and goes out when the handler has returned. */
static int list_notes(garm_ctx *c)
{
    struct notes *const notes = garm_app_data(c);
    int64_t offset = 0;
    int64_t limit = 0;
    int64_t count = 0;
    GARM_TRY(garm_query_int(c, "offset", 0, NOTES_MAX, 0, &offset));
    GARM_TRY(garm_query_int(c, "limit", 1, PAGE_MAX, 20, &limit));
    garm_json_writer *const w = garm_json_new(c, 200);
    GARM_GUARD(c, notes->lock);
    garm_json_begin_object(w, NULL);
    garm_json_begin_array(w, "notes");
    for (size_t i = 0; i < NOTES_MAX; i++) {
        if (is_mine(c, &notes->items[i])) {
            if (count >= offset && count < offset + limit) {
                put_note(w, &notes->items[i]);
            }
            count++;
        }
    }
    garm_json_end(w);
    garm_json_put(w, garm_kv("total", count));
    garm_json_end(w);
    return garm_json_finish(w);
}

static int show_note(garm_ctx *c)
{
    struct notes *const notes = garm_app_data(c);
    GARM_GUARD(c, notes->lock);
    const struct note *const note = find(c, garm_param_int(c, "id"));
    return note == NULL ? 404 : reply_note(c, 200, note);
}

static int add_note(garm_ctx *c)
{
    struct notes *const notes = garm_app_data(c);
    struct change change = {0};
    const int rc = read_change(c, &change);
    if (rc != 0) {
        return rc == 422 ? refuse_title(c) : rc;
    }
    GARM_GUARD(c, notes->lock);
    for (size_t i = 0; i < NOTES_MAX; i++) {
        struct note *const note = &notes->items[i];
        if (note->id == 0) {
            note->id = ++notes->last_id;
            snprintf(note->owner, sizeof(note->owner), "%s", garm_user(c));
            apply(note, &change);
            garm_metric_add(c, written, 1);
            GARM_TRY(garm_set_headerf(c, "Location", "/v1/notes/%lld", (long long)note->id));
            return reply_note(c, 201, note);
        }
    }
    return 507;
}

static int change_note(garm_ctx *c)
{
    struct notes *const notes = garm_app_data(c);
    struct change change = {0};
    const int rc = read_change(c, &change);
    if (rc != 0) {
        return rc == 422 ? refuse_title(c) : rc;
    }
    GARM_GUARD(c, notes->lock);
    struct note *const note = find(c, garm_param_int(c, "id"));
    if (note == NULL) {
        return 404;
    }
    apply(note, &change);
    garm_metric_add(c, written, 1);
    return reply_note(c, 200, note);
}

static int remove_note(garm_ctx *c)
{
    struct notes *const notes = garm_app_data(c);
    GARM_GUARD(c, notes->lock);
    struct note *const note = find(c, garm_param_int(c, "id"));
    if (note == NULL) {
        return 404;
    }
    note->id = 0;
    return 204;
}

/* A token says whose notes it is for; a name that is too long for us is nobody's. */
static int need_owner(garm_ctx *c)
{
    const size_t size = strlen(garm_user(c));
    return size >= 1 && size <= OWNER_BYTES ? garm_next(c) : 403;
}

static void free_lock(void *lock)
{
    garm_mutex_free(lock);
}

static void make_notes(garm_app *app)
{
    struct notes *const notes = garm_app_alloc(app, sizeof(*notes));
    garm_mutex *const lock = garm_mutex_new();
    if (notes == NULL || lock == NULL) {
        garm_fail(app, "no memory");
        garm_mutex_free(lock);
        return;
    }
    notes->lock = lock;
    garm_app_defer(app, free_lock, lock);
    garm_set_app_data(app, notes);
}

/* What stands around the handlers: the first is the outermost. CORS is outside of the token's
 * check, for browsers send no token with a preflight; the limit is inside, for it goes by user. */
GARM_APP(app)
{
    const char *const secret = garm_flag(app, "secret", "", "that tokens are signed with");
    const char *const origin =
        garm_flag(app, "origin", "http://localhost:3000", "whose pages may call");
    if (strlen(secret) < 32) {
        garm_fail(app, "--secret has to be 32 bytes or more: $(openssl rand -base64 32) makes it");
    }
    make_notes(app);
    garm_access_log(app);
    garm_request_id(app);
    garm_security_headers(app, .content_security_policy = "default-src 'none'");
    garm_cors(app, .origins = {origin}, .headers = {"Authorization", "Content-Type"},
              .expose = {"ETag", "Location", "RateLimit", "Retry-After", "X-Request-Id"});
    garm_limits(app, .deadline_ms = 5000, .body_bytes_max = GARM_KIB(16));
    garm_health(app);
    garm_route(app, "GET /metrics", garm_metrics, .always = true);
    written = garm_counter(app, "notes_written_total", "Notes that were added or changed.");

    garm_app *const v1 = garm_group(app, "/v1");
    garm_jwt(v1, .realm = "notes", .keys = {{.algorithm = GARM_JWT_HS256, .secret = secret}});
    garm_use(v1, need_owner);
    garm_rate_limit(v1, .per_second = 10, .burst = 40, .by = GARM_BY_USER);
    garm_etag(v1);
    garm_route(v1, "GET /notes", list_notes);
    garm_route(v1, "GET /notes/{id:int}", show_note);

    garm_app *const writers = garm_group(v1, "");
    garm_jwt_scope(writers, "write");
    garm_route(writers, "POST /notes", add_note);
    garm_route(writers, "PUT /notes/{id:int}", change_note);
    garm_route(writers, "DELETE /notes/{id:int}", remove_note);
}
