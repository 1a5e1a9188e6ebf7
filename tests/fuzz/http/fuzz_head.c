/*
 * Any head, taken apart as libmicrohttpd does: what is accepted has one meaning. The look between the fields must not
 * read outside of the head, whatever the pointers say.
 */
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/heap.h"
#include "http/head_check.h"

enum { FIELDS = 128 };

static void check(const struct http_head *head)
{
    unsigned lengths = 0, codings = 0;
    for (size_t i = 0; i < head->field_count; i++) {
        lengths += strcasecmp(head->fields[i].name, "content-length") == 0;
        codings += strcasecmp(head->fields[i].name, "transfer-encoding") == 0;
        sp_assert(!strpbrk(head->fields[i].name, " \t:\r\n") && *head->fields[i].name);
    }
    sp_assert(lengths + codings <= 1);
    sp_assert(head->chunked == (codings == 1) && (head->content_length >= 0) == (lengths == 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_field fields[FIELDS];
    size_t count = 0;
    char *head = sp_heap_new(size + 1, 1);
    memcpy(head, data, size);
    char *end = head + size;
    for (char *c = head; c < end; c++)
        if (*c == '\n') {
            *c = '\0';
            if (c > head && c[-1] == '\r')
                c[-1] = '\0';
        }
    for (char *at = head + strlen(head); at < end && count < FIELDS;) {
        while (at < end && !*at)
            at++;
        char *colon = at < end ? strchr(at, ':') : NULL;
        if (!colon)
            break;
        *colon = '\0';
        fields[count].name = at;
        at = colon + 1 + strspn(colon + 1, " \t");
        fields[count++].value = at;
        at += strlen(at);
    }
    struct http_head checked;
    if (!http_head_check(head, fields, count, &checked))
        check(&checked);
    (void)http_head_is_strict(head, fields, count, end); /* must only not read beyond the memory */
    sp_heap_free(head);
    return 0;
}
