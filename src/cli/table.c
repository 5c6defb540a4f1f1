/* Tables as text: as narrow as their content lets them be, wrapped by whole cells where that is too
 * wide. */
#include "cli/table.h"

#include <stdbool.h>
#include <string.h>

#define TABLE_WIDTH 80
#define TABLE_GAP   2

struct layout {
    size_t widths[TABLE_COLUMNS_MAX]; /* 0: nothing stands there */
    size_t kept;                      /* columns of the table proper */
};

static const char *cell_at(const struct table *table, size_t row, size_t column)
{
    return table->cells[row * table->columns + column];
}

static size_t width_of(const struct table *table, size_t column)
{
    size_t width = 0;
    for (size_t row = 0; row < table->rows; row++) {
        const size_t len = strlen(cell_at(table, row, column));
        width = len > width ? len : width;
    }
    const size_t title = strlen(table->titles[column]);
    return width > 0 && width < title ? title : width;
}

static struct layout lay_out(const struct table *table)
{
    struct layout layout = {.kept = table->columns};
    size_t total = 0;
    for (size_t i = 0; i < table->columns; i++) {
        layout.widths[i] = width_of(table, i);
        total += layout.widths[i] > 0 ? layout.widths[i] + TABLE_GAP : 0;
    }
    if (total > TABLE_WIDTH + TABLE_GAP) {
        layout.kept = table->columns_kept;
    }
    return layout;
}

static void pad(struct buf *out, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buf_append_byte(out, ' ');
    }
}

/* One line; blanks only between two cells. */
static void write_line(const struct layout *layout, const char *const *cells, struct buf *out)
{
    size_t owed = 0;
    for (size_t i = 0; i < layout->kept; i++) {
        if (layout->widths[i] == 0) {
            continue;
        }
        const size_t len = strlen(cells[i]);
        if (len > 0) {
            pad(out, owed);
            buf_append(out, cells[i], len);
            owed = 0;
        }
        owed += layout->widths[i] - len + TABLE_GAP;
    }
    buf_append_byte(out, '\n');
}

static void write_below(const struct table *table, const struct layout *layout, size_t row,
                        struct buf *out)
{
    for (size_t i = layout->kept; i < table->columns; i++) {
        const char *const cell = cell_at(table, row, i);
        if (cell[0] != '\0') {
            buf_printf(out, "    %s %s\n", table->titles[i], cell);
        }
    }
}

void table_write(const struct table *table, struct buf *out)
{
    const struct layout layout = lay_out(table);
    write_line(&layout, table->titles, out);
    for (size_t row = 0; row < table->rows; row++) {
        write_line(&layout, table->cells + row * table->columns, out);
        write_below(table, &layout, row, out);
    }
}
