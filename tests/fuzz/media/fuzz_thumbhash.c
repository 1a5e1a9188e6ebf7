/* Any pixels have a hash of sane length. */
#include "media/thumbhash.h"

#include <stdlib.h>

#include "base/op.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    unsigned width = data[0], height = data[1];
    struct sp_op *op = sp_op_create(SP_OP_BUDGET_DEFAULT);
    if (!op)
        return 0;
    uint8_t hash[THUMBHASH_MAX_BYTES];
    size_t hash_size = 0;
    bool sound = width >= 1 && height >= 1 && width <= THUMBHASH_SIDE_MAX && height <= THUMBHASH_SIDE_MAX;
    if (!sound || (size_t)width * height * 4 <= size - 2) {
        struct sp_err *err = thumbhash_encode(op, width, height, data + 2, hash, &hash_size);
        if (sound != !err || (sound && (hash_size < 5 || hash_size > THUMBHASH_MAX_BYTES)))
            abort();
    }
    sp_op_destroy(op);
    return 0;
}
