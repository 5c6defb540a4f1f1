/* Names of functions: from the loader, which knows the exported ones, else from the symbol table in
 * the file, which has the static ones too until it is stripped. Trusts no offset in the file. Files
 * are read once, and kept for as long as the command runs. */
#include "cli/symbols.h"

#include "base/limits.h"
#include "base/sys.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>

#define FILES_MAX       32
#define SECTIONS_MAX    4096
#define TABLE_BYTES_MAX MIB(64)

/* Of one loaded file; without symbols if it was stripped, or makes no sense. */
struct symbol_table {
    const struct link_map *map;
    const ElfW(Sym) * symbols;
    size_t count;
    const char *names;
    size_t names_size;
};

static struct symbol_table tables[FILES_MAX];
static size_t table_count;
static struct arena memory; /* of the tables */

/* Reads all of size bytes at `offset`; NULL if they are not there. */
static void *read_at(int fd, uint64_t offset, uint64_t size)
{
    if (offset > INT64_MAX || size > TABLE_BYTES_MAX) {
        return NULL;
    }
    char *const data = arena_alloc(&memory, size + 1);
    if (data == NULL || sys_pread_all(fd, data, size, (int64_t)offset) != (ssize_t)size) {
        return NULL;
    }
    data[size] = '\0';
    return data;
}

/* The table of one section, with its strings. */
static void take_section(int fd, const ElfW(Shdr) * section, const ElfW(Shdr) * strings,
                         struct symbol_table *table)
{
    const ElfW(Sym) *const symbols = read_at(fd, section->sh_offset, section->sh_size);
    const char *const names = read_at(fd, strings->sh_offset, strings->sh_size);
    if (symbols != NULL && names != NULL) {
        table->symbols = symbols;
        table->count = section->sh_size / sizeof(*symbols);
        table->names = names;
        table->names_size = strings->sh_size;
    }
}

static void read_table(int fd, struct symbol_table *table)
{
    const ElfW(Ehdr) *const header = read_at(fd, 0, sizeof(*header));
    if (header == NULL || header->e_shentsize != sizeof(ElfW(Shdr)) ||
        header->e_shnum > SECTIONS_MAX) {
        return;
    }
    const size_t count = header->e_shnum;
    const ElfW(Shdr) *const sections = read_at(fd, header->e_shoff, count * sizeof(*sections));
    for (size_t i = 0; sections != NULL && i < count; i++) {
        if (sections[i].sh_type == SHT_SYMTAB && sections[i].sh_link < count) {
            take_section(fd, &sections[i], &sections[sections[i].sh_link], table);
            return;
        }
    }
}

/* The table of a loaded file, read when it is first asked for. NULL when there are too many. */
static const struct symbol_table *table_of(const struct link_map *map)
{
    for (size_t i = 0; i < table_count; i++) {
        if (tables[i].map == map) {
            return &tables[i];
        }
    }
    if (table_count == FILES_MAX) {
        return NULL;
    }
    if (table_count == 0) {
        arena_init(&memory, NULL, 0, FILES_MAX * TABLE_BYTES_MAX);
    }
    struct symbol_table *const table = &tables[table_count++];
    table->map = map;
    const char *const path = map->l_name[0] != '\0' ? map->l_name : "/proc/self/exe";
    const int fd = sys_open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        read_table(fd, table);
        sys_close(fd);
    }
    return table;
}

/* The name of the function symbol with this value, an offset from the file's base. */
static const char *find_symbol(const struct symbol_table *table, uint64_t value)
{
    for (size_t i = 0; table != NULL && i < table->count; i++) {
        const ElfW(Sym) *const symbol = &table->symbols[i];
        if (ELF64_ST_TYPE(symbol->st_info) == STT_FUNC && symbol->st_value == value &&
            symbol->st_shndx != SHN_UNDEF && symbol->st_name < table->names_size) {
            return table->names + symbol->st_name;
        }
    }
    return NULL;
}

const char *symbol_name(const void *function, struct arena *arena)
{
    Dl_info info = {0};
    struct link_map *map = NULL;
    if (dladdr1(function, &info, (void **)&map, RTLD_DL_LINKMAP) == 0 || map == NULL) {
        return NULL;
    }
    const char *const name =
        info.dli_sname != NULL && info.dli_saddr == function
            ? info.dli_sname
            : find_symbol(table_of(map), (uint64_t)((uintptr_t)function - map->l_addr));
    return name == NULL ? NULL : arena_dup(arena, slice_cstr(name));
}
