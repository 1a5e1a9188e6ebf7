/* Dates, tags and ranges; see conditional.h. */
#include "http/conditional.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"

static const char days[7][4] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"}; /* 1970-01-01 was a Thursday */
static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static int64_t floor_seconds(sp_time_ms time) { return time >= 0 ? time / 1000 : -((999 - time) / 1000); }

void http_date_format(sp_time_ms time, char ret_text[static HTTP_DATE_BYTES])
{
    int64_t seconds = floor_seconds(time);
    int64_t day_number = seconds >= 0 ? seconds / 86400 : -((86399 - seconds) / 86400), year;
    int second = (int)(seconds - day_number * 86400);
    unsigned month, day;
    sp_civil_from_days(day_number, &year, &month, &day);
    if (year < 0 || year > 9999) {
        http_date_format(0, ret_text);
        return;
    }
    char text[64]; /* as wide as the compiler believes these numbers could be */
    snprintf(text, sizeof(text), "%s, %02u %s %04u %02d:%02d:%02d GMT", days[((day_number % 7) + 7) % 7], day,
             months[month - 1], (unsigned)year, second / 3600, second / 60 % 60, second % 60);
    memcpy(ret_text, text, HTTP_DATE_BYTES - 1);
    ret_text[HTTP_DATE_BYTES - 1] = '\0';
}

static bool number(const char *text, unsigned digits, unsigned *ret_number)
{
    *ret_number = 0;
    for (unsigned i = 0; i < digits; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *ret_number = *ret_number * 10 + (unsigned)(text[i] - '0');
    }
    return true;
}

bool http_date_parse(const char *text, sp_time_ms *ret_time)
{
    unsigned day, month = 0, year, hour, minute, second;
    if (strlen(text) != HTTP_DATE_BYTES - 1 || memcmp(text + 3, ", ", 2) != 0 || memcmp(text + 25, " GMT", 4) != 0 ||
        text[7] != ' ' || text[11] != ' ' || text[16] != ' ' || text[19] != ':' || text[22] != ':')
        return false;
    if (!number(text + 5, 2, &day) || !number(text + 12, 4, &year) || !number(text + 17, 2, &hour) ||
        !number(text + 20, 2, &minute) || !number(text + 23, 2, &second))
        return false;
    while (month < 12 && memcmp(text + 8, months[month], 3) != 0)
        month++;
    if (month == 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60)
        return false;
    int64_t seconds = sp_days_from_civil(year, month + 1, day) * 86400 + hour * 3600 + minute * 60 + second;
    *ret_time = seconds * 1000;
    return true;
}

/* The opaque part, without W/. */
static const char *opaque(const char *etag) { return strncmp(etag, "W/", 2) == 0 ? etag + 2 : etag; }

bool http_etag_listed(const char *list, const char *etag)
{
    const char *wanted = opaque(etag);
    size_t wanted_length = strlen(wanted);
    while (*list) {
        list += strspn(list, " \t,");
        if (*list == '*')
            return true;
        const char *tag = opaque(list);
        if (*tag != '"')
            return false; /* malformed from here on */
        size_t length = 1 + strcspn(tag + 1, "\"");
        length += tag[length] == '"';
        if (length == wanted_length && memcmp(tag, wanted, length) == 0)
            return true;
        list = tag + length;
    }
    return false;
}

static bool not_modified(const struct http_conditions *conditions, const char *etag, sp_time_ms modified_at)
{
    sp_time_ms since;
    if (conditions->if_none_match) /* then If-Modified-Since does not count */
        return etag && http_etag_listed(conditions->if_none_match, etag);
    return conditions->if_modified_since && http_date_parse(conditions->if_modified_since, &since) &&
           floor_seconds(modified_at) <= since / 1000;
}

/* Strong comparison: a part must fit byte by byte to what the client has. */
static bool range_applies(const char *if_range, const char *etag, sp_time_ms modified_at)
{
    sp_time_ms date;
    if (!if_range)
        return true;
    if (*if_range == '"')
        return etag && strcmp(if_range, etag) == 0;
    return http_date_parse(if_range, &date) && floor_seconds(modified_at) == date / 1000;
}

/* Digits up to anything else; saturates. The number of digits, 0 for none. */
static size_t position(const char *text, int64_t *ret_value)
{
    size_t digits = 0;
    *ret_value = 0;
    for (; text[digits] >= '0' && text[digits] <= '9'; digits++)
        if (__builtin_mul_overflow(*ret_value, 10, ret_value) ||
            __builtin_add_overflow(*ret_value, text[digits] - '0', ret_value))
            *ret_value = INT64_MAX / 10 - 10;
    return digits;
}

static enum http_range_verdict parse_range(const char *range, int64_t size, int64_t *ret_first, int64_t *ret_length)
{
    if (strncasecmp(range, "bytes=", 6) != 0)
        return HTTP_WHOLE;
    int64_t first, last = INT64_MAX;
    const char *at = range + 6 + strspn(range + 6, " \t");
    size_t digits = position(at, &first);
    at += digits;
    if (*at++ != '-')
        return HTTP_WHOLE;
    size_t more_digits = position(at, &last);
    at += more_digits;
    at += strspn(at, " \t");
    if (*at || (!digits && !more_digits) || (digits && more_digits && last < first))
        return HTTP_WHOLE;
    if (!digits) { /* the last bytes */
        first = last < size ? size - last : 0;
        if (last == 0 || size == 0)
            return HTTP_UNSATISFIABLE;
        last = size - 1;
    }
    if (first >= size)
        return HTTP_UNSATISFIABLE;
    if (!more_digits || last >= size)
        last = size - 1;
    *ret_first = first;
    *ret_length = last - first + 1;
    return HTTP_PART;
}

enum http_range_verdict http_condition_decide(const struct http_conditions *conditions, const char *etag,
                                              sp_time_ms modified_at, int64_t size, int64_t *ret_first,
                                              int64_t *ret_length)
{
    if (not_modified(conditions, etag, modified_at))
        return HTTP_NOT_MODIFIED;
    if (!conditions->range || !range_applies(conditions->if_range, etag, modified_at))
        return HTTP_WHOLE;
    return parse_range(conditions->range, size, ret_first, ret_length);
}
