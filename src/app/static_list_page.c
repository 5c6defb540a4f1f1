/* A listing as a page for people, and as JSON for programs. */
#include "app/static_listing.h"

#include "app/problem.h"
#include "base/date.h"
#include "base/limits.h"
#include "codec/target.h"

#include <errno.h>

/* How much is rendered at a time. */
#define PIECE_BYTES KIB(64)

/* The longest name that Linux has, each byte escaped. */
#define HREF_SIZE (3 * 256)

static const char style[] =
    ":root{color-scheme:light dark}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "h1{font-size:1.3rem;overflow-wrap:anywhere}"
    "table{border-collapse:collapse;width:100%}"
    "th,td{padding:.3rem .6rem;text-align:left;border-bottom:1px solid #8884}"
    "th a{color:inherit}td:first-child{overflow-wrap:anywhere}"
    ".n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}"
    "a{text-decoration:none}a:hover{text-decoration:underline}"
    "tbody tr:hover{background:#8881}";

/* As text within an element or a quoted attribute. */
static void put_escaped(struct buf *out, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        const struct slice entity = html_entity(text.ptr[i]);
        buf_append_slice(out, entity.len > 0 ? entity : slice_of(text.ptr + i, 1));
    }
}

/* A relative reference to the name: every byte that could mean anything else is escaped. */
static void put_href(struct buf *out, struct slice name, bool directory)
{
    char href[HREF_SIZE];
    const size_t len = name.len <= sizeof(href) / 3 ? percent_encode(name, "", href) : 0;
    buf_append(out, href, len);
    if (directory) {
        buf_append_byte(out, '/');
    }
}

/* "512 B", "1.5 KiB" */
static void put_size(struct buf *out, uint64_t size)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    size_t unit = 0;
    if (size < 1024) {
        buf_printf(out, "%u B", (unsigned)size);
        return;
    }
    uint64_t tenths = size / 1024 * 10 + size % 1024 * 10 / 1024;
    while (tenths >= 10240 && unit + 1 < sizeof(units) / sizeof(units[0])) {
        tenths /= 1024;
        unit++;
    }
    buf_printf(out, "%u.%u %s", (unsigned)(tenths / 10), (unsigned)(tenths % 10), units[unit]);
}

/* Beyond what 64 bits of nanoseconds can hold (the years 1677 to 2262), the nearest that they
 * can. */
static void write_iso(int64_t seconds, char *out)
{
    const int64_t end = INT64_MAX / NS_PER_SEC;
    const int64_t held = seconds > end ? end : seconds < -end ? -end : seconds;
    date_to_iso(held * NS_PER_SEC, out);
}

static void put_date(struct buf *out, int64_t modified_s)
{
    char iso[DATE_ISO_SIZE];
    write_iso(modified_s, iso);
    buf_printf(out, "<time datetime=\"%.19sZ\">%.10s %.5s</time>", iso, iso, iso + 11);
}

/* The head of a column, which sorts by it, the other way round if it is sorted by it already. */
static void put_column(struct buf *out, const struct listing *listing, enum listing_order order,
                       const char *text)
{
    const bool chosen = listing->order == order;
    const char *const name = listing_order_name(order);
    buf_printf(out, "<th scope=\"col\"%s%s><a href=\"?sort=%s&amp;order=%s\">%s%s</a></th>",
               order == ORDER_NAME ? "" : " class=\"n\"",
               !chosen               ? ""
               : listing->descending ? " aria-sort=\"descending\""
                                     : " aria-sort=\"ascending\"",
               name, chosen && !listing->descending ? "desc" : "asc", text,
               !chosen               ? ""
               : listing->descending ? " \xe2\x86\x93"
                                     : " \xe2\x86\x91");
}

static void begin_page(struct listing *listing)
{
    struct buf *const out = &listing->out;
    buf_printf(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                    "<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
    put_escaped(out, listing->title);
    buf_printf(out, "</title>\n<style>%s</style>\n</head>\n<body>\n<h1>", style);
    put_escaped(out, listing->title);
    buf_printf(out, "</h1>\n<table>\n<thead>\n<tr>");
    put_column(out, listing, ORDER_NAME, "Name");
    put_column(out, listing, ORDER_SIZE, "Size");
    put_column(out, listing, ORDER_DATE, "Changed (UTC)");
    buf_printf(out, "</tr>\n</thead>\n<tbody>\n");
    if (listing->path[0] != '\0') {
        buf_printf(out,
                   "<tr><td><a href=\"../\">Parent directory</a></td><td></td><td></td></tr>\n");
    }
}

static void put_row(struct listing *listing, const struct listed *entry)
{
    struct buf *const out = &listing->out;
    const struct slice name = listed_name(listing, entry);
    buf_append_slice(out, SLICE("<tr><td><a href=\""));
    put_href(out, name, entry->directory);
    buf_append_slice(out, SLICE("\">"));
    put_escaped(out, name);
    buf_append_slice(out, entry->directory ? SLICE("/</a></td><td class=\"n\">")
                                           : SLICE("</a></td><td class=\"n\">"));
    if (!entry->directory) {
        put_size(out, entry->size);
    }
    buf_append_slice(out, SLICE("</td><td class=\"n\">"));
    put_date(out, entry->modified_s);
    buf_append_slice(out, SLICE("</td></tr>\n"));
}

static void end_page(struct listing *listing)
{
    struct buf *const out = &listing->out;
    buf_printf(out, "</tbody>\n</table>\n<p>%zu %s%s</p>\n</body>\n</html>\n", listing->count,
               listing->count == 1 ? "entry" : "entries",
               listing->cut ? "; there are more, which are not shown" : "");
}

static void begin_json(struct listing *listing)
{
    struct json *const writer = &listing->writer;
    json_init(writer, &listing->out);
    json_begin_object(writer);
    json_key(writer, SLICE("path"));
    json_string(writer, listing->title);
    json_key(writer, SLICE("complete"));
    json_bool(writer, !listing->cut);
    json_key(writer, SLICE("entries"));
    json_begin_array(writer);
}

static void put_json(struct listing *listing, const struct listed *entry)
{
    char iso[DATE_ISO_SIZE];
    struct json *const writer = &listing->writer;
    write_iso(entry->modified_s, iso);
    json_begin_object(writer);
    json_key(writer, SLICE("name"));
    json_string(writer, listed_name(listing, entry));
    json_key(writer, SLICE("type"));
    json_string(writer, entry->directory ? SLICE("directory") : SLICE("file"));
    if (!entry->directory) {
        json_key(writer, SLICE("size"));
        json_uint(writer, entry->size);
    }
    json_key(writer, SLICE("modified"));
    json_string(writer, slice_of(iso, sizeof(iso)));
    json_end_object(writer);
}

static void end_json(struct listing *listing)
{
    json_end_array(&listing->writer);
    json_end_object(&listing->writer);
    const int rc = json_finish(&listing->writer);
    listing->result = rc < 0 ? rc : listing->result;
}

void listing_render(struct listing *listing)
{
    buf_clear(&listing->out);
    if (!listing->begun) {
        listing->begun = true;
        (listing->json ? begin_json : begin_page)(listing);
    }
    while (listing->next < listing->count && listing->out.len < PIECE_BYTES) {
        const struct listed *const entry = &listing->entries[listing->next++];
        (listing->json ? put_json : put_row)(listing, entry);
    }
    if (listing->next == listing->count && listing->out.len < PIECE_BYTES) {
        (listing->json ? end_json : end_page)(listing);
        listing->ended = true;
    }
    if (listing->out.error < 0) {
        listing->result = listing->out.error;
    }
}
