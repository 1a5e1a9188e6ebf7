/* One asset in its own sandboxed process: from a mapped original to the fields of a reply. See each file. */
#ifndef SP_DECODE_DECODE_H
#define SP_DECODE_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include "media/protocol.h"

struct original {
    const void *data;
    size_t size;
};

struct outputs {
    int preview_fd, thumbnail_fd;
};

/* reply->status and message; the first failure stays. Always false, to end a function with. */
bool decode_fail(struct media_reply *reply, enum media_status status, const char *message);

/* picture.c: once in the zygote, without starting a thread: a thread would not survive the fork. */
bool picture_load_codecs(void);
/* Format and size from the header; checks the limits. Fills format, width, height. */
bool picture_look(const struct original *original, struct media_reply *reply);
/* Preview, thumbnail, thumbhash. After picture_look. */
bool picture_render(const struct original *original, const struct media_request *request, const struct outputs *outputs,
                    struct media_reply *reply);

/* metadata.c */
bool metadata_load_codecs(void);
/* Broken or missing metadata is no failure: what can be read is. */
void metadata_read(const struct original *original, struct media_metadata *metadata);

/* escape.c: tries what the sandbox forbids; the bits of what worked. */
uint32_t escape_attempts(void);

/* job.c: the life of the forked process. fds as the request's. */
void decode_one(const struct media_request *request, const int *fds, size_t fd_count, bool sandboxed)
    __attribute__((noreturn));

#endif
