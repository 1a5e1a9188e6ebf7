/* Messages between the worker and the decoder: whatever parses packs again to the same bytes. */
#include "media/protocol.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct media_reply reply;
    struct media_request request;
    uint8_t again[MEDIA_MESSAGE_MAX_BYTES];
    if (media_request_parse(data, size, &request) &&
        (media_request_pack(&request, again) != size || memcmp(again, data, size) != 0))
        abort();
    if (!media_reply_parse(data, size, &reply))
        return 0;
    if (strlen(reply.metadata.description) >= MEDIA_DESCRIPTION_BYTES || reply.thumbhash_size > MEDIA_THUMBHASH_BYTES)
        abort();
    /* a text may hold a NUL inside, which the parser must have refused */
    if (media_reply_pack(&reply, again) != size || memcmp(again, data, size) != 0)
        abort();
    return 0;
}
