/* See exif_text.h. */
#include "media/exif_text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/encode.h"

enum { MINUTE_MS = 60 * 1000, QUARTER_MINUTES = 15, SLACK_MINUTES = 5 };

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/* How many bytes of text, which is capacity or longer, make whole characters below capacity. */
static size_t cut_length(const char *text, size_t capacity)
{
    size_t length = capacity - 1;
    while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
        length--;
    return length;
}

static const char *skip_language(const char *text)
{
    if (strncmp(text, "lang=", 5) != 0)
        return text;
    const char *space = strchr(text, ' ');
    return space ? space + 1 : "";
}

/* One byte of Latin-1 as UTF-8. */
static size_t put_latin(char *target, unsigned char c)
{
    if (c < 0x80) {
        target[0] = (char)c;
        return 1;
    }
    target[0] = (char)(0xc0 | c >> 6);
    target[1] = (char)(0x80 | (c & 0x3f));
    return 2;
}

/* 0x7f and U+0080 to U+009f (two bytes, c2 80 to c2 9f) are control characters, too. */
static void blank_controls(char *text)
{
    for (char *c = text; *c; c++) {
        if (((unsigned char)*c < ' ' && *c != '\n') || *c == 0x7f)
            *c = ' ';
        if ((unsigned char)c[0] == 0xc2 && (unsigned char)c[1] < 0xa0)
            c[0] = c[1] = ' ';
    }
}

void exif_clean_text(char *target, size_t capacity, const char *text)
{
    text = skip_language(text);
    while (is_blank(*text))
        text++;
    size_t length = strlen(text), written = 0;
    bool utf8 = sp_utf8_valid(text, length);
    if (utf8) {
        written = length < capacity ? length : cut_length(text, capacity);
        memcpy(target, text, written);
    }
    for (size_t i = 0; !utf8 && i < length && written + 2 < capacity; i++)
        written += put_latin(target + written, (unsigned char)text[i]);
    target[written] = '\0';
    blank_controls(target);
    while (written > 0 && is_blank(target[written - 1]))
        target[--written] = '\0';
}

/* Exactly count digits at *text, which moves on. */
static bool take_number(const char **text, unsigned count, unsigned *ret_number)
{
    unsigned number = 0;
    for (unsigned i = 0; i < count; i++, ++*text) {
        if (!is_digit(**text))
            return false;
        number = number * 10 + (unsigned)(**text - '0');
    }
    *ret_number = number;
    return true;
}

static bool take_one_of(const char **text, const char *characters)
{
    if (**text == '\0' || !strchr(characters, **text))
        return false;
    ++*text;
    return true;
}

bool exif_parse_fraction(const char *text, int64_t *ret_ms)
{
    int64_t ms = 0, unit = 100;
    while (is_blank(*text))
        text++;
    if (!is_digit(*text))
        return false;
    for (; is_digit(*text); text++, unit /= 10)
        ms += unit * (*text - '0');
    *ret_ms = ms;
    return true;
}

bool exif_parse_time(const char *text, int64_t *ret_ms)
{
    static const struct {
        unsigned digits;
        const char *behind;
    } parts[] = {{4, ":-/."}, {2, ":-/."}, {2, " T"}, {2, ":"}, {2, ":"}, {2, NULL}};
    unsigned value[SP_COUNT(parts)];
    while (is_blank(*text))
        text++;
    for (size_t i = 0; i < SP_COUNT(parts); i++)
        if (!take_number(&text, parts[i].digits, &value[i]) ||
            (parts[i].behind && !take_one_of(&text, parts[i].behind)))
            return false;
    if (value[0] < 1800)
        return false;
    char iso[SP_ISO_TIME_BYTES];
    snprintf(iso, sizeof(iso), "%04u-%02u-%02uT%02u:%02u:%02uZ", value[0], value[1], value[2], value[3], value[4],
             value[5]);
    int64_t ms, fraction = 0;
    if (!sp_time_parse(iso, &ms))
        return false;
    if (*text == '.')
        (void)!exif_parse_fraction(text + 1, &fraction); /* a point without digits is none */
    *ret_ms = ms + fraction;
    return true;
}

/* Behind the time, if a time stands before it: the date's own hyphens are no signs. */
static const char *find_offset(const char *text)
{
    const char *time = strchr(text, 'T');
    if (time)
        text = time + 1;
    const char *found = strpbrk(text, "+-Zz");
    return found;
}

bool exif_parse_offset(const char *text, int32_t *ret_minutes)
{
    const char *at = find_offset(text);
    unsigned hours, minutes = 0;
    if (!at)
        return false;
    if (*at == 'Z' || *at == 'z') {
        *ret_minutes = 0;
        return true;
    }
    int32_t sign = *at++ == '-' ? -1 : 1;
    if (!take_number(&at, 2, &hours))
        return false;
    if (*at == ':')
        at++;
    if (!take_number(&at, 2, &minutes) || hours > 14 || minutes > 59)
        return false;
    *ret_minutes = sign * (int32_t)(hours * 60 + minutes);
    return true;
}

bool exif_offset_between(int64_t local_ms, int64_t utc_ms, int32_t *ret_minutes)
{
    double minutes = ((double)local_ms - (double)utc_ms) / MINUTE_MS;
    double quarter = round(minutes / QUARTER_MINUTES) * QUARTER_MINUTES;
    if (fabs(minutes - quarter) > SLACK_MINUTES || quarter < -12 * 60 || quarter > 14 * 60)
        return false;
    *ret_minutes = (int32_t)quarter;
    return true;
}

void exif_format_exposure(double seconds, char *target, size_t capacity)
{
    target[0] = '\0';
    if (!isfinite(seconds) || seconds <= 0 || seconds > 1e6 || seconds < 1e-7)
        return;
    if (seconds > 0.25001)
        snprintf(target, capacity, "%.4g", seconds);
    else
        snprintf(target, capacity, "1/%.0f", 1 / seconds);
}
