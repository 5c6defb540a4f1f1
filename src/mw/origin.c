/* Origins (see origin.h). */
#include "mw/origin.h"

#include <string.h>

const char *origin_authority(const char *origin)
{
    const char *const mark = strstr(origin, "://");
    return mark != NULL ? mark + 3 : "";
}

bool origin_valid(const char *origin)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789+-.";
    const size_t scheme = strspn(origin, letters);
    if (scheme == 0 || strncmp(origin + scheme, "://", 3) != 0) {
        return false;
    }
    const char *const authority = origin_authority(origin);
    return authority[0] != '\0' && authority[strcspn(authority, "/?#@*, \t\\")] == '\0';
}

bool origin_names_default_port(const char *origin)
{
    const char *const colon = strrchr(origin_authority(origin), ':');
    const bool http = strncmp(origin, "http://", 7) == 0;
    const bool https = strncmp(origin, "https://", 8) == 0;
    return colon != NULL &&
           ((http && strcmp(colon, ":80") == 0) || (https && strcmp(colon, ":443") == 0));
}
