/* See jwt_token.h. */
#include "mw/jwt_token.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#define HEADER_BYTES_MAX   1024
#define HEADER_MEMBERS_MAX 16
#define CLAIMS_MAX         128
#define SIGNATURE_LEN_MAX  2731 /* of 2048 bytes, which an RSA key of 16384 bits makes */

#define MALFORMED "The token is malformed"

/* Three parts of base64url with dots between them. */
struct parts {
    const char *text;
    size_t header_len, claims_len, signature_len;
};

static bool split(const char *token, struct parts *ret_parts)
{
    const char *const first = strchr(token, '.');
    const char *const second = first != NULL ? strchr(first + 1, '.') : NULL;
    if (second == NULL) {
        return false;
    }
    *ret_parts = (struct parts){token, (size_t)(first - token), (size_t)(second - first - 1),
                                strlen(second + 1)};
    return true;
}

static bool names_are_unique(const garm_json_value *object, size_t count_max)
{
    const char *names[CLAIMS_MAX];
    const size_t count = garm_json_count(object);
    if (count > count_max) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        (void)garm_json_item(object, i, &names[i]);
        for (size_t k = 0; k < i; k++) {
            if (strcmp(names[i], names[k]) == 0) {
                return false;
            }
        }
    }
    return true;
}

/* An object of at most `count_max` members, none of them twice: 0, -EACCES or -ENOMEM. */
static int read_object(garm_ctx *c, const char *text, size_t len, size_t count_max,
                       const garm_json_value **ret_object)
{
    size_t size = 0;
    void *json = NULL;
    const garm_json_value *object = NULL;
    int rc = garm_base64_decode_as(c, GARM_BASE64URL, text, len, &json, &size);
    rc = rc < 0 ? rc : garm_json_parse(c, json, size, &object, NULL);
    if (rc == -ENOMEM) {
        return rc;
    }
    if (rc < 0 || garm_json_type_of(object) != GARM_JSON_OBJECT ||
        !names_are_unique(object, count_max)) {
        return -EACCES;
    }
    *ret_object = object;
    return 0;
}

static bool is_text(const garm_json_value *value, const char *text)
{
    size_t size = 0;
    const char *const found = garm_json_text(value, &size);
    return found != NULL && size == strlen(text) && memcmp(found, text, size) == 0;
}

/* The header. */

static const struct {
    const char *name;
    enum garm_jwt_algorithm algorithm;
} algorithms[] = {{"HS256", GARM_JWT_HS256},
                  {"RS256", GARM_JWT_RS256},
                  {"ES256", GARM_JWT_ES256},
                  {"EdDSA", GARM_JWT_EDDSA}};

/* 0: none of ours. */
static int algorithm_of(const garm_json_value *header)
{
    const garm_json_value *const alg = garm_json_member_of(header, "alg");
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        if (is_text(alg, algorithms[i].name)) {
            return (int)algorithms[i].algorithm;
        }
    }
    return 0;
}

static bool has_key_for(const struct jwt_rules *rules, int algorithm)
{
    for (size_t i = 0; i < rules->key_count; i++) {
        if ((int)rules->keys[i].algorithm == algorithm) {
            return true;
        }
    }
    return false;
}

/* "application/" may be left out, and case does not matter. RFC 7515 section 4.1.9 */
static bool is_type(const garm_json_value *value, const char *type)
{
    static const char prefix[] = "application/";
    size_t size = 0;
    const char *text = garm_json_text(value, &size);
    if (text == NULL || strlen(text) != size) {
        return false;
    }
    text += strncasecmp(text, prefix, strlen(prefix)) == 0 ? strlen(prefix) : 0;
    type += strncasecmp(type, prefix, strlen(prefix)) == 0 ? strlen(prefix) : 0;
    return strcasecmp(text, type) == 0;
}

/* What is wrong with the header, or NULL. */
static const char *fault_of_header(const struct jwt_rules *rules, const garm_json_value *header)
{
    const garm_json_value *const kid = garm_json_member_of(header, "kid");
    if (garm_json_member_of(header, "crit") != NULL) {
        return "The token needs an extension that is not known here";
    }
    if (kid != NULL && garm_json_type_of(kid) != GARM_JSON_STRING) {
        return MALFORMED;
    }
    const int algorithm = algorithm_of(header);
    if (algorithm == 0 || !has_key_for(rules, algorithm)) {
        return "The token's algorithm is not accepted";
    }
    if (rules->type != NULL && !is_type(garm_json_member_of(header, "typ"), rules->type)) {
        return "The token is of another type";
    }
    return NULL;
}

/* The signature. */

static bool key_fits(const struct jwt_key *key, const garm_json_value *header)
{
    const garm_json_value *const kid = garm_json_member_of(header, "kid");
    return (int)key->algorithm == algorithm_of(header) &&
           (kid == NULL || key->kid == NULL || is_text(kid, key->kid));
}

/* 0; -EACCES by none of the keys; -ENOMEM. */
static int check_signature(garm_ctx *c, const struct jwt_rules *rules, const struct parts *parts,
                           const garm_json_value *header)
{
    void *signature = NULL;
    size_t size = 0;
    const size_t signed_len = parts->header_len + 1 + parts->claims_len;
    if (parts->signature_len > SIGNATURE_LEN_MAX) {
        return -EACCES;
    }
    const int rc = garm_base64_decode_as(c, GARM_BASE64URL, parts->text + signed_len + 1,
                                         parts->signature_len, &signature, &size);
    if (rc < 0) {
        return rc == -ENOMEM ? rc : -EACCES;
    }
    for (size_t i = 0; i < rules->key_count; i++) {
        if (key_fits(&rules->keys[i], header) &&
            garm_verifier_accepts(rules->keys[i].verifier, parts->text, signed_len, signature,
                                  size)) {
            return 0;
        }
    }
    return -EACCES;
}

/* The claims. */

/* Seconds since 1970, fractions left out: 0; -ENODATA there is none; -EBADMSG it is no time. */
static int read_time(const garm_json_value *claims, const char *name, int64_t *ret_s)
{
    double seconds = 0;
    const garm_json_value *const value = garm_json_member_of(claims, name);
    if (value == NULL) {
        return -ENODATA;
    }
    if (garm_json_double_at(NULL, value, "", &seconds) < 0 || seconds < 0 || seconds > 9e15) {
        return -EBADMSG;
    }
    *ret_s = (int64_t)seconds;
    return 0;
}

static const char *fault_of_times(const struct jwt_rules *rules, const garm_json_value *claims)
{
    const int64_t now_s = garm_wall_ns() / GARM_SEC(1);
    int64_t exp_s = 0;
    int64_t nbf_s = 0;
    int64_t iat_s = 0;
    const int exp_rc = read_time(claims, "exp", &exp_s);
    if (exp_rc == -EBADMSG || read_time(claims, "nbf", &nbf_s) == -EBADMSG ||
        read_time(claims, "iat", &iat_s) == -EBADMSG) {
        return "The token has a time that is none";
    }
    if (exp_rc == -ENODATA && !rules->exp_optional) {
        return "The token has no expiry";
    }
    if (exp_rc == 0 && now_s - rules->leeway_s >= exp_s) {
        return "The token has expired";
    }
    if (nbf_s > now_s + rules->leeway_s) {
        return "The token is not valid yet";
    }
    return iat_s > now_s + rules->leeway_s ? "The token was issued in the future" : NULL;
}

/* A name, or several. RFC 7519 section 4.1.3 */
static bool audience_fits(const garm_json_value *aud, const char *audience)
{
    if (aud == NULL) {
        return audience == NULL || strcmp(audience, "*") == 0;
    }
    if (audience == NULL) {
        return false;
    }
    if (strcmp(audience, "*") == 0 || is_text(aud, audience)) {
        return true;
    }
    const bool several = garm_json_type_of(aud) == GARM_JSON_ARRAY;
    for (size_t i = 0; several && i < garm_json_count(aud); i++) {
        if (is_text(garm_json_item(aud, i, NULL), audience)) {
            return true;
        }
    }
    return false;
}

static const char *fault_of_claims(const struct jwt_rules *rules, const garm_json_value *claims)
{
    const char *const fault = fault_of_times(rules, claims);
    if (fault != NULL) {
        return fault;
    }
    if (rules->issuer != NULL && !is_text(garm_json_member_of(claims, "iss"), rules->issuer)) {
        return "The token is of another issuer";
    }
    if (!audience_fits(garm_json_member_of(claims, "aud"), rules->audience)) {
        return "The token is for another audience";
    }
    const char *subject = NULL;
    return garm_json_string_at(NULL, claims, "/sub", &subject) == -EBADMSG ? MALFORMED : NULL;
}

int jwt_read(garm_ctx *c, const struct jwt_rules *rules, const char *token,
             const garm_json_value **ret_claims, const char **ret_fault)
{
    struct parts parts = {0};
    const garm_json_value *header = NULL;
    const garm_json_value *claims = NULL;
    *ret_fault = strlen(token) > GARM_JWT_BYTES_MAX ? "The token is too long" : MALFORMED;
    if (strlen(token) > GARM_JWT_BYTES_MAX || !split(token, &parts) ||
        parts.header_len > HEADER_BYTES_MAX) {
        return -EACCES;
    }
    GARM_TRY(read_object(c, parts.text, parts.header_len, HEADER_MEMBERS_MAX, &header));
    const char *fault = fault_of_header(rules, header);
    const int rc = fault == NULL ? check_signature(c, rules, &parts, header) : 0;
    if (rc == -ENOMEM) {
        return rc;
    }
    fault = rc == 0 ? fault : "The token's signature is not valid";
    if (fault == NULL) {
        GARM_TRY(read_object(c, parts.text + parts.header_len + 1, parts.claims_len, CLAIMS_MAX,
                             &claims));
        fault = fault_of_claims(rules, claims);
    }
    *ret_fault = fault;
    *ret_claims = claims;
    return fault == NULL ? 0 : -EACCES;
}
