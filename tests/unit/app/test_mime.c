/* Content types by file name. */
#include "app/mime.h"
#include "base/compiler.h"

#include <check.h>
#include <stdlib.h>

Suite *suite_mime(void);

#define UNKNOWN "application/octet-stream"

static const struct {
    const char *path;
    const char *type;
} cases[] = {
    {"/index.html", "text/html; charset=utf-8"},
    {"a.HTML", "text/html; charset=utf-8"},
    {"/a.css", "text/css; charset=utf-8"},
    {"/a.min.js", "text/javascript; charset=utf-8"},
    {"/a.json", "application/json"},
    {"/a.svg", "image/svg+xml"},
    {"/a.png", "image/png"},
    {"/a.tar.gz", "application/gzip"},
    {"/a.webmanifest", "application/manifest+json"},
    {"/a.7z", "application/x-7z-compressed"},
    {"/a.zst", "application/zstd"},
    {"/a.wasm", "application/wasm"},
    {"/a.woff2", "font/woff2"},
    {"/a.txt", "text/plain; charset=utf-8"},
    {"/dir.html/file", UNKNOWN},
    {"/dir.html/", UNKNOWN},
    {"/.html", UNKNOWN},
    {".html", UNKNOWN},
    {"/a.", UNKNOWN},
    {"/a", UNKNOWN},
    {"/", UNKNOWN},
    {"", UNKNOWN},
    {"/a.unheardof", UNKNOWN},
    {"/a.htm\xc3\xbc", UNKNOWN},
    {"/a.averyveryverylongextension", UNKNOWN},
};

START_TEST(mime_type_comes_from_the_extension)
{
    const size_t len = strlen(cases[_i].path);
    char *const tight = malloc(len > 0 ? len : 1);
    memcpy(tight, cases[_i].path, len);
    ck_assert_str_eq(mime_type(slice_of(tight, len)), cases[_i].type);
    free(tight);
}
END_TEST

/* A search by halves finds an entry only if the table is sorted: each one is asked for. */
START_TEST(mime_table_finds_all_of_its_entries)
{
    static const char extensions[] = "aac apk apng atom avi avif bmp br bz2 c cjs conf csv deb "
                                     "diff dmg doc docx eot epub exe flac "
                                     "geojson gif glb gltf gpx gz h heic heif htm ico ics iso jar "
                                     "jpeg jpg js jsonld jxl log m3u8 m4a "
                                     "m4s m4v map md mid mjs mkv mov mp3 mp4 mpd mpeg mpg odp ods "
                                     "odt oga ogg ogv opus otf pdf ppt "
                                     "pptx rar rss rtf sh sql tar tgz tif tiff toml ts ttf vtt wav "
                                     "weba webm webp woff xhtml xls xlsx "
                                     "xml xz yaml yml zip";
    struct slice rest = slice_cstr(extensions);
    struct slice extension;
    while (slice_cut(&rest, ' ', &extension)) {
        char path[32] = "file.";
        memcpy(path + 5, extension.ptr, extension.len);
        ck_assert_msg(strcmp(mime_type(slice_cstr(path)), UNKNOWN) != 0, "%s", path);
    }
}
END_TEST

Suite *suite_mime(void)
{
    Suite *const suite = suite_create("mime");
    TCase *const tests = tcase_create("mime");
    tcase_add_loop_test(tests, mime_type_comes_from_the_extension, 0, (int)COUNT_OF(cases));
    tcase_add_test(tests, mime_table_finds_all_of_its_entries);
    suite_add_tcase(suite, tests);
    return suite;
}
