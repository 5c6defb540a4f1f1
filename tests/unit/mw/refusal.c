/* See refusal.h. */
#include "refusal.h"

#include <check.h>
#include <stdio.h>

const char *refusal_of(void (*setup)(garm_app *app))
{
    static char line[1024];
    const garm_app_entry entry = GARM_ENTRY(setup);
    char *error = NULL;
    garm_server *const server = garm_server_new(&entry, &error, .listen = {"127.0.0.1:0"});
    ck_assert_msg(server == NULL, "the start was not refused");
    snprintf(line, sizeof(line), "%s", error != NULL ? error : "");
    garm_free(error);
    return line;
}
