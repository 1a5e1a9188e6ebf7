/*
 * src/media on a command line, for tests/integration/test_decode.py and bench/derivatives.py: sends files to a real
 * swissphoto-decode and prints a line of JSON for each.
 *
 *   decode_client DECODER [--unsafe] [--threads N] [--repeat N] [--deadline-ms N] [--metadata] [--out DIR] FILE…
 *   decode_client DECODER --self-test       a line for each attempt to break out
 *   decode_client DECODER --attempt N       that one alone
 *   decode_client DECODER --hold FILE…      decodes, then waits for the end of standard input (its memory is measured)
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/op.h"
#include "media/decoder.h"
#include "os/file.h"

enum { THREADS_MAX = 32, LINE_MAX_BYTES = 65536 };

static struct {
    struct media_decoder_config config;
    struct media_decoder *decoder;
    const char *out;
    char **files;
    unsigned file_count, threads, repeat, operations;
    int64_t deadline_ms;
    bool self_test, hold;
    int attempt; /* -1: none */
    atomic_uint next;
} client = {.attempt = -1, .threads = 1, .repeat = 1, .operations = MEDIA_METADATA | MEDIA_DERIVATIVES};

static void put_text(struct sp_json_writer *json, const char *key, const char *text)
{
    sp_json_key(json, key);
    sp_json_string(json, text);
}

static void put_number(struct sp_json_writer *json, const char *key, double number)
{
    sp_json_key(json, key);
    sp_json_double(json, number);
}

static void put_optional(struct sp_json_writer *json, const char *key, bool has, double number)
{
    sp_json_key(json, key);
    if (has)
        sp_json_double(json, number);
    else
        sp_json_null(json);
}

static void put_metadata(struct sp_json_writer *json, const struct media_metadata *m)
{
    put_text(json, "make", m->make);
    put_text(json, "model", m->model);
    put_text(json, "lens", m->lens_model);
    put_text(json, "exposureTime", m->exposure_time);
    put_text(json, "projection", m->projection_type);
    put_text(json, "description", m->description);
    put_optional(json, "takenLocalMs", m->has_taken, (double)m->taken_local_ms);
    put_optional(json, "modifiedLocalMs", m->has_modified, (double)m->modified_local_ms);
    put_optional(json, "gpsUtcMs", m->has_gps_time, (double)m->gps_utc_ms);
    put_optional(json, "offsetMinutes", m->has_offset, m->offset_minutes);
    put_optional(json, "latitude", m->has_gps, m->latitude);
    put_optional(json, "longitude", m->has_gps, m->longitude);
    put_optional(json, "altitude", m->has_altitude, m->altitude);
    put_optional(json, "rating", m->has_rating, m->rating);
    put_number(json, "fNumber", m->f_number);
    put_number(json, "focalLength", m->focal_length);
    put_number(json, "iso", m->iso);
    put_number(json, "orientation", m->orientation);
}

static void put_reply(struct sp_json_writer *json, const struct media_reply *reply)
{
    char hash[2 * MEDIA_THUMBHASH_BYTES + 1] = "";
    for (uint32_t i = 0; i < reply->thumbhash_size; i++)
        snprintf(hash + (size_t)2 * i, 3, "%02x", reply->thumbhash[i]);
    put_text(json, "format", reply->format);
    put_text(json, "detail", reply->detail);
    put_number(json, "width", reply->width);
    put_number(json, "height", reply->height);
    put_number(json, "previewWidth", reply->preview_width);
    put_number(json, "previewHeight", reply->preview_height);
    put_number(json, "thumbnailWidth", reply->thumbnail_width);
    put_number(json, "thumbnailHeight", reply->thumbnail_height);
    put_text(json, "thumbhash", hash);
    put_number(json, "escaped", reply->escaped);
    put_metadata(json, &reply->metadata);
}

/* One write a line, so that threads do not mix theirs. */
static void print_result(const char *name, const struct sp_err *err, const struct media_reply *reply, double ms)
{
    struct sp_buf buf;
    struct sp_json_writer json;
    sp_buf_init(&buf, LINE_MAX_BYTES);
    sp_json_init(&json, &buf);
    sp_json_begin_object(&json);
    put_text(&json, "file", name);
    put_number(&json, "ms", ms);
    put_text(&json, "error", err ? sp_code_info(err->code)->name : NULL);
    if (err) {
        put_text(&json, "message", err->message);
        put_text(&json, "detail", err->detail);
    } else {
        put_reply(&json, reply);
    }
    sp_json_end_object(&json);
    sp_buf_putc(&buf, '\n');
    static const char no_memory[] = "{\"file\":\"\",\"error\":\"unavailable\",\"message\":\"no memory to say it\"}\n";
    if (buf.failed)
        (void)!write(STDOUT_FILENO, no_memory, sizeof(no_memory) - 1);
    else
        (void)!write(STDOUT_FILENO, buf.data, buf.size);
    sp_buf_finish(&buf);
}

static int open_output(const char *file, const char *extension)
{
    char path[4096];
    const char *slash = strrchr(file, '/');
    if (!client.out)
        return open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    snprintf(path, sizeof(path), "%s/%s%s", client.out, slash ? slash + 1 : file, extension);
    return open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
}

static void decode_file(struct sp_op *op, const char *file)
{
    SP_CLEANUP(os_close) int input = open(file, O_RDONLY | O_CLOEXEC);
    SP_CLEANUP(os_close) int preview = open_output(file, ".preview.jpg");
    SP_CLEANUP(os_close) int thumbnail = open_output(file, ".thumbnail.webp");
    const struct media_task task = {
        .operations = client.operations, .input_fd = input, .preview_fd = preview, .thumbnail_fd = thumbnail};
    const struct media_reply *reply = NULL;
    int64_t started_us = sp_clock_mono_us();
    op->deadline_ms = client.deadline_ms ? sp_clock_mono_ms() + client.deadline_ms : 0;
    struct sp_err *err = media_decode(op, client.decoder, &task, &reply);
    print_result(file, err, reply, (double)(sp_clock_mono_us() - started_us) / 1000);
}

static void *decode_files(void *unused)
{
    (void)unused;
    struct sp_op *op = sp_op_create(SP_OP_BUDGET_DEFAULT);
    for (unsigned i; op && (i = atomic_fetch_add(&client.next, 1)) < client.file_count * client.repeat;) {
        decode_file(op, client.files[i % client.file_count]);
        sp_op_reset(op);
    }
    sp_op_destroy(op);
    return NULL;
}

/* False: the decoder knows no such attempt. */
static bool try_escape(struct sp_op *op, unsigned number)
{
    char name[16];
    SP_CLEANUP(os_close) int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
    const struct media_task task = {.operations = MEDIA_SELF_TEST, .input_fd = input, .self_test = number};
    const struct media_reply *reply = NULL;
    op->deadline_ms = client.deadline_ms ? sp_clock_mono_ms() + client.deadline_ms : 0;
    struct sp_err *err = media_decode(op, client.decoder, &task, &reply);
    if (err && strstr(err->message, "no attempt"))
        return false;
    snprintf(name, sizeof(name), "%u", number);
    print_result(name, err, reply, 0);
    return true;
}

static void run_threads(void)
{
    pthread_t threads[THREADS_MAX];
    for (unsigned i = 0; i < client.threads; i++)
        if (pthread_create(&threads[i], NULL, decode_files, NULL) != 0)
            abort();
    for (unsigned i = 0; i < client.threads; i++)
        pthread_join(threads[i], NULL);
}

static unsigned number_of(const char *text)
{
    unsigned number = (unsigned)strtoul(text, NULL, 10);
    return number < 1 ? 1 : number;
}

static bool read_arguments(int argc, char **argv)
{
    int i = 2;
    for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--unsafe") == 0)
            client.config.unsafe_no_sandbox = true;
        else if (strcmp(argv[i], "--metadata") == 0)
            client.operations = MEDIA_METADATA;
        else if (strcmp(argv[i], "--self-test") == 0)
            client.self_test = true;
        else if (strcmp(argv[i], "--hold") == 0)
            client.hold = true;
        else if (strcmp(argv[i], "--threads") == 0 && ++i)
            client.threads = number_of(value) < THREADS_MAX ? number_of(value) : THREADS_MAX;
        else if (strcmp(argv[i], "--repeat") == 0 && ++i)
            client.repeat = number_of(value);
        else if (strcmp(argv[i], "--children-max") == 0 && ++i)
            client.config.children_max = number_of(value);
        else if (strcmp(argv[i], "--idle-exit-ms") == 0 && ++i)
            client.config.idle_exit_ms = number_of(value);
        else if (strcmp(argv[i], "--attempt") == 0 && ++i)
            client.attempt = (int)number_of(value);
        else if (strcmp(argv[i], "--deadline-ms") == 0 && ++i)
            client.deadline_ms = number_of(value);
        else if (strcmp(argv[i], "--out") == 0 && ++i)
            client.out = value;
        else
            return false;
    }
    client.files = argv + i;
    client.file_count = argc > i ? (unsigned)(argc - i) : 0;
    return argc > 1;
}

static void work(struct sp_op *op)
{
    for (unsigned i = 0; client.self_test && try_escape(op, i); i++)
        continue;
    if (client.attempt >= 0)
        (void)try_escape(op, (unsigned)client.attempt);
    run_threads();
    for (char byte; client.hold && read(STDIN_FILENO, &byte, 1) > 0;)
        continue;
}

int main(int argc, char **argv)
{
    if (!read_arguments(argc, argv)) {
        fprintf(stderr, "usage: decode_client DECODER [options] FILE…\n");
        return 64;
    }
    struct sp_op *op = sp_op_create(SP_OP_BUDGET_DEFAULT);
    client.config.program = argv[1];
    struct sp_err *err = op ? media_decoder_create(op, &client.config, &client.decoder) : sp_err_no_memory();
    if (!err)
        err = media_decoder_probe(op, client.decoder);
    if (err)
        print_result("probe", err, NULL, 0);
    else
        work(op);
    media_decoder_destroy(client.decoder);
    sp_op_destroy(op);
    return err ? 1 : 0;
}
