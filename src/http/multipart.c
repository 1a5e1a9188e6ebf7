/* The multipart/form-data parser; see multipart.h. */
#include "http/multipart.h"

#include <string.h>
#include <strings.h>

#include "base/encode.h"
#include "base/err.h"
#include "base/op.h"
#include "http/header_value.h"
#include "http/server.h"

enum state {
    PREAMBLE,       /* before the first boundary: skipped */
    AFTER_BOUNDARY, /* "--" ends the body, CRLF begins a part's headers */
    HEADERS,
    DATA,
    EPILOGUE /* behind the closing boundary: skipped */
};

struct http_multipart {
    struct sp_op *op;
    struct http_multipart_sink sink;
    enum state state;
    char delimiter[HTTP_BOUNDARY_MAX + 5]; /* "\r\n--boundary" */
    size_t delimiter_length;
    size_t matched; /* how much of it the input's last bytes were; at the very start its CRLF counts as seen */
    char headers[HTTP_PART_HEADER_BYTES_MAX + 1];
    size_t header_bytes;
    char tail[2]; /* AFTER_BOUNDARY: what followed so far, blanks aside */
    size_t tail_bytes;
    unsigned parts;
    bool is_file;
    size_t text_bytes;
};

static struct sp_err *malformed(struct sp_op *op, const char *what)
{
    return sp_fail(op, SP_INVALID, "The multipart body is malformed: %s.", what);
}

struct sp_err *http_multipart_create(struct sp_op *op, const char *content_type, const struct http_multipart_sink *sink,
                                     struct http_multipart **ret_multipart)
{
    if (!http_value_is(content_type, "multipart/form-data"))
        return sp_fail(op, SP_UNSUPPORTED, "The body must be multipart/form-data.");
    const char *boundary = http_value_parameter(op, content_type, "boundary");
    size_t length = boundary ? strlen(boundary) : 0;
    if (length == 0 || length > HTTP_BOUNDARY_MAX || strpbrk(boundary, "\r\n"))
        return sp_fail(op, SP_INVALID, "The Content-Type has no usable boundary.");
    struct http_multipart *multipart;
    SP_NEW(op, multipart);
    multipart->op = op;
    multipart->sink = *sink;
    memcpy(multipart->delimiter, "\r\n--", 4);
    memcpy(multipart->delimiter + 4, boundary, length);
    multipart->delimiter_length = length + 4;
    multipart->matched = 2;
    *ret_multipart = multipart;
    return NULL;
}

/* ---- one part's headers ---- */

/* Browsers and undici write a quote and line breaks in a name as %22, %0D, %0A, and nothing else so. */
static void undo_browser_escapes(char *text)
{
    char *to = text;
    for (; *text; text++) {
        bool escape = text[0] == '%' && text[1] && text[2];
        char c = !escape                            ? '\0'
                 : strncmp(text, "%22", 3) == 0     ? '"'
                 : strncasecmp(text, "%0d", 3) == 0 ? '\r'
                 : strncasecmp(text, "%0a", 3) == 0 ? '\n'
                                                    : '\0';
        *to++ = c ? c : *text;
        text += c ? 2 : 0;
    }
    *to = '\0';
}

static struct sp_err *read_name(struct sp_op *op, const char *value, const char *parameter, const char **ret_text)
{
    const char *plain = http_value_parameter(op, value, parameter);
    const char *text = http_value_extended_parameter(op, value, parameter);
    if (!text && plain) {
        char *copy = sp_strdup(op, plain);
        SP_OWN(copy);
        undo_browser_escapes(copy);
        if (!sp_utf8_valid(copy, strlen(copy)))
            return malformed(op, "a name is not UTF-8");
        text = copy;
    }
    *ret_text = text;
    return NULL;
}

static struct sp_err *read_header(struct sp_op *op, char *line, struct http_part *part)
{
    char *colon = strchr(line, ':');
    if (!colon || strcspn(line, " \t:\r\n") != (size_t)(colon - line) || colon == line || strpbrk(colon, "\r\n"))
        return malformed(op, "a part has a header line without a name");
    *colon = '\0';
    const char *value = colon + 1 + strspn(colon + 1, " \t");
    if (strcasecmp(line, "Content-Disposition") == 0) {
        if (!http_value_is(value, "form-data"))
            return malformed(op, "a part is no form-data");
        SP_TRY(read_name(op, value, "name", &part->name));
        SP_TRY(read_name(op, value, "filename", &part->file_name));
    } else if (strcasecmp(line, "Content-Type") == 0) {
        if (!sp_utf8_valid(value, strlen(value)))
            return malformed(op, "a part's type is no text");
        SP_OWN(part->content_type = sp_strdup(op, value));
    }
    return NULL;
}

static struct sp_err *begin_part(struct http_multipart *multipart)
{
    struct sp_op *op = multipart->op;
    struct http_part part = {0};
    multipart->headers[multipart->header_bytes] = '\0';
    if (strlen(multipart->headers) != multipart->header_bytes)
        return malformed(op, "a part's header has a NUL");
    for (char *line = multipart->headers; *line;) {
        char *end = strstr(line, "\r\n");
        *end = '\0';
        if (*line)
            SP_TRY(read_header(op, line, &part));
        line = end + 2;
    }
    if (!part.name)
        return malformed(op, "a part has no name");
    multipart->is_file = part.file_name != NULL;
    multipart->text_bytes = 0;
    multipart->state = DATA;
    multipart->matched = 0;
    return multipart->sink.part(multipart->sink.context, &part);
}

/* ---- the states ---- */

static struct sp_err *pass_on(struct http_multipart *multipart, const char *data, size_t size)
{
    if (size == 0 || multipart->state != DATA)
        return NULL;
    if (!multipart->is_file) {
        multipart->text_bytes += size;
        if (multipart->text_bytes > HTTP_TEXT_PART_BYTES_MAX)
            return sp_fail(multipart->op, SP_TOO_LARGE, "A field of the form is larger than %d bytes.",
                           HTTP_TEXT_PART_BYTES_MAX);
    }
    return multipart->sink.data(multipart->sink.context, data, size);
}

/*
 * DATA and PREAMBLE: up to the delimiter. Its CR is its first byte and nowhere else in it (a boundary has none), so a
 * match that breaks off was data up to there, and the next one can only begin at the byte that broke it.
 */
static struct sp_err *take_data(struct http_multipart *multipart, const char *data, size_t size, size_t *ret_taken)
{
    const char *delimiter = multipart->delimiter;
    size_t length = multipart->delimiter_length, at = 0;
    if (multipart->matched > 0) { /* held back from the last piece */
        size_t held = multipart->matched;
        while (at < size && held + at < length && data[at] == delimiter[held + at])
            at++;
        if (held + at < length && at == size) {
            multipart->matched = held + at;
            *ret_taken = size;
            return NULL;
        }
        multipart->matched = 0;
        *ret_taken = at;
        if (held + at == length) {
            multipart->state = AFTER_BOUNDARY;
            return NULL;
        }
        return pass_on(multipart, delimiter, held + at);
    }
    const char *cr = data;
    while ((cr = memchr(cr, '\r', size - (size_t)(cr - data)))) {
        size_t rest = size - (size_t)(cr - data), most = rest < length ? rest : length;
        if (memcmp(cr, delimiter, most) == 0) {
            *ret_taken = (size_t)(cr - data) + most;
            SP_TRY(pass_on(multipart, data, (size_t)(cr - data)));
            if (most == length)
                multipart->state = AFTER_BOUNDARY;
            else
                multipart->matched = most;
            return NULL;
        }
        if (++cr == data + size)
            break;
    }
    *ret_taken = size;
    return pass_on(multipart, data, size);
}

static struct sp_err *take_after_boundary(struct http_multipart *multipart, char c)
{
    if ((c == ' ' || c == '\t') && multipart->tail_bytes == 0) /* transport padding, RFC 2046 section 5.1.1 */
        return NULL;
    multipart->tail[multipart->tail_bytes++] = c;
    if (multipart->tail_bytes < sizeof(multipart->tail))
        return NULL;
    multipart->tail_bytes = 0;
    if (memcmp(multipart->tail, "--", 2) == 0) {
        multipart->state = EPILOGUE;
        return NULL;
    }
    if (memcmp(multipart->tail, "\r\n", 2) != 0)
        return malformed(multipart->op, "a boundary is followed by something else");
    if (++multipart->parts > HTTP_PARTS_MAX)
        return sp_fail(multipart->op, SP_TOO_LARGE, "The form has more than %d parts.", HTTP_PARTS_MAX);
    multipart->header_bytes = 0;
    multipart->state = HEADERS;
    return NULL;
}

static struct sp_err *take_header(struct http_multipart *multipart, char c)
{
    if (multipart->header_bytes == HTTP_PART_HEADER_BYTES_MAX)
        return sp_fail(multipart->op, SP_TOO_LARGE, "A part's headers are larger than %d bytes.",
                       HTTP_PART_HEADER_BYTES_MAX);
    multipart->headers[multipart->header_bytes++] = c;
    const char *headers = multipart->headers;
    size_t size = multipart->header_bytes;
    if (size >= 4 && memcmp(headers + size - 4, "\r\n\r\n", 4) == 0)
        return begin_part(multipart);
    if (size == 2 && memcmp(headers, "\r\n", 2) == 0)
        return malformed(multipart->op, "a part has no headers");
    return NULL;
}

struct sp_err *http_multipart_feed(struct http_multipart *multipart, const void *data, size_t size)
{
    const char *at = data, *end = at + size;
    while (at < end) {
        size_t taken = 1;
        switch (multipart->state) {
        case PREAMBLE:
        case DATA:
            SP_TRY(take_data(multipart, at, (size_t)(end - at), &taken));
            break;
        case AFTER_BOUNDARY:
            SP_TRY(take_after_boundary(multipart, *at));
            break;
        case HEADERS:
            SP_TRY(take_header(multipart, *at));
            break;
        case EPILOGUE:
            return NULL;
        }
        at += taken;
    }
    return NULL;
}

struct sp_err *http_multipart_finish(struct http_multipart *multipart)
{
    if (multipart->state == EPILOGUE)
        return NULL;
    return malformed(multipart->op, "it ends before its closing boundary");
}
