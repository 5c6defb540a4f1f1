/* Loading a shared object that holds an application, and saying what is wrong with one that does
 * not. */
#include "cli/object.h"

#include "base/limits.h"
#include "base/sys.h"

#include <garm/version.h>

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/stat.h>

#define HOW_TO_BUILD "build one with: cc -shared -fPIC -o app.so app.c"

/* Ours, by the linker: what the machine of an object must be. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

static int refuse(struct buf *error, const char *path, const char *reason)
{
    buf_printf(error, "%s %s", path, reason);
    return -ENOEXEC;
}

/* What the beginning of the file tells. */
static int check_header(const char *path, const ElfW(Ehdr) * header, size_t size, struct buf *error)
{
    const bool elf = size >= EI_NIDENT && memcmp(header->e_ident, ELFMAG, SELFMAG) == 0;
    if (!elf) {
        return refuse(error, path, "is no shared object (not ELF); " HOW_TO_BUILD);
    }
    if (size < sizeof(*header)) {
        return refuse(error, path, "is no shared object: the file ends too early");
    }
    if (header->e_ident[EI_CLASS] != __ehdr_start.e_ident[EI_CLASS] ||
        header->e_ident[EI_DATA] != __ehdr_start.e_ident[EI_DATA] ||
        header->e_machine != __ehdr_start.e_machine) {
        return refuse(error, path, "was built for another machine than this garm");
    }
    if (header->e_type == ET_REL) {
        return refuse(error, path, "is not linked yet; " HOW_TO_BUILD);
    }
    return header->e_type == ET_DYN
               ? 0
               : refuse(error, path, "is a program; run it as it is, or " HOW_TO_BUILD);
}

/* Does the file end before what is to be mapped of it? The loader would die of that. */
static int check_segments(const char *path, int fd, const ElfW(Ehdr) * header, int64_t file_size,
                          struct buf *error)
{
    const uint64_t size = (uint64_t)file_size;
    for (size_t i = 0; i < header->e_phnum; i++) {
        ElfW(Phdr) segment = {0};
        const uint64_t offset = header->e_phoff + i * sizeof(segment);
        const bool read =
            header->e_phentsize == sizeof(segment) && offset < size &&
            sys_pread(fd, &segment, sizeof(segment), (int64_t)offset) == (ssize_t)sizeof(segment);
        if (!read || segment.p_offset > size || segment.p_filesz > size - segment.p_offset) {
            return refuse(error, path, "is no shared object: the file ends too early");
        }
    }
    return 0;
}

static int check_open_file(const char *path, int fd, struct buf *error)
{
    ElfW(Ehdr) header = {0};
    struct stat stat = {0};
    ssize_t size = 0;
    int rc = sys_fstat(fd, &stat);
    if (rc == 0 && S_ISREG(stat.st_mode)) {
        size = sys_pread(fd, &header, sizeof(header), 0);
        rc = size < 0 ? (int)size : 0;
    }
    if (rc < 0) {
        buf_printf(error, "cannot read %s: %s", path, sys_error_text(rc));
        return rc;
    }
    if (!S_ISREG(stat.st_mode)) {
        return refuse(error, path, "is no shared object: not a regular file");
    }
    TRY(check_header(path, &header, (size_t)size, error));
    return check_segments(path, fd, &header, stat.st_size, error);
}

static int check_file(const char *path, struct buf *error)
{
    const int fd = sys_open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        buf_printf(error, "cannot read %s: %s", path, sys_error_text(fd));
        return fd;
    }
    const int rc = check_open_file(path, fd, error);
    sys_close(fd);
    return rc;
}

/* dlerror begins with the path, as we do. */
static int refuse_load(const char *path, struct buf *error)
{
    const char *const reason = dlerror();
    const char *const text = reason != NULL ? reason : "cannot be loaded";
    const bool prefixed = strncmp(text, path, strlen(path)) == 0;
    buf_printf(error, "%s%s%s", prefixed ? "" : path, prefixed ? "" : ": ", text);
    if (strstr(text, "undefined symbol: garm_") != NULL) {
        buf_printf(error, "; this garm (%s) has no such function: rebuild it against these headers",
                   garm_version());
    } else if (strstr(text, "undefined symbol: ") != NULL) {
        buf_printf(error, "; link it with the library that has this symbol");
    } else if (strstr(text, "position-independent executable") != NULL) {
        buf_printf(error, "; run it as it is, or " HOW_TO_BUILD);
    }
    return -ENOEXEC;
}

static int load(const char *path, const garm_app_entry **ret_entry, struct buf *error)
{
    TRY(check_file(path, error));
    void *const handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        return refuse_load(path, error);
    }
    const garm_app_entry *const entry = dlsym(handle, "garm_app_entry_");
    if (entry == NULL) {
        return refuse(error, path, "is no Garm application: it has no GARM_APP(app) { ... }");
    }
    if (entry->abi != GARM_ABI) {
        buf_printf(error,
                   "%s: built for ABI %d, this garm has %d: rebuild it against these headers", path,
                   entry->abi, GARM_ABI);
        return -ENOEXEC;
    }
    *ret_entry = entry;
    return 0;
}

int object_load(const char *path, const garm_app_entry **ret_entry, struct buf *ret_error)
{
    struct buf here;
    buf_init(&here, KIB(64));
    buf_printf(&here, "%s%s", strchr(path, '/') == NULL ? "./" : "", path);
    int rc = here.error;
    if (rc < 0) {
        buf_printf(ret_error, "%s", sys_error_text(rc));
    } else {
        rc = load(buf_cstr(&here), ret_entry, ret_error);
    }
    buf_deinit(&here);
    return rc;
}
