/* Options: which source wins, what is refused and how it is said, that secrets stay secret. */
#include "options/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/op.h"

#define SECRET "hunter2-is-secret"

static struct {
    struct sp_op *op;
    char config[64];
    struct options options;
} world;

/* options_read of these arguments. */
#define READ(...)                                                                                                      \
    read_all(SP_COUNT(((const char *[]){"program", __VA_ARGS__})), (const char *[]){"program", __VA_ARGS__})

static struct sp_err *read_all(size_t count, const char *const arguments[])
{
    char *argv[16];
    assert_in_range(count, 1, SP_COUNT(argv));
    for (size_t i = 1; i < count; i++)
        argv[i - 1] = sp_strdup(world.op, arguments[i]);
    return options_read(world.op, (int)count - 1, argv, &world.options);
}

#define assert_ok(expression)                                                                                          \
    do {                                                                                                               \
        struct sp_err *err_ = (expression);                                                                            \
        if (err_)                                                                                                      \
            print_error("%s (%s)\n", err_->message, err_->detail ? err_->detail : "-");                                \
        assert_null(err_);                                                                                             \
    } while (0)

#define assert_refused(expression, sentence)                                                                           \
    do {                                                                                                               \
        struct sp_err *err_ = (expression);                                                                            \
        assert_non_null(err_);                                                                                         \
        assert_int_equal(err_->code, SP_INVALID);                                                                      \
        assert_string_equal(err_->message, (sentence));                                                                \
    } while (0)

static void write_config(const char *text, size_t size)
{
    FILE *file = fopen(world.config, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void config(const char *text) { write_config(text, strlen(text)); }

static int set_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < option_row_count; i++)
        unsetenv(option_rows[i].environment);
    world.op = sp_op_create(SP_OP_BUDGET_DEFAULT);
    snprintf(world.config, sizeof(world.config), "/tmp/options.%d", (int)getpid());
    memset(&world.options, 0, sizeof(world.options));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(world.config);
    sp_op_destroy(world.op);
    return 0;
}

/* ---- sources ---- */

static void test_defaults(void **state)
{
    (void)state;
    assert_ok(READ());
    assert_int_equal(world.options.port, 2283);
    assert_string_equal(world.options.address, "127.0.0.1");
    assert_string_equal(world.options.database_url, "");
    assert_false(world.options.decoder_unsafe_no_sandbox);
}

static void test_flag_over_environment_over_file_over_default(void **state)
{
    (void)state;
    config("workers = 11\nport = 1001\naddress = file\nlog-level = warn\n");
    setenv("SWISSPHOTO_PORT", "1002", 1);
    setenv("SWISSPHOTO_ADDRESS", "environment", 1);
    assert_ok(READ("--config", world.config, "--address=flag"));
    assert_string_equal(world.options.address, "flag");
    assert_int_equal(world.options.port, 1002);
    assert_int_equal(world.options.workers, 11);
    assert_string_equal(world.options.log_level, "warn");
    assert_int_equal(world.options.io_threads, 4);
    assert_string_equal(world.options.config, world.config);
}

static void test_where_the_file_is(void **state)
{
    (void)state;
    config("port = 1001\n");
    setenv("SWISSPHOTO_CONFIG", world.config, 1);
    assert_ok(READ());
    assert_int_equal(world.options.port, 1001);
    assert_ok(READ("--config=")); /* the flag wins here as well */
    assert_int_equal(world.options.port, 2283);
    setenv("SWISSPHOTO_CONFIG", "", 1);
    assert_ok(READ());
    assert_int_equal(world.options.port, 2283);
}

static void test_both_forms_of_a_flag_the_last_wins(void **state)
{
    (void)state;
    assert_ok(READ("--port", "1", "--address=a=b", "--port=3", "--web-root", "--x", "--decoder-unsafe-no-sandbox"));
    assert_int_equal(world.options.port, 3);
    assert_string_equal(world.options.address, "a=b");
    assert_string_equal(world.options.web_root, "--x");
    assert_true(world.options.decoder_unsafe_no_sandbox);
    assert_ok(READ("--decoder-unsafe-no-sandbox", "--decoder-unsafe-no-sandbox=false", "--address="));
    assert_false(world.options.decoder_unsafe_no_sandbox);
    assert_string_equal(world.options.address, "");
}

static void test_a_value_outlives_its_source(void **state)
{
    (void)state;
    char flag[] = "--address=before", *argv[] = {flag};
    assert_ok(options_read(world.op, 1, argv, &world.options));
    memset(flag, 'x', sizeof(flag) - 1);
    assert_string_equal(world.options.address, "before");
}

/* ---- refusals ---- */

static void test_flags_that_are_refused(void **state)
{
    (void)state;
    assert_refused(READ("--prot=1"), "There is no option --prot. Try --help.");
    assert_refused(READ("--por=1"), "There is no option --por. Try --help.");
    assert_refused(READ("--ports"), "There is no option --ports. Try --help.");
    assert_refused(READ("--"), "There is no option --. Try --help.");
    assert_refused(READ("up"), "up is not an option. Try --help.");
    assert_refused(READ("-port=1"), "-port is not an option. Try --help.");
    assert_refused(READ("--port"), "Option --port needs a value");
    assert_refused(READ("--port", "1", "--address"), "Option --address needs a value");
    assert_refused(READ("--decoder-unsafe-no-sandbox", "true"), "true is not an option. Try --help.");
    assert_int_equal(world.options.port, 0); /* untouched */
}

static void test_limits(void **state)
{
    static const char wanted[] = "Option port (from the command line) must be a number from 0 to 65535";
    static const char *const bad[] = {"-1", "65536", "", "x", "1x", "1.5", "0x10", "99999999999999999999", "1 "};
    (void)state;
    for (size_t i = 0; i < SP_COUNT(bad); i++)
        assert_refused(READ("--port", bad[i]), wanted);
    assert_ok(READ("--port=0", "--upload-max-bytes=9007199254740991"));
    assert_int_equal(world.options.port, 0);
    assert_true(world.options.upload_max_bytes == 9007199254740991);
    assert_ok(READ("--port=65535"));
    assert_int_equal(world.options.port, 65535);
    assert_ok(READ("--log-level=12345"));
    assert_refused(READ("--log-level=123456"), "Option log-level (from the command line) must be at most 5 bytes long");
}

static void test_the_environment_is_named(void **state)
{
    (void)state;
    setenv("SWISSPHOTO_PORT", "many", 1);
    assert_refused(READ(), "Option port (from SWISSPHOTO_PORT) must be a number from 0 to 65535");
    setenv("SWISSPHOTO_PORT", "", 1);
    assert_refused(READ(), "Option port (from SWISSPHOTO_PORT) must be a number from 0 to 65535");
    unsetenv("SWISSPHOTO_PORT");
    setenv("SWISSPHOTO_DECODER_UNSAFE_NO_SANDBOX", "yes", 1);
    assert_refused(READ(), "Option decoder-unsafe-no-sandbox (from SWISSPHOTO_DECODER_UNSAFE_NO_SANDBOX) must be true "
                           "or false");
}

/* ---- the file ---- */

static void test_the_form_of_the_file(void **state)
{
    (void)state;
    config("# first\r\n\n  \t\nport=1\n  workers \t=  12  \r\naddress = a = b # c\n\t# x = y\nweb-root =\n"
           "decoder-unsafe-no-sandbox = true\nport = 2");
    assert_ok(READ("--config", world.config));
    assert_int_equal(world.options.port, 2);
    assert_int_equal(world.options.workers, 12);
    assert_string_equal(world.options.address, "a = b # c");
    assert_string_equal(world.options.web_root, "");
    assert_true(world.options.decoder_unsafe_no_sandbox);
    config("");
    assert_ok(READ("--config", world.config));
}

static void test_what_is_wrong_in_the_file_has_its_line(void **state)
{
    (void)state;
    config("\nport = 1\nworkers = 0\n");
    assert_refused(READ("--config", world.config),
                   sp_format(world.op, "Option workers (from %s:3) must be a number from 1 to 256", world.config));
    config("# x\nwrokers = 1\n");
    assert_refused(READ("--config", world.config),
                   sp_format(world.op, "%s:2: there is no option wrokers", world.config));
    config("port 1\n");
    assert_refused(READ("--config", world.config), sp_format(world.op, "%s:1: expected `name = value`", world.config));
    config("= 1\n");
    assert_refused(READ("--config", world.config), sp_format(world.op, "%s:1: there is no option ", world.config));
}

static void test_a_file_that_cannot_be_read(void **state)
{
    (void)state;
    assert_refused(READ("--config=/nowhere/x"), "The config file /nowhere/x cannot be read: No such file or directory");
    assert_refused(READ("--config=/tmp"), "The config file /tmp cannot be read");
    write_config("port = 1\0", 9);
    const char *sentence = sp_format(world.op, "The config file %s is too large or no text", world.config);
    assert_refused(READ("--config", world.config), sentence);
    enum { MAX = 64 * 1024 };
    char *text = sp_alloc(world.op, MAX + 1, 1);
    memset(text, '\n', MAX + 1);
    write_config(text, MAX + 1);
    assert_refused(READ("--config", world.config), sentence);
    write_config(text, MAX);
    assert_ok(READ("--config", world.config));
}

/* ---- secrets ---- */

static void assert_silent(const struct sp_err *err)
{
    for (assert_non_null(err); err; err = err->cause) {
        assert_null(strstr(err->message, SECRET));
        assert_true(!err->detail || !strstr(err->detail, SECRET));
    }
}

static void test_no_error_tells_a_value(void **state)
{
    (void)state;
    char *too_long = sp_alloc(world.op, 3001, 1);
    memset(too_long, 'x', 3000);
    memcpy(too_long, SECRET, strlen(SECRET));
    assert_silent(READ("--database-url", too_long));
    assert_silent(READ("--databse-url=" SECRET));
    assert_silent(READ("-database-url=" SECRET));
    assert_silent(READ("database-url=" SECRET));
    assert_silent(READ("--database-url=x", "--port=" SECRET));
    config("databse-url = " SECRET "\n");
    assert_silent(READ("--config", world.config));
    config("metrics-token " SECRET "\n");
    assert_silent(READ("--config", world.config));
    setenv("SWISSPHOTO_DATABASE_URL", too_long, 1);
    assert_silent(READ());
}

static void test_no_secret_has_a_default_to_tell(void **state)
{
    (void)state;
    bool any = false;
    for (size_t i = 0; i < option_row_count; i++) {
        assert_true(!option_rows[i].secret || !*option_rows[i].initial);
        any |= option_rows[i].secret;
    }
    assert_true(any);
}

/* ---- output ---- */

static void test_a_child_gets_the_same_from_its_environment(void **state)
{
    (void)state;
    char **variables;
    size_t count;
    config("address = from file\nworkers = 3\n");
    assert_ok(READ("--config", world.config, "--port=77", "--database-url", "host=/x password=" SECRET,
                   "--decoder-unsafe-no-sandbox", "--upload-max-bytes=9007199254740991"));
    struct options before = world.options;
    assert_ok(options_environment(world.op, &before, &variables, &count));
    assert_int_equal(count, option_row_count);
    config("address = changed since\n");
    for (size_t i = 0; i < count; i++)
        assert_int_equal(putenv(variables[i]), 0);
    assert_ok(READ());
    for (size_t i = 0; i < count; i++)
        unsetenv(option_rows[i].environment); /* they point into the operation */
    assert_int_equal(world.options.port, 77);
    assert_int_equal(world.options.workers, 3);
    assert_true(world.options.upload_max_bytes == 9007199254740991);
    assert_true(world.options.decoder_unsafe_no_sandbox);
    assert_string_equal(world.options.address, "from file");
    assert_string_equal(world.options.database_url, "host=/x password=" SECRET);
    assert_string_equal(world.options.config, world.config);
}

static void test_a_child_is_told_what_is_not_set_as_well(void **state)
{
    (void)state;
    char **variables;
    size_t count, found = 0;
    assert_ok(READ());
    assert_ok(options_environment(world.op, &world.options, &variables, &count));
    for (size_t i = 0; i < count; i++)
        found += strcmp(variables[i], "SWISSPHOTO_DECODER_UNSAFE_NO_SANDBOX=false") == 0 ||
                 strcmp(variables[i], "SWISSPHOTO_DATABASE_URL=") == 0 ||
                 strcmp(variables[i], "SWISSPHOTO_PORT=2283") == 0;
    assert_int_equal(found, 3);
}

static void test_help_is_what_a_program_reads(void **state)
{
    const char *server, *worker;
    (void)state;
    assert_ok(options_help(world.op, OPTION_SERVER, &server));
    assert_ok(options_help(world.op, OPTION_WORKER, &worker));
    assert_non_null(
        strstr(server, "  --port VALUE\n      The port to listen on; 0 lets the kernel choose. Default: 2283\n"));
    assert_null(strstr(worker, "--port"));
    assert_non_null(strstr(worker, "  --decoder-unsafe-no-sandbox\n"));
    assert_null(strstr(server, "--decoder"));
    assert_non_null(strstr(server, "  --metrics-token VALUE\n      Who sends it as a bearer token may read /metrics; "
                                   "empty leaves /metrics to loopback.\n"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_defaults),
        TEST(test_flag_over_environment_over_file_over_default),
        TEST(test_where_the_file_is),
        TEST(test_both_forms_of_a_flag_the_last_wins),
        TEST(test_a_value_outlives_its_source),
        TEST(test_flags_that_are_refused),
        TEST(test_limits),
        TEST(test_the_environment_is_named),
        TEST(test_the_form_of_the_file),
        TEST(test_what_is_wrong_in_the_file_has_its_line),
        TEST(test_a_file_that_cannot_be_read),
        TEST(test_no_error_tells_a_value),
        TEST(test_no_secret_has_a_default_to_tell),
        TEST(test_a_child_gets_the_same_from_its_environment),
        TEST(test_a_child_is_told_what_is_not_set_as_well),
        TEST(test_help_is_what_a_program_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
