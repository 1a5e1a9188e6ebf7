/*
 * Bodies of the contract: the first byte chooses the table, the rest is JSON. What is read can be written, what was
 * written can be read, and comes out the same. libFuzzer.
 */
#include <stdint.h>
#include <string.h>

#include "base/op.h"
#include "gen/api/albums_dto.h"
#include "gen/api/api_keys_dto.h"
#include "gen/api/assets_dto.h"
#include "gen/api/authentication_dto.h"
#include "gen/api/timeline_dto.h"
#include "gen/api/users_dto.h"

enum { ANSWER_MAX = 1 << 20, OP_BUDGET = 8 << 20 };

static const struct schema_type *const types[] = {
    &dto_create_album_schema,
    &dto_update_album_schema,
    &dto_bulk_ids_schema,
    &dto_api_key_create_schema,
    &dto_asset_bulk_upload_check_schema,
    &dto_asset_metadata_upsert_item_schema,
    &dto_login_credential_schema,
    &dto_sign_up_schema,
    &dto_asset_response_schema,
    &dto_time_bucket_asset_response_schema,
    &dto_user_admin_response_schema,
};

static bool read_write(struct sp_op *op, const struct schema_type *type, const char *text, size_t size,
                       struct sp_buf *ret_text)
{
    yyjson_val *root;
    void *object = NULL;
    struct sp_err *err = sp_json_parse(op, text, size, &root);
    if (!err)
        err = schema_read_json(op, type, root, &object);
    sp_assert((err == NULL) == (object != NULL));
    if (err)
        return false;
    struct sp_json_writer writer;
    sp_json_init(&writer, ret_text);
    err = schema_write(op, type, object, &writer);
    sp_assert(!err);
    return !ret_text->failed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct sp_op *op = sp_op_create(OP_BUDGET);
    struct sp_buf once, twice;
    sp_buf_init(&once, ANSWER_MAX);
    sp_buf_init(&twice, ANSWER_MAX);
    const struct schema_type *type = types[data[0] % SP_COUNT(types)];
    if (op && read_write(op, type, (const char *)data + 1, size - 1, &once)) {
        sp_assert(read_write(op, type, once.data, once.size, &twice));
        sp_assert(once.size == twice.size && memcmp(once.data, twice.data, once.size) == 0);
    }
    sp_buf_finish(&once);
    sp_buf_finish(&twice);
    sp_op_destroy(op);
    return 0;
}
