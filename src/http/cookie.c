/* Reading cookies; see cookie.h. */
#include "http/cookie.h"

#include <string.h>

#include "base/op.h"

const char *http_cookie_value(struct sp_op *op, const char *header, const char *name)
{
    size_t wanted = strlen(name);
    while (*header) {
        header += strspn(header, " \t;");
        size_t length = strcspn(header, ";");
        const char *equals = memchr(header, '=', length);
        size_t end = length;
        while (end > 0 && (header[end - 1] == ' ' || header[end - 1] == '\t'))
            end--;
        if (equals && (size_t)(equals - header) == wanted && memcmp(header, name, wanted) == 0) {
            const char *value = equals + 1;
            size_t size = (size_t)(header + end - value);
            if (size >= 2 && value[0] == '"' && value[size - 1] == '"') {
                value++;
                size -= 2;
            }
            return sp_strndup(op, value, size);
        }
        header += length;
    }
    return NULL;
}
