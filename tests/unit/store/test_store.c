/* store.h on a real folder: roots and markers, uploads, derivatives, quarantine, and each of them with a failing disk.
 */
#include "store/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/encode.h"
#include "base/op.h"
#include "os/file.h"

struct fixture {
    char folder[64];
    struct sp_op *op;
    struct store *store;
    struct store_config config;
    char originals[96], derivatives[96];
    struct sp_uuid user, id;
    const char *stem;
};

static void new_operation(struct fixture *f)
{
    sp_op_destroy(f->op);
    f->op = sp_op_create(SP_OP_BUDGET_DEFAULT);
    assert_non_null(f->op);
    assert_null(store_original_stem(f->op, &f->user, &f->id, &f->stem));
}

static int set_up(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof(f));
    snprintf(f.folder, sizeof(f.folder), "/tmp/sp-store-XXXXXX");
    if (!mkdtemp(f.folder))
        return -1;
    snprintf(f.originals, sizeof(f.originals), "%s/originals", f.folder);
    snprintf(f.derivatives, sizeof(f.derivatives), "%s/derivatives", f.folder);
    f.config = (struct store_config){f.originals, f.derivatives, sp_uuid_v4(), true};
    f.user = sp_uuid_v4();
    f.id = sp_uuid_v4();
    new_operation(&f);
    *state = &f;
    return store_create(f.op, &f.config, &f.store) ? -1 : 0;
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *position)
{
    (void)info, (void)type, (void)position;
    return remove(path);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    os_file_fail_nth(0);
    sp_op_destroy(f->op);
    store_destroy(f->store);
    return nftw(f->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* Everything that stands below a root but its marker. */
static int files_seen;

static int count_file(const char *path, const struct stat *info, int type, struct FTW *position)
{
    (void)info;
    files_seen += type != FTW_D && strcmp(path + position->base, ".swissphoto") != 0;
    return 0;
}

static int files_below(const char *folder)
{
    files_seen = 0;
    assert_int_equal(nftw(folder, count_file, 16, FTW_PHYS), 0);
    return files_seen;
}

static const char *path_of(struct fixture *f, const char *root, const char *path)
{
    return sp_format(f->op, "%s/%s", root, path);
}

static void put_file(const char *path, const char *content)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, strlen(content)), strlen(content));
    close(fd);
}

static void assert_content(const char *path, const char *content)
{
    char buffer[256] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_true(read(fd, buffer, sizeof(buffer) - 1) >= 0);
    close(fd);
    assert_string_equal(buffer, content);
}

static bool exists(const char *path) { return access(path, F_OK) == 0; }

#define assert_code(expression, wanted)                                                                                \
    do {                                                                                                               \
        struct sp_err *err_ = (expression);                                                                            \
        assert_non_null(err_);                                                                                         \
        assert_int_equal(err_->code, wanted);                                                                          \
    } while (0)

static void test_a_new_instance_marks_its_roots(void **state)
{
    struct fixture *f = *state;
    char id[SP_UUID_TEXT_BYTES];
    sp_uuid_format(&f->config.instance_id, id);
    assert_content(path_of(f, f->originals, ".swissphoto"),
                   sp_format(f->op, "swissphoto instance %s root originals\n", id));
    assert_content(path_of(f, f->derivatives, ".swissphoto"),
                   sp_format(f->op, "swissphoto instance %s root derivatives\n", id));
    struct store *again;
    assert_null(store_create(f->op, &f->config, &again));
    store_destroy(again);
    assert_int_equal(files_below(f->folder), 0); /* nothing of the marker's making is left */
}

static void test_a_new_instance_refuses_a_folder_that_is_not_its_own(void **state)
{
    struct fixture *f = *state;
    struct store *store = NULL;
    struct store_config other = f->config;
    other.instance_id = sp_uuid_v4();
    struct sp_err *err = store_create(f->op, &other, &store);
    assert_code(err, SP_INVALID);
    assert_non_null(strstr(err->message, "another instance"));
    unlink(path_of(f, f->originals, ".swissphoto"));
    put_file(path_of(f, f->originals, "holiday.jpg"), "x");
    err = store_create(f->op, &f->config, &store);
    assert_code(err, SP_INVALID);
    assert_non_null(strstr(err->message, "holds files but no marker"));
    assert_null(store);
    assert_false(exists(path_of(f, f->originals, ".swissphoto")));
}

static void test_an_old_instance_adopts_nothing(void **state)
{
    struct fixture *f = *state;
    struct store *store;
    struct store_upload *upload;
    f->config.is_new = false;
    unlink(path_of(f, f->originals, ".swissphoto")); /* the NAS is not mounted: an empty folder */
    assert_null(store_create(f->op, &f->config, &store));
    struct sp_err *err = store_check(f->op, store, STORE_ORIGINALS);
    assert_code(err, SP_UNAVAILABLE);
    assert_non_null(strstr(err->message, "Is its disk mounted?"));
    assert_non_null(strstr(err->detail, "write this line"));
    assert_null(store_check(f->op, store, STORE_DERIVATIVES));
    assert_code(store_upload_begin(f->op, store, f->stem, "", &upload), SP_UNAVAILABLE);
    assert_int_equal(files_below(f->originals), 0);
    assert_false(exists(path_of(f, f->originals, "upload")));
    assert_false(exists(path_of(f, f->originals, ".swissphoto")));
    store_destroy(store);
    rmdir(f->originals); /* nor does it make the folder */
    assert_null(store_create(f->op, &f->config, &store));
    assert_false(exists(f->originals));
    store_destroy(store);
}

static void test_a_root_may_go_and_come_back(void **state)
{
    struct fixture *f = *state;
    const char *marker = path_of(f, f->originals, ".swissphoto"), *aside = path_of(f, f->folder, "aside");
    struct store_upload *upload;
    assert_int_equal(rename(marker, aside), 0);
    assert_code(store_upload_begin(f->op, f->store, f->stem, "", &upload), SP_UNAVAILABLE);
    put_file(marker, "swissphoto instance 00000000-0000-4000-8000-000000000000 root originals\n");
    struct sp_err *err = store_check(f->op, f->store, STORE_ORIGINALS);
    assert_code(err, SP_UNAVAILABLE);
    assert_non_null(strstr(err->message, "another's"));
    assert_int_equal(rename(aside, marker), 0);
    assert_null(store_upload_begin(f->op, f->store, f->stem, "", &upload));
}

static const char abc_sha1[] = "a9993e364706816aba3e25717850c26c9cd0d89d";
static const char abc_blake2b[] = "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319";

static struct sp_err *upload_abc(struct fixture *f, struct store_digest *digest, const char **path)
{
    struct store_upload *upload;
    SP_TRY(store_upload_begin(f->op, f->store, f->stem, "", &upload));
    SP_TRY(store_upload_write(f->op, upload, "a", 1));
    SP_TRY(store_upload_write(f->op, upload, "bc", 2));
    SP_TRY(store_upload_sync(f->op, upload));
    SP_TRY(store_upload_digest(f->op, upload, digest));
    return store_upload_commit(f->op, upload, ".jpg", path);
}

static void test_an_upload_is_hashed_and_put_in_place(void **state)
{
    struct fixture *f = *state;
    struct store_digest digest;
    const char *path;
    struct stat info;
    assert_null(upload_abc(f, &digest, &path));
    assert_string_equal(sp_hex_encode(f->op, digest.sha1, sizeof(digest.sha1)), abc_sha1);
    assert_string_equal(sp_hex_encode(f->op, digest.blake2b, sizeof(digest.blake2b)), abc_blake2b);
    assert_int_equal(digest.size_bytes, 3);
    assert_string_equal(path, sp_format(f->op, "%s.jpg", f->stem));
    char id[SP_UUID_TEXT_BYTES], user[SP_UUID_TEXT_BYTES];
    sp_uuid_format(&f->id, id);
    sp_uuid_format(&f->user, user);
    assert_string_equal(f->stem, sp_format(f->op, "upload/%s/%.2s/%.2s/%s", user, id, id + 2, id));
    new_operation(f); /* the end of the operation removes no committed file */
    const char *place = sp_format(f->op, "%s/%s.jpg", f->originals, f->stem);
    assert_content(place, "abc");
    assert_int_equal(stat(place, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(files_below(f->originals), 1);
}

static void test_what_is_not_committed_goes(void **state)
{
    struct fixture *f = *state;
    struct store_upload *upload;
    assert_null(store_upload_begin(f->op, f->store, f->stem, "", &upload));
    assert_null(store_upload_write(f->op, upload, "abc", 3));
    assert_true(exists(sp_format(f->op, "%s/%s.part", f->originals, f->stem)));
    store_upload_discard(upload);
    assert_int_equal(files_below(f->originals), 0);
    assert_null(store_upload_begin(f->op, f->store, f->stem, "-sidecar", &upload));
    assert_int_equal(files_below(f->originals), 1);
    new_operation(f);
    assert_int_equal(files_below(f->originals), 0);
}

static void test_an_upload_never_replaces(void **state)
{
    struct fixture *f = *state;
    struct store_digest digest;
    const char *path;
    assert_null(upload_abc(f, &digest, &path));
    const char *place = path_of(f, f->originals, path);
    put_file(place, "precious");
    assert_code(upload_abc(f, &digest, &path), SP_CONFLICT);
    assert_content(place, "precious");
    new_operation(f);
    assert_int_equal(files_below(f->originals), 1);
}

/* Whatever fails, the answer is an error and nothing stays but what the row's removal takes; the next try succeeds. */
static void test_every_failing_write_of_an_upload(void **state)
{
    struct fixture *f = *state;
    struct store_digest digest;
    const char *path;
    int failures = 0;
    for (long n = 1;; n++) {
        os_file_fail_nth(n);
        struct sp_err *err = upload_abc(f, &digest, &path);
        os_file_fail_nth(0);
        if (!err)
            break;
        failures++;
        assert_true(err->code == SP_UNAVAILABLE);
        new_operation(f);
        int64_t removed;
        assert_null(store_remove_upload(f->op, f->store, f->stem, &removed));
        assert_int_equal(files_below(f->originals), 0);
    }
    assert_true(failures >= 12); /* 4 folders with their syncs, 2 writes, fsync, rename, fsync of the folder */
    assert_content(path_of(f, f->originals, path), "abc");
}

static void test_a_failed_sync_spoils_the_upload(void **state)
{
    struct fixture *f = *state;
    struct store_upload *upload;
    struct store_digest digest;
    const char *path;
    assert_null(store_upload_begin(f->op, f->store, f->stem, "", &upload));
    assert_null(store_upload_write(f->op, upload, "abc", 3));
    os_file_fail_nth(1);
    assert_code(store_upload_sync(f->op, upload), SP_UNAVAILABLE);
    assert_code(store_upload_sync(f->op, upload), SP_UNAVAILABLE);
    assert_code(store_upload_write(f->op, upload, "abc", 3), SP_UNAVAILABLE);
    assert_code(store_upload_digest(f->op, upload, &digest), SP_UNAVAILABLE);
    assert_code(store_upload_commit(f->op, upload, ".jpg", &path), SP_UNAVAILABLE);
    assert_false(exists(sp_format(f->op, "%s/%s.jpg", f->originals, f->stem)));
}

static void test_a_full_disk_says_so(void **state)
{
    struct fixture *f = *state;
    SP_CLEANUP(os_close) int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    if (full < 0)
        skip();
    struct sp_err *err = os_write_all(f->op, full, "abc", 3);
    assert_code(err, SP_NO_SPACE);
    assert_non_null(strstr(err->message, "Free some space"));
}

static void test_removal_takes_one_upload_alone(void **state)
{
    struct fixture *f = *state;
    struct store_digest digest;
    struct store_upload *sidecar;
    const char *path;
    int64_t removed;
    assert_null(upload_abc(f, &digest, &path));
    assert_null(store_upload_begin(f->op, f->store, f->stem, "-sidecar", &sidecar));
    const char *neighbour = sp_format(f->op, "%s/%.*s0.jpg", f->originals, (int)strlen(f->stem) - 1, f->stem);
    const char *longer = sp_format(f->op, "%s/%s0.jpg", f->originals, f->stem);
    if (strcmp(neighbour, path_of(f, f->originals, path)) != 0)
        put_file(neighbour, "another");
    put_file(longer, "another");
    assert_null(store_remove_upload(f->op, f->store, f->stem, &removed));
    assert_int_equal(removed, 2);
    assert_false(exists(path_of(f, f->originals, path)));
    assert_true(exists(longer));
    f->id = sp_uuid_v4(); /* nothing of it was ever written */
    new_operation(f);
    assert_null(store_remove_upload(f->op, f->store, f->stem, &removed));
    assert_int_equal(removed, 0);
}

static void test_no_path_leaves_its_root(void **state)
{
    struct fixture *f = *state;
    struct store_upload *upload;
    int fd = -1;
    put_file(path_of(f, f->folder, "secret"), "secret");
    put_file(path_of(f, f->originals, "plain"), "plain");
    assert_int_equal(symlink("../secret", path_of(f, f->originals, "link")), 0);
    assert_int_equal(symlink(f->derivatives, path_of(f, f->originals, "upload")), 0);
    assert_int_equal(mkfifo(path_of(f, f->originals, "fifo"), 0600), 0);
    static const char *const bad[] = {"../secret", "/etc/passwd", "link", "fifo", ".", "plain/../../secret", "nothing"};
    for (size_t i = 0; i < SP_COUNT(bad); i++) {
        assert_non_null(store_open(f->op, f->store, STORE_ORIGINALS, bad[i], &fd));
        assert_int_equal(fd, -1);
    }
    assert_non_null(store_upload_begin(f->op, f->store, f->stem, "", &upload));
    assert_int_equal(files_below(f->derivatives), 0);
    assert_null(store_open(f->op, f->store, STORE_ORIGINALS, "plain", &fd));
    assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    close(fd);
}

static struct sp_err *write_derivative(struct fixture *f, const char *path, const char *content, int64_t *size)
{
    struct store_derivative *derivative;
    SP_TRY(store_derivative_begin(f->op, f->store, path, &derivative));
    int fd = store_derivative_fd(derivative);
    assert_int_equal(write(fd, content, strlen(content)), strlen(content));
    return store_derivative_commit(f->op, derivative, size);
}

static void test_a_derivative_appears_whole_and_replaces(void **state)
{
    struct fixture *f = *state;
    const char *path;
    int64_t size = 0;
    assert_null(store_derivative_path(f->op, &f->user, &f->id, "preview", ".jpeg", &path));
    const char *place = path_of(f, f->derivatives, path);
    struct store_derivative *first;
    assert_null(store_derivative_begin(f->op, f->store, path, &first));
    assert_false(exists(place));
    assert_null(write_derivative(f, path, "new", &size)); /* another attempt, at the same time */
    assert_content(place, "new");
    assert_int_equal(size, 3);
    assert_int_equal(write(store_derivative_fd(first), "older", 5), 5);
    assert_content(place, "new");
    assert_null(store_derivative_commit(f->op, first, &size));
    assert_content(place, "older");
    assert_null(store_derivative_begin(f->op, f->store, path, &first));
    assert_int_equal(files_below(f->derivatives), 2);
    const char *saved = strdup(place);
    new_operation(f);
    assert_int_equal(files_below(f->derivatives), 1);
    assert_content(saved, "older");
    free((char *)(uintptr_t)saved);
    assert_null(store_derivative_path(f->op, &f->user, &f->id, "preview", ".jpeg", &path));
    assert_null(store_derivative_remove(f->op, f->store, path));
    assert_null(store_derivative_remove(f->op, f->store, path));
    assert_int_equal(files_below(f->derivatives), 0);
}

static void test_every_failing_write_of_a_derivative(void **state)
{
    struct fixture *f = *state;
    int failures = 0;
    for (long n = 1;; n++) {
        const char *path;
        int64_t size;
        assert_null(store_derivative_path(f->op, &f->user, &f->id, "preview", ".jpeg", &path));
        os_file_fail_nth(n);
        struct sp_err *err = write_derivative(f, path, "abc", &size);
        os_file_fail_nth(0);
        if (!err) {
            assert_content(path_of(f, f->derivatives, path), "abc");
            break;
        }
        failures++;
        new_operation(f);
    }
    assert_true(failures >= 10);
    assert_int_equal(files_below(f->derivatives), 1); /* nothing temporary stays */
}

static void test_leftovers_are_found_and_put_aside(void **state)
{
    struct fixture *f = *state;
    struct sp_text_list list;
    const char *first, *second;
    assert_null(store_list_leftovers(f->op, f->store, 0, &list)); /* no folder yet */
    assert_int_equal(list.count, 0);
    assert_int_equal(mkdir(path_of(f, f->derivatives, "tmp"), 0700), 0);
    const char *old = path_of(f, f->derivatives, "tmp/old");
    put_file(old, "old");
    put_file(path_of(f, f->derivatives, "tmp/young"), "young");
    const struct timespec times[] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    assert_int_equal(utimensat(AT_FDCWD, old, times, 0), 0);
    assert_null(store_list_leftovers(f->op, f->store, 3600000, &list));
    assert_int_equal(list.count, 1);
    assert_string_equal(list.items[0], "tmp/old");
    assert_null(store_quarantine(f->op, f->store, STORE_DERIVATIVES, "tmp/old", &first));
    assert_string_equal(first, "quarantine/tmp/old");
    assert_false(exists(old));
    put_file(old, "another");
    assert_null(store_quarantine(f->op, f->store, STORE_DERIVATIVES, "tmp/old", &second));
    assert_string_not_equal(first, second);
    assert_content(path_of(f, f->derivatives, first), "old");
    assert_content(path_of(f, f->derivatives, second), "another");
    assert_code(store_quarantine(f->op, f->store, STORE_DERIVATIVES, "tmp/old", &first), SP_INTERNAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_new_instance_marks_its_roots, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_new_instance_refuses_a_folder_that_is_not_its_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_old_instance_adopts_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_root_may_go_and_come_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_upload_is_hashed_and_put_in_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_not_committed_goes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_upload_never_replaces, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_every_failing_write_of_an_upload, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_failed_sync_spoils_the_upload, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_full_disk_says_so, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_removal_takes_one_upload_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_path_leaves_its_root, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_derivative_appears_whole_and_replaces, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_every_failing_write_of_a_derivative, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_leftovers_are_found_and_put_aside, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
