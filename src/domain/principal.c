/* See principal.h. Called on worker threads by the permission gate (src/api/dispatch.c) and by access.c. */
#include "domain/principal.h"

#include <string.h>

bool principal_may(const struct principal *who, const char *permission)
{
    if (who->all_permissions)
        return true;
    for (size_t i = 0; i < who->permissions.count; i++)
        if (strcmp(who->permissions.items[i], permission) == 0)
            return true;
    return false;
}
