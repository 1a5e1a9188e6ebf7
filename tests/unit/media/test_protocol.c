/* protocol.h: what goes in comes out; every cut, every foreign byte and every value out of bounds is refused. */
#include "media/protocol.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"

static const struct media_request request = {
    .operations = MEDIA_METADATA | MEDIA_DERIVATIVES,
    .preview_px = 1440,
    .thumbnail_px = 250,
    .preview_quality = 80,
    .thumbnail_quality = 81,
    .timeout_ms = 60000,
};

static struct media_reply full_reply(void)
{
    struct media_reply reply = {
        .status = MEDIA_OK,
        .format = "jpeg",
        .width = 4032,
        .height = 3024,
        .preview_width = 1440,
        .preview_height = 1080,
        .thumbnail_width = 333,
        .thumbnail_height = 250,
        .thumbhash_size = 25,
        .metadata =
            {
                .make = "Zürich",
                .description = "two\nlines",
                .taken_local_ms = -5,
                .offset_minutes = -210,
                .has_taken = 1,
                .has_gps = 1,
                .latitude = 47.37,
                .longitude = -179.999,
                .altitude = -12.5,
                .rating = -1,
                .iso = 100000000,
                .orientation = 8,
            },
    };
    memset(reply.thumbhash, 0xee, 25);
    memset(reply.metadata.model, 'm', MEDIA_TEXT_BYTES - 1); /* as long as it may be */
    return reply;
}

static void carries_requests(void **state)
{
    (void)state;
    uint8_t message[MEDIA_MESSAGE_MAX_BYTES];
    struct media_request parsed;
    size_t size = media_request_pack(&request, message);
    assert_true(media_request_parse(message, size, &parsed));
    assert_memory_equal(&parsed, &request, sizeof(request));
    assert_int_equal(media_request_fds(&parsed), MEDIA_FD_COUNT);
    parsed.operations = MEDIA_METADATA;
    assert_int_equal(media_request_fds(&parsed), 2);
}

static void carries_replies(void **state)
{
    (void)state;
    uint8_t message[MEDIA_MESSAGE_MAX_BYTES];
    const struct media_reply reply = full_reply();
    struct media_reply parsed;
    size_t size = media_reply_pack(&reply, message);
    assert_true(media_reply_parse(message, size, &parsed));
    assert_string_equal(parsed.metadata.make, "Zürich");
    assert_string_equal(parsed.metadata.model, reply.metadata.model);
    assert_int_equal(parsed.metadata.taken_local_ms, -5);
    assert_int_equal(parsed.thumbhash_size, 25);
    assert_memory_equal(parsed.thumbhash, reply.thumbhash, 25);
    assert_true(fabs(parsed.metadata.longitude - -179.999) < 1e-9);
    uint8_t again[MEDIA_MESSAGE_MAX_BYTES];
    assert_int_equal(media_reply_pack(&parsed, again), size);
    assert_memory_equal(again, message, size);
}

/* The largest reply that there can be fits. */
static void has_room_for_everything(void **state)
{
    (void)state;
    struct media_reply reply = full_reply();
    char *const texts[] = {reply.message,
                           reply.detail,
                           reply.format,
                           reply.metadata.make,
                           reply.metadata.lens_model,
                           reply.metadata.exposure_time,
                           reply.metadata.projection_type};
    for (size_t i = 0; i < SP_COUNT(texts); i++)
        memset(texts[i], 't', MEDIA_TEXT_BYTES - 1);
    memset(reply.metadata.description, 'd', MEDIA_DESCRIPTION_BYTES - 1);
    reply.thumbhash_size = MEDIA_THUMBHASH_BYTES;
    uint8_t message[MEDIA_MESSAGE_MAX_BYTES];
    assert_true(media_reply_parse(message, media_reply_pack(&reply, message), &reply));
}

static void refuses_every_cut_and_every_addition(void **state)
{
    (void)state;
    uint8_t message[MEDIA_MESSAGE_MAX_BYTES + 1] = {0};
    struct media_reply reply = full_reply(), parsed;
    struct media_request parsed_request;
    size_t size = media_reply_pack(&reply, message);
    for (size_t cut = 0; cut < size; cut++)
        assert_false(media_reply_parse(message, cut, &parsed));
    assert_false(media_reply_parse(message, size + 1, &parsed));
    assert_false(media_request_parse(message, size, &parsed_request)); /* a reply is no request */
    size = media_request_pack(&request, message);
    for (size_t cut = 0; cut < size; cut++)
        assert_false(media_request_parse(message, cut, &parsed_request));
    assert_false(media_request_parse(message, size + 1, &parsed_request));
    assert_false(media_reply_parse(message, size, &parsed));
}

static void set_make(struct media_reply *reply, const char *text)
{
    snprintf(reply->metadata.make, sizeof(reply->metadata.make), "%s", text);
}

static bool survives(const struct media_reply *reply)
{
    uint8_t message[MEDIA_MESSAGE_MAX_BYTES];
    struct media_reply parsed;
    return media_reply_parse(message, media_reply_pack(reply, message), &parsed);
}

#define REFUSES(statement)                                                                                             \
    do {                                                                                                               \
        struct media_reply wrong = full_reply();                                                                       \
        statement;                                                                                                     \
        assert_false(survives(&wrong));                                                                                \
    } while (0)

static void refuses_values_out_of_bounds(void **state)
{
    (void)state;
    const struct media_reply right = full_reply();
    assert_true(survives(&right));
    REFUSES(wrong.status = MEDIA_STATUS_COUNT);
    REFUSES(wrong.width = -1);
    REFUSES(wrong.height = MEDIA_SIDE_MAX + 1);
    REFUSES(wrong.metadata.latitude = 90.001);
    REFUSES(wrong.metadata.latitude = NAN);
    REFUSES(wrong.metadata.altitude = INFINITY);
    REFUSES(wrong.metadata.rating = 6);
    REFUSES(wrong.metadata.has_gps = 2);
    REFUSES(wrong.metadata.orientation = 9);
    REFUSES(wrong.metadata.taken_local_ms = INT64_MAX);
    REFUSES(wrong.metadata.offset_minutes = 16 * 60);
    REFUSES(set_make(&wrong, "\xc3(")); /* no UTF-8 */
    REFUSES(set_make(&wrong, "bell\a"));
    REFUSES(set_make(&wrong, "tab\t"));
}

static void refuses_wrong_requests(void **state)
{
    (void)state;
    const struct media_request wrong[] = {
        {0, 1440, 250, 80, 80, 1000, 0},  {8, 1440, 250, 80, 80, 1000, 0},    {1, 15, 250, 80, 80, 1000, 0},
        {1, 1440, 5000, 80, 80, 1000, 0}, {1, 1440, 250, 0, 80, 1000, 0},     {1, 1440, 250, 80, 101, 1000, 0},
        {1, 1440, 250, 80, 80, 0, 0},     {1, 1440, 250, 80, 80, 4000000, 0}, {1, 1440, 250, 80, 80, 1000, 2000},
    };
    for (size_t i = 0; i < SP_COUNT(wrong); i++) {
        uint8_t message[MEDIA_MESSAGE_MAX_BYTES];
        struct media_request parsed;
        assert_false(media_request_parse(message, media_request_pack(&wrong[i], message), &parsed));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(carries_requests),
        cmocka_unit_test(carries_replies),
        cmocka_unit_test(has_room_for_everything),
        cmocka_unit_test(refuses_every_cut_and_every_addition),
        cmocka_unit_test(refuses_values_out_of_bounds),
        cmocka_unit_test(refuses_wrong_requests),
    };
    return cmocka_run_group_tests_name("media/protocol", tests, NULL, NULL);
}
