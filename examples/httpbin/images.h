/* The images of images_data.c. */
#ifndef HTTPBIN_IMAGES_H
#define HTTPBIN_IMAGES_H

#include <stddef.h>

extern const unsigned char paw_png[], paw_jpeg[], paw_webp[];
extern const size_t paw_png_size, paw_jpeg_size, paw_webp_size;
extern const char paw_svg[];

#endif
