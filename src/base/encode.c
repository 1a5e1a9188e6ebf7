/* Text encodings; see encode.h. */
#include "base/encode.h"

#include <string.h>

#include "base/op.h"

static const char hex_digits[] = "0123456789abcdef";
static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

int sp_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

char *sp_hex_encode(struct sp_op *op, const uint8_t *data, size_t size)
{
    char *text = sp_alloc(op, 2 * size + 1, 1);
    for (size_t i = 0; text && i < size; i++) {
        text[2 * i] = hex_digits[data[i] >> 4];
        text[2 * i + 1] = hex_digits[data[i] & 15];
    }
    return text;
}

bool sp_hex_decode(const char *text, uint8_t *ret_data, size_t size)
{
    if (strlen(text) != 2 * size)
        return false;
    for (size_t i = 0; i < 2 * size; i++)
        if (sp_hex_digit(text[i]) < 0)
            return false;
    for (size_t i = 0; i < size; i++)
        ret_data[i] = (uint8_t)(sp_hex_digit(text[2 * i]) << 4 | sp_hex_digit(text[2 * i + 1]));
    return true;
}

static char *base64(struct sp_op *op, const uint8_t *data, size_t size, const char *alphabet, bool padded)
{
    char *text = sp_alloc(op, size / 3 * 4 + 5, 1);
    if (!text)
        return NULL;
    char *out = text;
    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        uint32_t group = (uint32_t)data[i] << 16;
        if (left > 1)
            group |= (uint32_t)data[i + 1] << 8;
        if (left > 2)
            group |= data[i + 2];
        *out++ = alphabet[group >> 18];
        *out++ = alphabet[group >> 12 & 63];
        if (left > 1)
            *out++ = alphabet[group >> 6 & 63];
        else if (padded)
            *out++ = '=';
        if (left > 2)
            *out++ = alphabet[group & 63];
        else if (padded)
            *out++ = '=';
    }
    return text;
}

char *sp_base64_encode(struct sp_op *op, const uint8_t *data, size_t size)
{
    return base64(op, data, size, standard, true);
}

char *sp_base64url_encode(struct sp_op *op, const uint8_t *data, size_t size)
{
    return base64(op, data, size, url_safe, false);
}

static int base64_value(char c)
{
    const char *at = c ? strchr(standard, c) : NULL;
    return at ? (int)(at - standard) : -1;
}

bool sp_base64_decode(const char *text, uint8_t *ret_data, size_t capacity, size_t *ret_size)
{
    size_t length = strlen(text);
    if (length % 4 != 0)
        return false;
    size_t padding = 0;
    while (padding < 2 && padding < length && text[length - 1 - padding] == '=')
        padding++;
    size_t size = length / 4 * 3 - padding;
    if (size > capacity)
        return false;
    uint32_t group = 0;
    size_t written = 0;
    for (size_t i = 0; i < length; i++) {
        int value = i >= length - padding ? 0 : base64_value(text[i]);
        if (value < 0)
            return false;
        group = group << 6 | (uint32_t)value;
        if (i % 4 != 3)
            continue;
        for (int shift = 16; shift >= 0; shift -= 8) {
            uint8_t byte = (uint8_t)(group >> shift);
            if (written < size)
                ret_data[written++] = byte;
            else if (byte)
                return false; /* not canonical: bits behind the end */
        }
        group = 0;
    }
    *ret_size = size;
    return true;
}

bool sp_percent_decode(char *text, bool plus_is_space)
{
    char *out = text;
    for (const char *in = text; *in; in++) {
        if (*in == '+' && plus_is_space) {
            *out++ = ' ';
        } else if (*in == '%') {
            int high = sp_hex_digit(in[1]);
            int low = high < 0 ? -1 : sp_hex_digit(in[2]);
            if (low < 0 || (high == 0 && low == 0))
                return false;
            *out++ = (char)(high << 4 | low);
            in += 2;
        } else {
            *out++ = *in;
        }
    }
    *out = '\0';
    return sp_utf8_valid(text, (size_t)(out - text));
}

char *sp_percent_encode(struct sp_op *op, const char *text)
{
    char *encoded = sp_alloc(op, strlen(text) + 1, 3);
    char *out = encoded;
    for (const char *in = text; encoded && *in; in++) {
        unsigned char c = (unsigned char)*in;
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                     c == '.' || c == '_' || c == '~';
        if (plain) {
            *out++ = (char)c;
        } else {
            *out++ = '%';
            *out++ = "0123456789ABCDEF"[c >> 4];
            *out++ = "0123456789ABCDEF"[c & 15];
        }
    }
    return encoded;
}

/* Length of the sequence that starts here, 0 if it is malformed (Unicode 15, table 3-7). */
static size_t utf8_sequence(const unsigned char *s, size_t left)
{
    if (s[0] < 0x80)
        return 1;
    size_t length = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4 || left < length)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
        (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return length;
}

bool sp_utf8_valid(const char *text, size_t size)
{
    const unsigned char *s = (const unsigned char *)text;
    for (size_t i = 0; i < size;) {
        size_t length = utf8_sequence(s + i, size - i);
        if (length == 0)
            return false;
        i += length;
    }
    return true;
}

size_t sp_utf8_length(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}
