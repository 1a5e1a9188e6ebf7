/* Parameters of header values; see header_value.h. */
#include "http/header_value.h"

#include <string.h>
#include <strings.h>

#include "base/encode.h"
#include "base/op.h"

static size_t blanks(const char *text) { return strspn(text, " \t"); }

bool http_value_is(const char *value, const char *name)
{
    value += blanks(value);
    size_t length = strlen(name);
    return strncasecmp(value, name, length) == 0 && strchr("; \t", value[length]) != NULL;
}

/* text points at the opening quote; the length with both quotes (an unclosed one ends with the text). */
static size_t quoted_length(const char *text)
{
    size_t i = 1;
    while (text[i] && text[i] != '"')
        i += text[i] == '\\' && (text[i + 1] == '"' || text[i + 1] == '\\') ? 2 : 1;
    return text[i] ? i + 1 : i;
}

/* Finds the raw value behind "name="; NULL: absent. ret_length counts quotes. */
static const char *find(const char *value, const char *name, size_t *ret_length)
{
    size_t wanted = strlen(name);
    value += strcspn(value, ";");
    while (*value == ';') {
        value++;
        value += blanks(value);
        size_t length = strcspn(value, "=;");
        size_t trimmed = length;
        while (trimmed > 0 && (value[trimmed - 1] == ' ' || value[trimmed - 1] == '\t'))
            trimmed--;
        bool found = trimmed == wanted && strncasecmp(value, name, wanted) == 0;
        value += length;
        if (*value == '=') {
            value++;
            value += blanks(value);
            length = *value == '"' ? quoted_length(value) : strcspn(value, "; \t");
            *ret_length = length;
            if (found)
                return value;
            value += length;
        }
        value += strcspn(value, ";");
    }
    return NULL;
}

const char *http_value_parameter(struct sp_op *op, const char *value, const char *name)
{
    size_t length;
    const char *raw = find(value, name, &length);
    if (!raw || raw[0] != '"')
        return raw ? sp_strndup(op, raw, length) : NULL;
    size_t end = length > 1 && raw[length - 1] == '"' ? length - 1 : length;
    char *text = sp_alloc(op, length, 1);
    for (size_t i = 1, to = 0; text && i < end; i++) {
        if (raw[i] == '\\' && i + 1 < end && (raw[i + 1] == '"' || raw[i + 1] == '\\'))
            i++;
        text[to++] = raw[i];
    }
    return text;
}

static char *latin1_to_utf8(struct sp_op *op, const char *text)
{
    char *utf8 = sp_alloc(op, 2 * strlen(text) + 1, 1), *to = utf8;
    for (; utf8 && *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c >= 0x80)
            *to++ = (char)(0xc0 | c >> 6);
        *to++ = (char)(c < 0x80 ? c : 0x80 | (c & 0x3f));
    }
    return utf8;
}

/* %XX without a look at what it makes; false: a bad escape or %00. */
static bool unescape(char *text)
{
    char *to = text;
    for (; *text; text++) {
        if (*text == '%') {
            int high = sp_hex_digit(text[1]), low = high < 0 ? -1 : sp_hex_digit(text[2]);
            if (low < 0 || (high == 0 && low == 0))
                return false;
            *to++ = (char)(high << 4 | low);
            text += 2;
        } else {
            *to++ = *text;
        }
    }
    *to = '\0';
    return true;
}

const char *http_value_extended_parameter(struct sp_op *op, const char *value, const char *name)
{
    const char *starred = sp_format(op, "%s*", name);
    size_t length;
    const char *raw = starred ? find(value, starred, &length) : NULL;
    if (!raw)
        return NULL;
    bool utf8 = length > 6 && strncasecmp(raw, "UTF-8'", 6) == 0;
    bool latin1 = length > 11 && strncasecmp(raw, "ISO-8859-1'", 11) == 0;
    size_t charset = utf8 ? 6 : 11;
    const char *quote = utf8 || latin1 ? memchr(raw + charset, '\'', length - charset) : NULL;
    char *text = quote ? sp_strndup(op, quote + 1, length - (size_t)(quote + 1 - raw)) : NULL;
    if (!text || !unescape(text))
        return NULL;
    if (latin1)
        return latin1_to_utf8(op, text);
    return sp_utf8_valid(text, strlen(text)) ? text : NULL;
}

const char *http_disposition(struct sp_op *op, bool attachment, const char *file_name)
{
    const char *kind = attachment ? "attachment" : "inline";
    char *fallback = sp_strdup(op, file_name);
    const char *encoded = sp_percent_encode(op, file_name);
    if (!fallback || !encoded)
        return NULL;
    for (char *c = fallback; *c; c++)
        if ((unsigned char)*c < ' ' || (unsigned char)*c >= 0x7f || strchr("\"\\%/", *c))
            *c = '_';
    return sp_format(op, "%s; filename=\"%s\"; filename*=UTF-8''%s", kind, fallback, encoded);
}
