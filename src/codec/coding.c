/* The Accept-Encoding field (RFC 9110 section 12.5.3). */
#include "codec/coding.h"

#include "base/text.h"

#define UNSET (-1)

int quality_parse(struct slice text)
{
    if (text.len == 0 || text.len > 5 || (text.ptr[0] != '0' && text.ptr[0] != '1') ||
        (text.len > 1 && text.ptr[1] != '.')) {
        return -1;
    }
    int quality = (text.ptr[0] - '0') * QUALITY_MAX;
    int unit = 100;
    for (size_t i = 2; i < text.len; i++, unit /= 10) {
        if (!text_is_digit(text.ptr[i])) {
            return -1;
        }
        quality += (text.ptr[i] - '0') * unit;
    }
    return quality <= QUALITY_MAX ? quality : -1;
}

struct slice coding_name(enum coding coding)
{
    static const struct slice names[CODING_COUNT_] = {
        [CODING_BROTLI] = SLICE_INIT("br"),
        [CODING_ZSTD] = SLICE_INIT("zstd"),
        [CODING_GZIP] = SLICE_INIT("gzip"),
        [CODING_IDENTITY] = SLICE_INIT("identity"),
    };
    return names[coding];
}

/* "coding;q=0.5": false if it is malformed. */
static bool split_element(struct slice element, struct slice *ret_name, int *ret_quality)
{
    struct slice name = {0};
    if (!slice_cut(&element, ';', &name)) {
        return false;
    }
    *ret_name = slice_trim(name);
    *ret_quality = QUALITY_MAX;
    const struct slice weight = slice_trim(element);
    if (weight.len == 0) {
        return ret_name->len > 0;
    }
    if (!slice_starts_with_nocase(weight, SLICE("q="))) {
        return false;
    }
    *ret_quality = quality_parse(slice_of(weight.ptr + 2, weight.len - 2));
    return ret_name->len > 0 && *ret_quality >= 0;
}

static size_t find_coding(struct slice name)
{
    if (slice_eq_nocase(name, SLICE("x-gzip"))) {
        return CODING_GZIP;
    }
    size_t i = 0;
    while (i < CODING_COUNT_ && !slice_eq_nocase(name, coding_name((enum coding)i))) {
        i++;
    }
    return i;
}

void coding_qualities(struct slice accept_encoding, int ret_qualities[CODING_COUNT_])
{
    int any = UNSET;
    struct slice element;
    for (size_t i = 0; i < CODING_COUNT_; i++) {
        ret_qualities[i] = UNSET;
    }
    while (slice_cut(&accept_encoding, ',', &element)) {
        struct slice name;
        int quality = 0;
        if (!split_element(element, &name, &quality)) {
            continue;
        }
        const size_t coding = find_coding(name);
        if (coding < CODING_COUNT_) {
            ret_qualities[coding] = quality;
        } else if (slice_eq(name, SLICE("*"))) {
            any = quality;
        }
    }
    for (size_t i = 0; i < CODING_COUNT_; i++) {
        if (ret_qualities[i] == UNSET) {
            ret_qualities[i] = any != UNSET ? any : i == CODING_IDENTITY ? 1 : 0;
        }
    }
}
