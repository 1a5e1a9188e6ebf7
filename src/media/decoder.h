/*
 * The worker's side of swissphoto-decode: one zygote process for all job threads, one decoding process for each call.
 * The zygote is started on first use and again whenever it has ended. Thread-safe.
 */
#ifndef SP_MEDIA_DECODER_H
#define SP_MEDIA_DECODER_H

#include <stdbool.h>
#include "base/attr.h"
#include "media/protocol.h"

struct media_decoder;
struct sp_err;
struct sp_op;

struct media_decoder_config {
    const char *program;     /* path of swissphoto-decode */
    bool unsafe_no_sandbox;  /* the operator's explicit wish */
};

struct media_task {
    unsigned operations; /* enum media_operation */
    int input_fd;        /* read-only; the caller keeps it */
    int preview_fd, thumbnail_fd; /* with MEDIA_DERIVATIVES: where the files are written; the caller keeps them */
};

enum { MEDIA_PREVIEW_PX = 1440, MEDIA_THUMBNAIL_PX = 250, MEDIA_QUALITY = 80 };

SP_MUST_CHECK struct sp_err *media_decoder_create(struct sp_op *op, const struct media_decoder_config *config,
                                                  struct media_decoder **ret_decoder);
void media_decoder_destroy(struct media_decoder *decoder); /* NULL is legal */
/*
 * Blocks until the asset is decoded or op's deadline (at most a minute) passed. SP_MEDIA with a sentence for people when
 * the file is to blame; SP_UNAVAILABLE when another try may help. The reply has passed media_reply_check.
 */
SP_MUST_CHECK struct sp_err *media_decode(struct sp_op *op, struct media_decoder *decoder,
                                          const struct media_task *task, const struct media_reply **ret_reply);

#endif
