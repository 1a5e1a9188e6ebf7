/* See redis_url.h. */
#include "queue/redis_url.h"

#include <stdbool.h>
#include <string.h>

#include "base/encode.h"
#include "base/op.h"

enum { DEFAULT_PORT = 6379, PORT_MAX = 65535, DATABASE_MAX = 9999 };

/* Digits alone, low to high. */
static bool read_number(const char *text, int low, int high, int *ret_number)
{
    int number = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        number = number * 10 + (*text - '0');
        if (number > high)
            return false;
    }
    *ret_number = number;
    return number >= low;
}

/* Cuts text at the first c; what is behind it, or NULL. */
static char *cut(char *text, char c)
{
    char *at = strchr(text, c);
    if (at)
        *at++ = '\0';
    return at;
}

static struct sp_err *read_database(struct sp_op *op, const char *text, struct redis_url *url)
{
    if (read_number(text, 0, DATABASE_MAX, &url->database))
        return NULL;
    return sp_fail(op, SP_INVALID, "The Redis URL's database must be a number from 0 to %d", DATABASE_MAX);
}

static struct sp_err *read_query(struct sp_op *op, const char *query, struct redis_url *url)
{
    if (strncmp(query, "db=", 3) != 0)
        return sp_fail(op, SP_INVALID, "The Redis URL knows no parameter but ?db=N");
    return read_database(op, query + 3, url);
}

/* "[user]:password": a user without a password is no way to log in. */
static struct sp_err *read_credentials(struct sp_op *op, char *text, struct redis_url *url)
{
    char *password = cut(text, ':');
    if (!password || !sp_percent_decode(text, false) || !sp_percent_decode(password, false))
        return sp_fail(op, SP_INVALID, "The Redis URL must have [user]:password (percent-encoded) before its @");
    url->user = *text ? text : NULL;
    url->password = *password ? password : NULL;
    return NULL;
}

/* "host", "host:port", "[::1]:port" */
static struct sp_err *read_host(struct sp_op *op, char *text, struct redis_url *url)
{
    char *port = NULL;
    bool good = true;
    if (*text == '[') {
        char *behind = cut(++text, ']');
        good = behind && (!*behind || *behind == ':');
        port = good && *behind ? behind + 1 : NULL;
    } else {
        port = cut(text, ':');
    }
    url->host = text;
    url->port = DEFAULT_PORT;
    if (!good || !*text || (port && !read_number(port, 1, PORT_MAX, &url->port)))
        return sp_fail(op, SP_INVALID, "The Redis URL must name host[:port], an IPv6 address in brackets");
    return NULL;
}

static struct sp_err *read_address(struct sp_op *op, char *text, struct redis_url *url)
{
    char *query = cut(text, '?'), *database = cut(text, '/'), *at = strrchr(text, '@');
    if (at) {
        *at = '\0';
        SP_TRY(read_credentials(op, text, url));
        text = at + 1;
    }
    if (database && *database)
        SP_TRY(read_database(op, database, url));
    if (query)
        SP_TRY(read_query(op, query, url));
    return read_host(op, text, url);
}

static struct sp_err *read_socket(struct sp_op *op, char *text, struct redis_url *url)
{
    char *query = cut(text, '?');
    if (text[0] != '/' || !sp_percent_decode(text, false))
        return sp_fail(op, SP_INVALID, "The Redis URL must name an absolute path: unix:///path/to.sock");
    url->socket = text;
    return query ? read_query(op, query, url) : NULL;
}

struct sp_err *redis_url_parse(struct sp_op *op, const char *text, struct redis_url *ret_url)
{
    struct redis_url url = {0};
    char *copy = sp_strdup(op, text);
    SP_OWN(copy);
    if (strncmp(copy, "unix://", 7) == 0)
        SP_TRY(read_socket(op, copy + 7, &url));
    else if (strncmp(copy, "redis://", 8) == 0)
        SP_TRY(read_address(op, copy + 8, &url));
    else
        return sp_fail(op, SP_INVALID, "The Redis URL must begin with unix:// or redis:// (TLS is a proxy's work)");
    *ret_url = url;
    return NULL;
}
