/* Any bytes as JSON: refused with a reason, or read and written back as the same. */
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/op.h"

static void check(struct sp_op *op, yyjson_val *root)
{
    yyjson_val *again;
    int64_t integer = 0;
    const char *text = sp_json_text(op, root);
    if (!text)
        return; /* over the budget */
    if (sp_json_integer(root, &integer))
        sp_assert(integer <= SP_JSON_INTEGER_MAX && integer >= -SP_JSON_INTEGER_MAX);
    if (sp_json_parse(op, text, strlen(text), &again) == sp_err_no_memory())
        return;
    const char *back = sp_json_text(op, again);
    sp_assert(!back || strcmp(back, text) == 0);
}

/* What the writer writes of a string, the reader reads. */
static void check_string(struct sp_op *op, yyjson_val *root)
{
    struct sp_buf buf;
    struct sp_json_writer json;
    yyjson_val *again = NULL;
    sp_buf_init(&buf, 1 << 20);
    sp_json_init(&json, &buf);
    sp_json_string(&json, yyjson_get_str(root));
    if (!sp_json_parse(op, buf.data, buf.size, &again))
        sp_assert(strcmp(yyjson_get_str(again), yyjson_get_str(root)) == 0);
    sp_buf_finish(&buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_op *op = sp_op_create(1 << 20);
    yyjson_val *root;
    struct sp_err *err = sp_json_parse(op, (const char *)data, size, &root);
    if (err)
        sp_assert(err->message && (err->code == SP_INVALID || err == sp_err_no_memory()));
    else
        check(op, root);
    if (!err && yyjson_is_str(root))
        check_string(op, root);
    sp_op_destroy(op);
    return 0;
}
