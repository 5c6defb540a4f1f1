/* The files of a new project, from templates/new; made by cmake/embed.cmake at build time. */
#ifndef GARM_CLI_TEMPLATES_H
#define GARM_CLI_TEMPLATES_H

#include <stddef.h>

struct template_file {
    const char *path; /* within the project */
    const unsigned char *data;
    size_t size;
};

/* Ends with a NULL path. "@NAME@" in a file stands for the project's name. */
extern const struct template_file template_files[];

#endif
