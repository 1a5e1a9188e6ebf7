/* The text fields of an upload: lines of "name=value". libFuzzer. */
#include <stdint.h>
#include <string.h>

#include "base/op.h"
#include "gen/api/assets_dto.h"

enum { FIELDS_MAX = 32, OP_BUDGET = 8 << 20 };

struct form {
    const char *names[FIELDS_MAX], *values[FIELDS_MAX];
    size_t count;
};

static const char *get(void *context, const struct schema_field *field, size_t index)
{
    const struct form *form = context;
    for (size_t i = 0; i < form->count; i++)
        if (strcmp(form->names[i], field->name) == 0 && index-- == 0)
            return form->values[i];
    return NULL;
}

static void split(char *text, struct form *ret_form)
{
    while (*text && ret_form->count < FIELDS_MAX) {
        char *end = text + strcspn(text, "\n"), *next = *end ? end + 1 : end;
        *end = '\0';
        char *value = strchr(text, '=');
        if (value) {
            *value = '\0';
            ret_form->names[ret_form->count] = text;
            ret_form->values[ret_form->count++] = value + 1;
        }
        text = next;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_op *op = sp_op_create(OP_BUDGET);
    char *text = op ? sp_strndup(op, (const char *)data, strnlen((const char *)data, size)) : NULL;
    if (text) {
        struct form form = {.count = 0};
        split(text, &form);
        struct dto_asset_media_create fields = {0};
        struct sp_err *err =
            schema_read_texts(op, &dto_asset_media_create_schema, &(struct schema_texts){get, &form}, &fields);
        sp_assert(err || !fields.filename || *fields.filename);
        sp_assert(err || !fields.duration.set || fields.duration.value >= 0);
    }
    sp_op_destroy(op);
    return 0;
}
