/* The types without limits, and enums. Any thread. */
#include "contract/schema.h"

#include <string.h>

const struct schema_type schema_boolean = {SCHEMA_BOOLEAN};
const struct schema_type schema_integer = {SCHEMA_INTEGER, .min = -SP_JSON_INTEGER_MAX, .max = SP_JSON_INTEGER_MAX};
const struct schema_type schema_number = {SCHEMA_NUMBER, .min = INT64_MIN, .max = INT64_MAX};
const struct schema_type schema_text = {SCHEMA_TEXT, .max = INT64_MAX};
const struct schema_type schema_email = {SCHEMA_EMAIL};
const struct schema_type schema_date = {SCHEMA_DATE};
const struct schema_type schema_time = {SCHEMA_TIME};
const struct schema_type schema_uuid = {SCHEMA_UUID};
const struct schema_type schema_json = {SCHEMA_JSON};

const char *schema_enum_text(const struct schema_type *type, unsigned value)
{
    return value < type->count ? type->texts[value] : NULL;
}

int schema_enum_find(const struct schema_type *type, const char *text)
{
    for (unsigned i = 0; i < type->count; i++)
        if (strcmp(type->texts[i], text) == 0)
            return (int)i;
    return -1;
}
