/* A struct with a field of every kind and its tables, as the generator would write them. */
#include "base/attr.h"
#include "contract/schema.h"
#include <stddef.h>

enum color { RED, GREEN, BLUE };
struct opt_color {
    bool set;
    enum color value;
};

struct point {
    const char *label;
    int64_t x;
};
struct point_list {
    struct point *items;
    size_t count;
};

struct sample {
    bool flag;
    int64_t count;
    double ratio;
    const char *name;
    const char *email;
    struct sp_uuid id;
    sp_time_ms at;
    enum color color;
    struct point_list points;
    /* may be missing */
    struct sp_opt_bool opt_flag;
    struct sp_opt_i64 opt_count;
    struct opt_color opt_color;
    const char *note;
    bool note_null;
    const char *born;
    struct sp_opt_i64 length;
    struct point *corner;
    struct sp_uuid_list *ids;
    struct sp_opt_i64_list *counts;
    struct sp_text_list_list *stacks;
    struct point_list *more;
    const char *extra;
};

static const char *const color_texts[] = {"red", "green", "blue"};
static const struct schema_type color = {SCHEMA_ENUM, .count = 3, .texts = color_texts};
static const struct schema_type text_1_5 = {SCHEMA_TEXT, .min = 1, .max = 5};
static const struct schema_type integer_0_9 = {SCHEMA_INTEGER, .min = 0, .max = 9};
static const struct schema_type number_m90_90 = {SCHEMA_NUMBER, .min = -90, .max = 90};
static const struct schema_type duration = {SCHEMA_DURATION, .min = 0, .max = 100000000};
static const struct schema_field point_fields[] = {
    {"label", &text_1_5, offsetof(struct point, label), 0},
    {"x", &integer_0_9, offsetof(struct point, x), 0},
};
static const struct schema_type point = {SCHEMA_OBJECT, .count = 2, .size = sizeof(struct point),
                                         .fields = point_fields};
static const struct schema_type points = {SCHEMA_ARRAY, .item = &point, .size = sizeof(struct point), .min = 1,
                                          .max = 40};
static const struct schema_type uuids = {SCHEMA_ARRAY, .item = &schema_uuid, .size = sizeof(struct sp_uuid), .max = 3};
static const struct schema_type counts = {SCHEMA_ARRAY, .item = &integer_0_9, .size = sizeof(struct sp_opt_i64),
                                          .max = 3, .nullable_items = true};
static const struct schema_type stack = {SCHEMA_ARRAY, .item = &text_1_5, .size = sizeof(const char *), .max = 3};
static const struct schema_type stacks = {SCHEMA_ARRAY, .item = &stack, .size = sizeof(struct sp_text_list), .max = 3,
                                          .nullable_items = true};

static const struct schema_field sample_fields[] = {
    {"flag", &schema_boolean, offsetof(struct sample, flag), 0},
    {"count", &integer_0_9, offsetof(struct sample, count), 0},
    {"ratio", &number_m90_90, offsetof(struct sample, ratio), 0},
    {"name", &text_1_5, offsetof(struct sample, name), 0},
    {"email", &schema_email, offsetof(struct sample, email), 0},
    {"id", &schema_uuid, offsetof(struct sample, id), 0},
    {"at", &schema_time, offsetof(struct sample, at), 0},
    {"color", &color, offsetof(struct sample, color), 0},
    {"points", &points, offsetof(struct sample, points), 0},
    {"optFlag", &schema_boolean, offsetof(struct sample, opt_flag), SCHEMA_OPTIONAL},
    {"optCount", &integer_0_9, offsetof(struct sample, opt_count), SCHEMA_OPTIONAL | SCHEMA_NULLABLE},
    {"optColor", &color, offsetof(struct sample, opt_color), SCHEMA_OPTIONAL},
    {"note", &text_1_5, offsetof(struct sample, note), SCHEMA_OPTIONAL | SCHEMA_NULLABLE | SCHEMA_TELLS_NULL,
     offsetof(struct sample, note_null)},
    {"born", &schema_date, offsetof(struct sample, born), SCHEMA_OPTIONAL},
    {"length", &duration, offsetof(struct sample, length), SCHEMA_OPTIONAL},
    {"corner", &point, offsetof(struct sample, corner), SCHEMA_OPTIONAL},
    {"ids", &uuids, offsetof(struct sample, ids), SCHEMA_OPTIONAL},
    {"counts", &counts, offsetof(struct sample, counts), SCHEMA_OPTIONAL},
    {"stacks", &stacks, offsetof(struct sample, stacks), SCHEMA_OPTIONAL},
    {"more", &points, offsetof(struct sample, more), SCHEMA_OPTIONAL},
    {"extra", &schema_json, offsetof(struct sample, extra), SCHEMA_OPTIONAL},
};
static const struct schema_type sample = {SCHEMA_OBJECT, .count = SP_COUNT(sample_fields),
                                          .size = sizeof(struct sample), .fields = sample_fields};

/* The least that is valid, with single quotes for double ones; %s: more keys. */
#define LEAST                                                                                                          \
    "{'flag':true,'count':3,'ratio':0.5,'name':'anna','email':'a@b.ch','id':'00000000-0000-4000-8000-000000000001',"   \
    "'at':'2024-05-01T12:00:00Z','color':'green','points':[{'label':'p','x':1}]%s}"
