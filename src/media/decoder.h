/*
 * The worker's side of swissphoto-decode: one zygote process for all job threads, one decoding process for each call.
 * The zygote is started on first use, ends when it has been idle, and is started again when it is needed or has died.
 * Thread-safe; several calls decode at once, up to children_max.
 */
#ifndef SP_MEDIA_DECODER_H
#define SP_MEDIA_DECODER_H

#include "base/attr.h"
#include "media/protocol.h"
#include <stdbool.h>
#include <stdint.h>

struct media_decoder;
struct sp_err;
struct sp_op;

struct media_decoder_config {
    const char *program;    /* path of swissphoto-decode */
    bool unsafe_no_sandbox; /* the operator's explicit wish */
    unsigned children_max;  /* decoding processes at once; further calls wait. 0: as many as the zygote takes */
    uint32_t idle_exit_ms;  /* without work the zygote gives its memory back after this. 0: a minute */
};

struct media_task {
    unsigned operations; /* enum media_operation, or-ed */
    int input_fd;        /* a regular file, open for reading; the caller keeps it */
    /* With MEDIA_DERIVATIVES: emptied and written; the caller keeps them, and drops them when the call fails. */
    int preview_fd, thumbnail_fd;
    unsigned self_test; /* with MEDIA_SELF_TEST */
};

enum { MEDIA_PREVIEW_PX = 1440, MEDIA_THUMBNAIL_PX = 250, MEDIA_QUALITY = 80 };

SP_MUST_CHECK struct sp_err *media_decoder_create(struct sp_op *op, const struct media_decoder_config *config,
                                                  struct media_decoder **ret_decoder);
/* No call may be under way. What still decodes is killed. NULL is legal. */
void media_decoder_destroy(struct media_decoder *decoder);
/*
 * Blocks until the asset is decoded or op's deadline (at most a minute) passed. SP_MEDIA with a sentence for people
 * when the file is to blame; SP_UNAVAILABLE when another try may help. ret_reply lives in op and has passed the
 * protocol's bounds.
 */
SP_MUST_CHECK struct sp_err *media_decode(struct sp_op *op, struct media_decoder *decoder,
                                          const struct media_task *task, const struct media_reply **ret_reply);
/*
 * Whether decoding works here at all: the program runs, its codecs load, its sandbox closes. For the worker's start,
 * so that a kernel without seccomp is one clear message and not an error state on every asset.
 */
SP_MUST_CHECK struct sp_err *media_decoder_probe(struct sp_op *op, struct media_decoder *decoder);

#endif
