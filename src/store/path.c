/* The layout below the roots: two levels of two hex digits keep folders small. Any thread. */
#include "store/store.h"

#include "base/op.h"

static struct sp_err *format_path(struct sp_op *op, const char *top, const struct sp_uuid *user,
                                  const struct sp_uuid *id, const char *tail, const char **ret_path)
{
    char user_text[SP_UUID_TEXT_BYTES], id_text[SP_UUID_TEXT_BYTES];
    sp_uuid_format(user, user_text);
    sp_uuid_format(id, id_text);
    *ret_path = sp_format(op, "%s/%s/%.2s/%.2s/%s%s", top, user_text, id_text, id_text + 2, id_text, tail);
    SP_OWN(*ret_path);
    return NULL;
}

struct sp_err *store_original_stem(struct sp_op *op, const struct sp_uuid *user, const struct sp_uuid *id,
                                   const char **ret_stem)
{
    return format_path(op, "upload", user, id, "", ret_stem);
}

struct sp_err *store_derivative_path(struct sp_op *op, const struct sp_uuid *user, const struct sp_uuid *id,
                                     const char *kind, const char *extension, const char **ret_path)
{
    const char *tail = sp_format(op, "-%s%s", kind, extension);
    SP_OWN(tail);
    return format_path(op, "thumbs", user, id, tail, ret_path);
}
