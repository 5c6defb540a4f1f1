/* What a whole request head means, and whether it may: Host (RFC 9112 section 3.2), the body's
 * length (section 6), persistence (section 9.3), Upgrade and Expect (RFC 9110 sections 7.8 and
 * 10.1.1). */
#include "codec/h1_internal.h"
#include "codec/words.h"

#include "base/text.h"

/* The head under judgement. */
struct check {
    struct h1_head *head;
    const char *data;
    struct h1_error *error;
};

static bool has(const struct h1_head *head, enum field_id id)
{
    return head->id_first[id] != 0;
}

static bool repeated(const struct h1_head *head, enum field_id id)
{
    return (head->id_repeated >> id & 1) != 0;
}

static struct slice value_of(const struct check *c, size_t index)
{
    const struct h1_field *const field = &c->head->fields[index];
    return slice_of(c->data + field->value_offset, field->value_len);
}

/* Refuses the head for its first field `id`, or for the lack of one. */
static enum h1_result refuse(const struct check *c, uint16_t status, enum field_id id,
                             const char *reason)
{
    const uint16_t first = c->head->id_first[id];
    const uint32_t offset = first != 0 ? c->head->fields[first - 1].name_offset : c->head->size;
    return h1_refuse(c->error, status, offset, reason);
}

/* A walk over the elements of all lists of one field. */
struct elements {
    size_t next;       /* index of the field to look at */
    struct slice list; /* what is left of the field before it */
};

static struct elements elements_of(const struct h1_head *head, enum field_id id)
{
    const uint16_t first = head->id_first[id];
    return (struct elements){first == 0 ? head->field_count : (size_t)first - 1, {NULL, 0}};
}

/* The next element, blanks trimmed, empty ones too but for one behind a list's last comma. */
static bool next_element(struct elements *e, const struct check *c, enum field_id id,
                         struct slice *ret_element)
{
    while (!slice_cut(&e->list, ',', ret_element)) {
        while (e->next < c->head->field_count && c->head->fields[e->next].id != id) {
            e->next++;
        }
        if (e->next >= c->head->field_count) {
            return false;
        }
        e->list = value_of(c, e->next++);
    }
    *ret_element = slice_trim(*ret_element);
    return true;
}

static enum h1_result check_host(const struct check *c)
{
    if (!has(c->head, FIELD_HOST)) {
        return c->head->minor == 0 ? H1_DONE : refuse(c, 400, FIELD_HOST, "Host missing");
    }
    if (repeated(c->head, FIELD_HOST)) {
        return refuse(c, 400, FIELD_HOST, "more than one Host");
    }
    const size_t index = (size_t)c->head->id_first[FIELD_HOST] - 1;
    if (!authority_valid(value_of(c, index))) {
        return refuse(c, 400, FIELD_HOST, "bad Host");
    }
    if (c->head->authority.len == 0) {
        const struct h1_field *const field = &c->head->fields[index];
        c->head->authority = (struct h1_span){field->value_offset, field->value_len};
    }
    return H1_DONE;
}

/* Is there an empty element in the lists? The walk above does not show one at a list's end. */
static bool list_ragged(struct slice list)
{
    return list.len == 0 || list.ptr[list.len - 1] == ',';
}

static bool codings_ragged(const struct check *c)
{
    for (size_t i = 0; i < c->head->field_count; i++) {
        if (c->head->fields[i].id == FIELD_TRANSFER_ENCODING && list_ragged(value_of(c, i))) {
            return true;
        }
    }
    return false;
}

/* Exactly "chunked" is understood. An unknown coding is 501, unless the list is not even
 * well-formed or "chunked" stands where it may not. */
static enum h1_result check_codings(const struct check *c)
{
    size_t count = 0;
    bool chunked = false;
    struct elements e = elements_of(c->head, FIELD_TRANSFER_ENCODING);
    struct slice coding;
    while (next_element(&e, c, FIELD_TRANSFER_ENCODING, &coding)) {
        if (!field_name_valid(coding)) {
            return refuse(c, 400, FIELD_TRANSFER_ENCODING, "bad Transfer-Encoding");
        }
        if (chunked) {
            return refuse(c, 400, FIELD_TRANSFER_ENCODING, "chunked is not the last coding");
        }
        chunked = slice_eq_nocase(coding, SLICE("chunked"));
        count++;
    }
    if (codings_ragged(c)) {
        return refuse(c, 400, FIELD_TRANSFER_ENCODING, "bad Transfer-Encoding");
    }
    if (count > 1 || !chunked) {
        return refuse(c, 501, FIELD_TRANSFER_ENCODING, "transfer coding not supported");
    }
    c->head->chunked = true;
    return H1_DONE;
}

static enum h1_result check_transfer_encoding(const struct check *c)
{
    if (!has(c->head, FIELD_TRANSFER_ENCODING)) {
        return H1_DONE;
    }
    if (c->head->minor == 0) {
        return refuse(c, 400, FIELD_TRANSFER_ENCODING, "Transfer-Encoding in HTTP/1.0");
    }
    if (has(c->head, FIELD_CONTENT_LENGTH)) {
        return refuse(c, 400, FIELD_CONTENT_LENGTH, "Content-Length beside Transfer-Encoding");
    }
    return check_codings(c);
}

static enum h1_result check_content_length(const struct check *c)
{
    if (!has(c->head, FIELD_CONTENT_LENGTH)) {
        return H1_DONE;
    }
    if (repeated(c->head, FIELD_CONTENT_LENGTH)) {
        return refuse(c, 400, FIELD_CONTENT_LENGTH, "more than one Content-Length");
    }
    uint64_t length;
    const size_t index = (size_t)c->head->id_first[FIELD_CONTENT_LENGTH] - 1;
    if (text_to_u64(value_of(c, index), &length) < 0 || length > INT64_MAX) {
        return refuse(c, 400, FIELD_CONTENT_LENGTH, "bad Content-Length");
    }
    c->head->content_length = (int64_t)length;
    return H1_DONE;
}

/* The connection options that mean something here. */
enum option {
    OPTION_CLOSE = 1,
    OPTION_UPGRADE = 2,
    OPTION_KEEP_ALIVE = 4,
};

static unsigned option_of(struct slice s)
{
    switch (s.len) {
    case 5: return name_same_nocase(s.ptr, "close", 5) ? OPTION_CLOSE : 0;
    case 7: return name_same_nocase(s.ptr, "upgrade", 7) ? OPTION_UPGRADE : 0;
    case 10: return name_same_nocase(s.ptr, "keep-alive", 10) ? OPTION_KEEP_ALIVE : 0;
    default: return 0;
    }
}

static void read_connection(const struct check *c)
{
    struct h1_head *const head = c->head;
    unsigned options = 0;
    if (has(head, FIELD_CONNECTION)) {
        struct elements e = elements_of(head, FIELD_CONNECTION);
        struct slice element;
        while (next_element(&e, c, FIELD_CONNECTION, &element)) {
            options |= option_of(element);
        }
    }
    head->keep_alive_asked = (options & OPTION_KEEP_ALIVE) != 0;
    head->keep_alive = (options & OPTION_CLOSE) == 0 && (head->minor > 0 || head->keep_alive_asked);
    head->upgrade = (options & OPTION_UPGRADE) != 0 && head->minor > 0 && has(head, FIELD_UPGRADE);
}

static enum h1_result check_expect(const struct check *c)
{
    if (!has(c->head, FIELD_EXPECT) || c->head->minor == 0) {
        return H1_DONE;
    }
    struct elements e = elements_of(c->head, FIELD_EXPECT);
    struct slice expectation;
    while (next_element(&e, c, FIELD_EXPECT, &expectation)) {
        if (expectation.len == 0) {
            continue;
        }
        if (!slice_eq_nocase(expectation, SLICE("100-continue"))) {
            return refuse(c, 417, FIELD_EXPECT, "unknown expectation");
        }
        c->head->expect_continue = true;
    }
    return H1_DONE;
}

enum h1_result h1_check_semantics(struct h1_head *head, const char *data, struct h1_error *error)
{
    const struct check c = {head, data, error};
    if (check_host(&c) == H1_BAD || check_transfer_encoding(&c) == H1_BAD ||
        check_content_length(&c) == H1_BAD || check_expect(&c) == H1_BAD) {
        return H1_BAD;
    }
    read_connection(&c);
    return H1_DONE;
}
