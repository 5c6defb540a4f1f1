/* /status/{codes}: one status, or one of several by weight: /status/200:3,503:1. */
#include "httpbin.h"

#include <string.h>

static const char teapot[] = "\n    -=[ teapot ]=-\n"
                             "\n"
                             "          _\n"
                             "        _(_)_\n"
                             "   __  /     \\  __\n"
                             "   \\ \\/       \\/  \\\n"
                             "    \\          |__/\n"
                             "     \\        /\n"
                             "      '------'\n";

static const char choices[] =
    "<!doctype html>\n<title>Multiple choices</title>\n<ul>"
    "<li><a href=\"/image/jpeg\">JPEG</a></li><li><a href=\"/image/png\">PNG</a></li>"
    "<li><a href=\"/image/svg\">SVG</a></li></ul>\n";

static const char moved[] = "<!doctype html>\n<title>Moved for good</title>\n"
                            "<p>It is at <a href=\"/image/jpeg\">/image/jpeg</a> now.</p>\n";

/* What some statuses have besides: a field, a body. */
static const struct special {
    int status;
    const char *field, *value;
    const char *type, *body;
} specials[] = {
    {300, "Location", "/image/jpeg", "text/html; charset=utf-8", choices},
    {301, "Location", "/redirect/1", NULL, NULL},
    {302, "Location", "/redirect/1", NULL, NULL},
    {303, "Location", "/redirect/1", NULL, NULL},
    {305, "Location", "/redirect/1", NULL, NULL},
    {307, "Location", "/redirect/1", NULL, NULL},
    {308, "Location", "/image/jpeg", "text/html; charset=utf-8", moved},
    {401, "WWW-Authenticate", "Basic realm=\"Fake Realm\"", NULL, NULL},
    {402, "X-More-Info", "http://vimeo.com/22053820", NULL, "Pay first, please!"},
    {407, "Proxy-Authenticate", "Basic realm=\"Fake Realm\"", NULL, NULL},
    {418, "X-More-Info", "http://tools.ietf.org/html/rfc2324", NULL, teapot},
};

static const struct special *find_special(int status)
{
    for (size_t i = 0; i < sizeof(specials) / sizeof(specials[0]); i++) {
        if (specials[i].status == status) {
            return &specials[i];
        }
    }
    return NULL;
}

static int not_acceptable(garm_ctx *c)
{
    return garm_json(c, 406, garm_kv("message", "Client did not request a supported media type."),
                     garm_arr("accept", garm_kv(NULL, "image/webp"), garm_kv(NULL, "image/svg+xml"),
                              garm_kv(NULL, "image/jpeg"), garm_kv(NULL, "image/png"),
                              garm_kv(NULL, "image/*")));
}

int reply_status(garm_ctx *c, int status)
{
    const struct special *const special = find_special(status);
    const char *type = "text/plain; charset=utf-8";
    const char *body = "";
    if (status == 406) {
        return not_acceptable(c);
    }
    if (special != NULL) {
        GARM_TRY(garm_set_header(c, special->field, special->value));
        type = special->type != NULL ? special->type : type;
        body = special->body != NULL ? special->body : body;
    }
    return garm_bytes_view(c, status, type, body, strlen(body));
}

/* Takes the next "code" or "code:weight" off the list. */
static bool take_choice(char **list, int64_t *ret_code, double *ret_weight)
{
    char *const choice = *list;
    char *const comma = strchr(choice, ',');
    if (comma != NULL) {
        *comma = '\0';
    }
    char *const colon = strchr(choice, ':');
    if (colon != NULL) {
        *colon = '\0';
    }
    *list = comma != NULL ? comma + 1 : NULL;
    *ret_weight = 1;
    return read_int(choice, 200, 599, ret_code) &&
           (colon == NULL || read_decimal(colon + 1, ret_weight));
}

/* Chooses in one pass: each choice takes the place of the one before with the probability of its
 * share in the weights so far. */
static bool choose(char *list, int *ret_code)
{
    double total = 0;
    while (list != NULL) {
        int64_t code = 0;
        double weight = 0;
        if (!take_choice(&list, &code, &weight)) {
            return false;
        }
        total += weight;
        if (random_unit() * total < weight) {
            *ret_code = (int)code;
        }
    }
    return total > 0;
}

/* 1xx is no answer but a word before one. */
static int show_status(garm_ctx *c)
{
    int status = 0;
    return choose(garm_dup(c, garm_param(c, "codes")), &status)
               ? reply_status(c, status)
               : garm_problem(c, 400,
                              "codes are 200 to 599, apart by commas, each with a weight "
                              "behind a colon if you like");
}

void add_status(garm_app *app)
{
    add_for_all(app, "/status/{codes}", show_status);
}
