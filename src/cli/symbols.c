/* Names of functions: from the loader, which knows the exported ones, else from the symbol table in
 * the file, which has the static ones too until it is stripped. Trusts no offset in the file. */
#include "cli/symbols.h"

#include "base/limits.h"
#include "base/sys.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>

#define SECTIONS_MAX    4096
#define TABLE_BYTES_MAX MIB(64)

/* Reads all of size bytes at `offset` to memory of the arena; NULL if they are not there. */
static void *read_at(int fd, uint64_t offset, uint64_t size, struct arena *arena)
{
    if (offset > INT64_MAX || size > TABLE_BYTES_MAX) {
        return NULL;
    }
    char *const data = arena_alloc(arena, size + 1);
    size_t have = 0;
    while (data != NULL && have < size) {
        const ssize_t n = sys_pread(fd, data + have, size - have, (int64_t)(offset + have));
        if (n <= 0) {
            return NULL;
        }
        have += (size_t)n;
    }
    if (data != NULL) {
        data[size] = '\0';
    }
    return data;
}

/* The name of the function symbol with this value. */
static const char *find_symbol(const ElfW(Sym) * symbols, size_t count, const char *names,
                               size_t names_size, uint64_t value)
{
    for (size_t i = 0; i < count; i++) {
        if (ELF64_ST_TYPE(symbols[i].st_info) == STT_FUNC && symbols[i].st_value == value &&
            symbols[i].st_shndx != SHN_UNDEF && symbols[i].st_name < names_size) {
            return names + symbols[i].st_name;
        }
    }
    return NULL;
}

/* Looks through the symbol table of a file for the function at `value`, an offset from its base. */
static const char *search_file(int fd, uint64_t value, struct arena *arena)
{
    const ElfW(Ehdr) *const header = read_at(fd, 0, sizeof(*header), arena);
    if (header == NULL || header->e_shentsize != sizeof(ElfW(Shdr)) ||
        header->e_shnum > SECTIONS_MAX) {
        return NULL;
    }
    const size_t count = header->e_shnum;
    const ElfW(Shdr) *const sections =
        read_at(fd, header->e_shoff, count * sizeof(*sections), arena);
    for (size_t i = 0; sections != NULL && i < count; i++) {
        const ElfW(Shdr) *const table = &sections[i];
        if (table->sh_type != SHT_SYMTAB || table->sh_link >= count) {
            continue;
        }
        const ElfW(Shdr) *const strings = &sections[table->sh_link];
        const ElfW(Sym) *const symbols = read_at(fd, table->sh_offset, table->sh_size, arena);
        const char *const names = read_at(fd, strings->sh_offset, strings->sh_size, arena);
        return symbols == NULL || names == NULL
                   ? NULL
                   : find_symbol(symbols, table->sh_size / sizeof(*symbols), names,
                                 strings->sh_size, value);
    }
    return NULL;
}

static const char *copy(const char *name, struct arena *arena)
{
    return name == NULL ? NULL : arena_dup(arena, slice_cstr(name));
}

const char *symbol_name(const void *function, struct arena *arena)
{
    Dl_info info = {0};
    struct link_map *map = NULL;
    if (dladdr1(function, &info, (void **)&map, RTLD_DL_LINKMAP) == 0 || map == NULL) {
        return NULL;
    }
    if (info.dli_sname != NULL && info.dli_saddr == function) {
        return copy(info.dli_sname, arena);
    }
    const char *const path = map->l_name[0] != '\0' ? map->l_name : "/proc/self/exe";
    const int fd = sys_open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return NULL;
    }
    struct arena tables;
    arena_init(&tables, NULL, 0, 4 * TABLE_BYTES_MAX);
    const char *const name =
        copy(search_file(fd, (uint64_t)((uintptr_t)function - map->l_addr), &tables), arena);
    arena_clear(&tables);
    sys_close(fd);
    return name;
}
