/* One asset in its own sandboxed process: from a mapped original to the fields of a reply. See each file. */
#ifndef SP_DECODE_DECODE_H
#define SP_DECODE_DECODE_H

#include "base/attr.h"
#include "media/protocol.h"
#include <stdbool.h>
#include <stddef.h>

struct os_sandbox;
struct sp_op;

/* How a decoding process ends. Anything but 0 and a signal is answered for by the zygote. */
enum decode_exit { DECODE_ANSWERED, DECODE_SILENT, DECODE_NO_MEMORY };

struct original {
    const void *data;
    size_t size;
};

struct outputs {
    int preview_fd, thumbnail_fd;
};

/* reply->status, message and detail (NULL: none); the first failure stays. Always false, to end a function with. */
bool decode_fail(struct media_reply *reply, enum media_status status, const char *message, const char *detail);

/* codecs.c: once in the zygote. No thread may be started: a thread would not survive the fork. False: said on stderr.
 */
bool codecs_load(void);
/* "jpeg", …; NULL: no picture that is decoded. */
const char *codecs_format_of(const struct original *original);

/* picture.c. Format and size from the header; checks the limits. Fills format, width, height. */
bool picture_look(const struct original *original, struct media_reply *reply);
/* Preview, thumbnail, thumbhash. After picture_look. */
bool picture_render(struct sp_op *op, const struct original *original, const struct media_request *request,
                    const struct outputs *outputs, struct media_reply *reply);

/* metadata.c. Broken or missing metadata is no failure: what can be read is. */
void metadata_read(const struct original *original, struct media_metadata *metadata);
/* Of a TIFF: its first picture is not the picture, but a small one before the sensor's data (DNG, NEF, ARW, CR2). */
bool metadata_is_raw(const struct original *original);

/* escape.c: tries what the sandbox forbids; prepared outside of it. False: there is no attempt of that number. */
void escape_prepare(void);
bool escape_attempt(unsigned number, struct media_reply *reply);

/* job.c: the life of the forked process. fds as the request's; sandbox NULL: the operator wanted none. */
SP_NORETURN void decode_one(const struct media_request *request, const int *fds, size_t fd_count,
                            const struct os_sandbox *sandbox);

#endif
