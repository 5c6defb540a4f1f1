/* A table of text in aligned columns. */
#ifndef GARM_CLI_TABLE_H
#define GARM_CLI_TABLE_H

#include "base/buf.h"

#include <stddef.h>

#define TABLE_COLUMNS_MAX 8

struct table {
    const char *const *titles; /* one per column */
    size_t columns;
    /* Where a table of all columns would be wider than a terminal, those from here on have lines of
     * their own below each row: 'title value'. */
    size_t columns_kept;
    const char *const *cells; /* row by row; "" for nothing */
    size_t rows;
};

/** Appends it; columns in which nothing stands are left out. */
void table_write(const struct table *table, struct buf *out);

#endif
