/* The generated tables at work on bodies that real clients send and answers that they read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/op.h"
#include "gen/api/albums_dto.h"
#include "gen/api/api_keys_dto.h"
#include "gen/api/assets_dto.h"
#include "gen/api/timeline_dto.h"
#include "gen/api/users_dto.h"

#define SHA1_HEX "da39a3ee5e6b4b0d3255bfef95601890afd80709"

static struct sp_err *read_body(struct sp_op *op, const struct schema_type *type, const char *text, void *ret_body)
{
    yyjson_val *root;
    SP_TRY(sp_json_parse(op, text, strlen(text), &root));
    return schema_read_json(op, type, root, ret_body);
}

static char *write_body(struct sp_op *op, const struct schema_type *type, const void *value)
{
    struct sp_buf buf;
    struct sp_json_writer writer;
    sp_buf_init(&buf, 1 << 20);
    sp_json_init(&writer, &buf);
    assert_null(schema_write(op, type, value, &writer));
    char *text = sp_strdup(op, buf.data);
    assert_non_null(text);
    sp_buf_finish(&buf);
    return text;
}

static void reads_a_bulk_upload_check(void **state)
{
    struct dto_asset_bulk_upload_check *body;
    assert_null(read_body(*state, &dto_asset_bulk_upload_check_schema,
                          "{\"assets\":[{\"id\":\"/home/a/b.jpg\",\"checksum\":\"" SHA1_HEX "\"}]}", &body));
    assert_int_equal(body->assets.count, 1);
    assert_string_equal(body->assets.items[0].id, "/home/a/b.jpg");
    struct sp_err *err = read_body(*state, &dto_asset_bulk_upload_check_schema,
                                   "{\"assets\":[{\"id\":\"a\",\"checksum\":\"short\"}]}", &body);
    assert_non_null(err);
    assert_string_equal(err->issues->path, "assets.0.checksum");
}

static void bounds_a_bulk_upload_check(void **state)
{
    struct sp_op *op = *state;
    struct sp_buf buf;
    struct dto_asset_bulk_upload_check *body;
    for (int count = 5000; count <= 5001; count++) {
        sp_buf_init(&buf, 1 << 20);
        sp_buf_puts(&buf, "{\"assets\":[");
        for (int i = 0; i < count; i++)
            sp_buf_puts(&buf, i ? ",{\"id\":\"a\",\"checksum\":\"" SHA1_HEX "\"}"
                                : "{\"id\":\"a\",\"checksum\":\"" SHA1_HEX "\"}");
        sp_buf_puts(&buf, "]}");
        struct sp_err *err = read_body(op, &dto_asset_bulk_upload_check_schema, buf.data, &body);
        sp_buf_finish(&buf);
        assert_true((err == NULL) == (count == 5000));
    }
}

static void tells_null_from_absent(void **state)
{
    struct dto_create_album *body;
    assert_null(read_body(*state, &dto_create_album_schema, "{\"albumName\":\"a\",\"description\":null}", &body));
    assert_true(body->description_null);
    assert_null(body->description);
    assert_null(body->asset_ids);
    assert_null(read_body(*state, &dto_create_album_schema, "{\"albumName\":\"a\",\"assetIds\":[]}", &body));
    assert_false(body->description_null);
    assert_non_null(body->asset_ids);
    assert_int_equal(body->asset_ids->count, 0);
}

static void knows_all_permissions(void **state)
{
    enum dto_permission value;
    assert_true(dto_permission_parse("apiKey.read", &value));
    assert_int_equal(value, DTO_PERMISSION_API_KEY_READ);
    assert_string_equal(dto_permission_text(DTO_PERMISSION_ALL), "all");
    assert_false(dto_permission_parse("apiKey", &value));
    struct dto_api_key_create *body;
    assert_non_null(read_body(*state, &dto_api_key_create_schema, "{\"permissions\":[]}", &body));
    assert_non_null(read_body(*state, &dto_api_key_create_schema, "{\"permissions\":[\"asset.reed\"]}", &body));
    assert_null(read_body(*state, &dto_api_key_create_schema, "{\"permissions\":[\"asset.read\"]}", &body));
    assert_int_equal(body->permissions.items[0], DTO_PERMISSION_ASSET_READ);
}

static void writes_a_user_with_its_nulls(void **state)
{
    const struct dto_user_admin_response user = {
        .email = "a@b.ch", .name = "A", .oauth_id = "", .profile_image_path = ""};
    const char *text = write_body(*state, &dto_user_admin_response_schema, &user);
    assert_non_null(strstr(text, "\"deletedAt\":null"));
    assert_non_null(strstr(text, "\"license\":null"));
    assert_non_null(strstr(text, "\"quotaSizeInBytes\":null"));
    assert_non_null(strstr(text, "\"storageLabel\":null"));
    assert_non_null(strstr(text, "\"avatarColor\":\"primary\""));
}

static void writes_parallel_arrays(void **state)
{
    const char *thumbhashes[] = {NULL};
    struct sp_opt_uuid videos[] = {{0}};
    struct sp_text_list stacks[] = {{0}};
    struct sp_text_list_list stack = {stacks, 1};
    const struct dto_time_bucket_asset_response bucket = {
        .thumbhash = {thumbhashes, 1},
        .live_photo_video_id = {videos, 1},
        .stack = &stack,
    };
    const char *text = write_body(*state, &dto_time_bucket_asset_response_schema, &bucket);
    assert_non_null(strstr(text, "\"thumbhash\":[null]"));
    assert_non_null(strstr(text, "\"livePhotoVideoId\":[null]"));
    assert_non_null(strstr(text, "\"stack\":[null]"));
    assert_non_null(strstr(text, "\"ratio\":[]"));
    assert_null(strstr(text, "latitude")); /* not asked for: absent */
}

static int set_up(void **state)
{
    *state = sp_op_create(SP_OP_BUDGET_DEFAULT);
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    sp_op_destroy(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_a_bulk_upload_check, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bounds_a_bulk_upload_check, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tells_null_from_absent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(knows_all_permissions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(writes_a_user_with_its_nulls, set_up, tear_down),
        cmocka_unit_test_setup_teardown(writes_parallel_arrays, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
