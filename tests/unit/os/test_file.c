/* file.h: whole reads, folders, renames that replace nothing. */
#include "os/file.h"

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

#include "base/err.h"
#include "base/op.h"

struct fixture {
    struct sp_op *op;
    char folder[64];
    int fd;
};

static int set_up(void **state)
{
    static struct fixture f;
    f.op = sp_op_create(SP_OP_BUDGET_DEFAULT);
    snprintf(f.folder, sizeof(f.folder), "/tmp/sp-file-XXXXXX");
    if (!f.op || !mkdtemp(f.folder))
        return -1;
    f.fd = open(f.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *state = &f;
    return f.fd < 0 ? -1 : 0;
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
    os_close(&f->fd);
    sp_op_destroy(f->op);
    return nftw(f->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static void put(struct fixture *f, const char *name, const char *content)
{
    SP_CLEANUP(os_close) int fd = openat(f->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_null(os_write_all(f->op, fd, content, strlen(content)));
}

static void assert_content(struct fixture *f, const char *name, const char *content)
{
    char buffer[64] = "";
    size_t size;
    SP_CLEANUP(os_close) int fd = -1;
    assert_null(os_open_beneath(f->op, f->fd, name, O_RDONLY, 0, &fd));
    assert_null(os_read_full(f->op, fd, buffer, sizeof(buffer) - 1, &size));
    assert_int_equal(size, strlen(content));
    assert_string_equal(buffer, content);
}

static void test_reads_go_through_short_reads(void **state)
{
    struct fixture *f = *state;
    int ends[2];
    char buffer[8];
    size_t size;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_null(os_write_all(f->op, ends[1], "abcdef", 6));
    assert_null(os_read_full(f->op, ends[0], buffer, 4, &size));
    assert_int_equal(size, 4);
    os_close(&ends[1]);
    assert_null(os_read_full(f->op, ends[0], buffer, sizeof(buffer), &size));
    assert_int_equal(size, 2);
    os_close(&ends[0]);
    assert_int_equal(ends[0], -1);
}

static void test_folders_are_made_once_and_opened(void **state)
{
    struct fixture *f = *state;
    int fd = -1, again = -1;
    struct stat one, two;
    assert_null(os_make_folders(f->op, f->fd, "a/b/c", &fd));
    assert_null(os_make_folders(f->op, f->fd, "a/b/c", &again));
    assert_int_equal(fstat(fd, &one), 0);
    assert_int_equal(fstat(again, &two), 0);
    assert_int_equal(one.st_ino, two.st_ino);
    assert_int_equal(one.st_mode & 0777, 0700);
    os_close(&fd);
    os_close(&again);
}

/* Somebody else has made the folder and is not done syncing it: our caller must not rely on it before it is synced. */
static void test_a_fresh_folder_is_synced_again(void **state)
{
    struct fixture *f = *state;
    int fd = -1;
    assert_int_equal(mkdirat(f->fd, "fresh", 0700), 0);
    os_file_fail_nth(2); /* 1: the mkdir that finds it; 2: the sync of its parent */
    assert_non_null(os_make_folders(f->op, f->fd, "fresh", &fd));
    assert_int_equal(fd, -1);
}

static void test_folders_follow_no_link_and_do_not_leave(void **state)
{
    struct fixture *f = *state;
    int fd = -1;
    assert_int_equal(symlinkat("/tmp", f->fd, "link"), 0);
    put(f, "file", "x");
    assert_non_null(os_make_folders(f->op, f->fd, "link/x", &fd));
    assert_non_null(os_make_folders(f->op, f->fd, "file/x", &fd));
    assert_non_null(os_make_folders(f->op, f->fd, "../x", &fd));
    assert_int_equal(fd, -1);
}

static void test_a_rename_replaces_nothing(void **state)
{
    struct fixture *f = *state;
    put(f, "one", "1");
    put(f, "two", "2");
    struct sp_err *err = os_rename_new(f->op, f->fd, "one", f->fd, "two");
    assert_non_null(err);
    assert_int_equal(err->code, SP_CONFLICT);
    assert_content(f, "one", "1");
    assert_content(f, "two", "2");
    assert_null(os_rename_new(f->op, f->fd, "one", f->fd, "three"));
    assert_content(f, "three", "1");
    assert_int_equal(faccessat(f->fd, "one", F_OK, 0), -1);
    assert_non_null(os_rename_new(f->op, f->fd, "nothing", f->fd, "four"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_reads_go_through_short_reads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_folders_are_made_once_and_opened, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_fresh_folder_is_synced_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_folders_follow_no_link_and_do_not_leave, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_rename_replaces_nothing, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
