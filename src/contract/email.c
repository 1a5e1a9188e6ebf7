/* See email.h. Any thread. */
#include "contract/email.h"

#include <string.h>

/* RFC 5321 section 4.5.3.1: local part 64, path 256 with its brackets; RFC 1035: label 63. */
enum { EMAIL_MAX = 254, LOCAL_MAX = 64, LABEL_MAX = 63 };
#define LETTERS_AND_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

static bool is_label(const char *label, size_t length)
{
    return length >= 1 && length <= LABEL_MAX && label[0] != '-' && label[length - 1] != '-';
}

bool schema_is_email(const char *text)
{
    size_t local = strspn(text, LETTERS_AND_DIGITS ".!#$%&'*+/=?^_`{|}~-");
    if (local < 1 || local > LOCAL_MAX || text[local] != '@' || strlen(text) > EMAIL_MAX)
        return false;
    for (const char *label = text + local + 1;; label++) {
        size_t length = strspn(label, LETTERS_AND_DIGITS "-");
        if (!is_label(label, length))
            return false;
        label += length;
        if (*label != '.')
            return *label == '\0';
    }
}
