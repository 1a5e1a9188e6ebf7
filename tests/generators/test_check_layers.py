"""tools/check_layers.py: every rule is broken once and must be found, and what is allowed must pass."""
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'tools'))
import check_layers  # noqa: E402

LAYERS = """# name | folder | below | libraries
base   | src/base |         | libsodium
db     | src/db   | base    | libpq
gen_db | gen/db   | base db |
domain | src/domain | base db gen_db |
"""
APPS = """app_layers = {
  'server': ['base', 'domain'],
}
app_libraries = {
  'server': ['vips'],
}
"""


@pytest.fixture
def tree(tmp_path):
    for folder in ('tools', 'src/base', 'src/db', 'src/domain', 'gen/db', 'apps/server', 'tests/unit'):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / 'tools/layers.txt').write_text(LAYERS)
    (tmp_path / 'apps/meson.build').write_text(APPS)
    return tmp_path


def findings(tree, path, text):
    (tree / path).write_text(text)
    return [(finding.rule, finding.line) for finding in check_layers.check_tree(tree)]


def body(text):
    return '/* A file. */\nvoid f(void)\n{\n' + text + '\n}\n'


def test_the_repository_itself_passes():
    assert [str(finding) for finding in check_layers.check_tree(ROOT)] == []


@pytest.mark.parametrize('path,include', [
    ('src/base/a.c', '"db/db.h"'),              # upwards
    ('src/domain/a.c', '"server/main.h"'),      # a program's header
    ('apps/server/a.c', '"db/db.h"'),           # not in the program's row
    ('src/domain/a.c', '"album.h"'),            # without its layer
    ('src/domain/a.c', '<libpq-fe.h>'),         # a library that the layer does not use
    ('src/domain/a.c', '"db/conn_state.h"'),    # private to its layer
    ('src/base/a.c', '<vips/vips.h>'),
    ('src/base/a.c', '<mystery.h>'),
])
def test_a_forbidden_include_is_found(tree, path, include):
    assert findings(tree, path, f'/* A file. */\n\n#include {include}\n') == [('include', 3)]


@pytest.mark.parametrize('path,include', [
    ('src/base/a.c', '<sodium.h>'), ('src/db/a.c', '"base/err.h"'), ('src/db/a.c', '"db/conn_state.h"'),
    ('src/domain/a.c', '"gen/db/album.h"'), ('apps/server/a.c', '"server/main.h"'), ('apps/server/a.c', '<vips/vips.h>'),
    ('src/base/a.c', '<sys/socket.h>'),
])
def test_an_allowed_include_passes(tree, path, include):
    assert findings(tree, path, f'/* A file. */\n#include {include}\n') == []


def test_an_include_in_a_comment_is_none(tree):
    assert findings(tree, 'src/base/a.c', '/* A file:\n#include "db/db.h"\n*/\n// #include <mystery.h>\n') == []


def test_a_folder_without_a_layer_is_found(tree):
    (tree / 'src/utils').mkdir()
    assert findings(tree, 'src/utils/a.c', '/* A file. */\n') == [('layer', 1)]


@pytest.mark.parametrize('call', ['strcpy(a, b)', 'return sprintf(a, b)', 'x = atoi(a)', 'system(a)', 'sleep(1)', 'malloc(3)',
                                  'if (a) free(b)', 'gets (a)', 'fd = accept(a, b, c)', 'pipe(fds)', 'localtime(&t)'])
def test_a_banned_call_is_found(tree, call):
    assert findings(tree, 'src/db/a.c', body(f'    {call};')) == [('banned', 4)]


def test_a_banned_call_in_a_macro_is_found(tree):
    assert findings(tree, 'src/db/a.c', '/* A file. */\n#define COPY(a, b) \\\n    strcpy(a, b)\n') == [('banned', 3)]


@pytest.mark.parametrize('text', ['pool->free(pool);', 'struct x y = {.free = close_it};', 'char *s = "strcpy(a, b)";',
                                  '/* malloc(3) */', 'sp_heap_free(a);', "char c = '\"'; int strcpy_done = 1;"])
def test_what_looks_like_a_banned_call_passes(tree, text):
    assert findings(tree, 'src/db/a.c', body('    ' + text)) == []


def test_the_heap_is_for_base_alone(tree):
    assert findings(tree, 'src/base/heap.c', body('    free(malloc(3));')) == []
    assert findings(tree, 'src/base/heap.c', body('    strcpy(a, b);')) == [('banned', 4)]


def test_a_test_may_not_sleep(tree):
    assert findings(tree, 'tests/unit/test_a.c', body('    sleep(1);')) == [('banned', 4)]
    assert findings(tree, 'tests/unit/test_a.c', body('    free(strdup(a));')) == []


def test_a_descriptor_needs_cloexec(tree):
    assert findings(tree, 'src/db/a.c', body('    int fd = open(path, O_RDONLY);')) == [('cloexec', 4)]
    assert findings(tree, 'src/db/a.c', body('    int fd = open(path,\n    O_RDONLY | O_CLOEXEC);')) == []
    assert findings(tree, 'src/db/a.c', body('    fd = socket(AF_UNIX, SOCK_STREAM, 0);')) == [('cloexec', 4)]


def test_a_long_file_is_found(tree):
    assert findings(tree, 'src/db/a.c', '/* A file. */\n' + 'int x;\n' * 599) == []
    assert findings(tree, 'src/db/a.c', '/* A file. */\n' + 'int x;\n' * 600) == [('file-length', 601)]


def test_a_long_header_is_found(tree):
    assert findings(tree, 'src/db/a.h', '/* A file. */\n' + 'int x;\n' * 150) == [('file-length', 151)]


def test_generated_files_may_be_long(tree):
    assert findings(tree, 'gen/db/a.c', '/* A file. */\n' + 'int x;\n' * 5000) == []


def test_a_long_function_is_found(tree):
    assert findings(tree, 'src/db/a.c', body('    x++;\n' * 56 + '    x++;')) == []
    assert findings(tree, 'src/db/a.c', body('    x++;\n' * 57 + '    x++;')) == [('function-length', 2)]


@pytest.mark.parametrize('deep', [
    'if (a) { if (a) { for (;;) { while (b) { if (c) x(); } } } }',
    'if (a) if (a) for (;;) while (b) if (c) x();',
    'switch (a) { case 1: do { each_thing(a, b) { if (c) { if (d) x(); } } } while (a); }',
    'if (a) { if (a) { for (;;) { if (b) y(); else if (c) y(); else { if (d) x(); } } } }',
])
def test_deep_nesting_is_found(tree, deep):
    assert findings(tree, 'src/db/a.c', body(deep)) == [('nesting', 2)]


@pytest.mark.parametrize('flat', [
    'if (a) { if (a) { for (;;) { while (b) x(); } } }',
    'if (a) x(); else if (b) x(); else if (c) x(); else if (d) x(); else if (e) x(); else x();',
    'struct s y = {{{{{{1}}}}}}; x((struct s){.a = {.b = {1}}}); { { { { { x(); } } } } }',
    'again: switch (a) { case 1 ... 3: x(); break; default: goto again; }',
])
def test_what_is_flat_enough_passes(tree, flat):
    assert findings(tree, 'src/db/a.c', body(flat)) == []


def test_tables_and_attributes_are_no_functions():
    source = check_layers.scan('static const struct r rows[] = {\n{"a", f(1)},\n};\nstruct s { int (*call)(void); };\n'
                               'SP_PRINTF(2, 3) static int __attribute__((noinline)) g(int a, int (*b)(int))\n{\n}\n'
                               'enum { A = sizeof(int) };\nint h(void) { return 1; }\n')
    assert [(f.name, f.first_line, f.last_line) for f in check_layers.functions(source.tokens)] == [('g', 5, 7), ('h', 9, 9)]


def test_a_file_without_a_first_comment_is_found(tree):
    assert findings(tree, 'src/db/a.c', 'int x; /* late */\n') == [('first-comment', 1)]


def test_a_todo_is_found(tree):
    assert findings(tree, 'src/db/a.c', '/* A file. */\nint x; // TODO: more\n') == [('todo', 2)]


def test_the_own_header_comes_first(tree):
    (tree / 'src/db/a.h').write_text('/* A header. */\n')
    assert findings(tree, 'src/db/a.c', '/* A file. */\n#include "base/err.h"\n#include "db/a.h"\n') == [('own-header', 1)]
    assert findings(tree, 'src/db/a.c', '/* A file. */\n#include "db/a.h"\n#include "base/err.h"\n') == []


def test_what_is_not_c_is_found(tree):
    assert findings(tree, 'src/db/a.c', '/* A file. */\nvoid f(void)\n{\n') == [('scan', 1)]
    assert findings(tree, 'src/db/a.c', '/* A file. */\nint x = ");\n') == [('scan', 1)]


def test_an_exception_lets_pass_and_must_be_needed(tree):
    listed = tree / 'tools/layers_exceptions.txt'
    listed.write_text('# comment\nsrc/db/a.c | banned | a reason\n')
    assert findings(tree, 'src/db/a.c', body('    strcpy(a, b);')) == []
    assert findings(tree, 'src/db/a.c', body('    x();')) == [('exception', 2)]
    listed.write_text('src/db/a.c | banned |\n')
    with pytest.raises(ValueError, match='reason'):
        check_layers.check_tree(tree)


def test_a_layer_may_name_lower_ones_alone():
    with pytest.raises(ValueError, match='does not stand below'):
        check_layers.read_layers('base | src/base | db |\ndb | src/db | |\n')


def test_ldd_names_codecs(tmp_path):
    source = tmp_path / 'a.c'
    source.write_text('int main(void) { return 0; }\n')
    (tmp_path / 'apps').mkdir()
    program = tmp_path / 'apps/swissphotod'
    subprocess.run(['cc', '-o', program, source], check=True)
    assert list(check_layers.check_programs(tmp_path)) == []
    libraries = sorted(Path('/usr/lib').glob('*/libjpeg.so.*'))
    if not libraries:
        pytest.skip('no libjpeg to link with')
    subprocess.run(['cc', '-o', program, source, '-Wl,--no-as-needed', libraries[0]], check=True)
    assert [finding.rule for finding in check_layers.check_programs(tmp_path)] == ['codec']


def test_no_program_is_a_finding(tmp_path):
    assert [finding.rule for finding in check_layers.check_programs(tmp_path)] == ['codec']
