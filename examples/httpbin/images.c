/* /image chooses by the Accept field, /image/{kind} by name. */
#include "httpbin.h"
#include "images.h"

#include <string.h>
#include <strings.h>

/* In the order of preference where a client takes several. */
static const struct image {
    const char *kind, *type;
    const void *data;
    const size_t *size; /* NULL: up to its NUL */
} images[] = {
    {"webp", "image/webp", paw_webp, &paw_webp_size},
    {"svg", "image/svg+xml", paw_svg, NULL},
    {"jpeg", "image/jpeg", paw_jpeg, &paw_jpeg_size},
    {"png", "image/png", paw_png, &paw_png_size},
};
#define IMAGE_COUNT (sizeof(images) / sizeof(images[0]))

static int reply_image(garm_ctx *c, const struct image *image)
{
    const size_t size = image->size != NULL ? *image->size : strlen(image->data);
    return garm_bytes_view(c, 200, image->type, image->data, size);
}

/* Is the type on the list, with whatever parameters? */
static bool accepts(const char *list, const char *type)
{
    const size_t len = strlen(type);
    while (*list != '\0') {
        list += strspn(list, " \t,");
        if (strncasecmp(list, type, len) == 0 && strchr("; \t,", list[len]) != NULL) {
            return true;
        }
        list += strcspn(list, ",");
    }
    return false;
}

static int choose_image(garm_ctx *c)
{
    const char *const list = garm_header(c, "Accept");
    GARM_TRY(garm_set_header(c, "Vary", "Accept"));
    for (size_t i = 0; i < IMAGE_COUNT; i++) {
        if (accepts(list, images[i].type)) {
            return reply_image(c, &images[i]);
        }
    }
    if (*list == '\0' || accepts(list, "image/*") || accepts(list, "*/*")) {
        return reply_image(c, &images[IMAGE_COUNT - 1]);
    }
    return reply_status(c, 406);
}

static int show_image(garm_ctx *c)
{
    const char *const kind = garm_param(c, "kind");
    for (size_t i = 0; i < IMAGE_COUNT; i++) {
        if (strcmp(images[i].kind, kind) == 0) {
            return reply_image(c, &images[i]);
        }
    }
    return 404;
}

void add_images(garm_app *app)
{
    garm_route(app, "GET /image", choose_image);
    garm_route(app, "GET /image/{kind}", show_image);
}
