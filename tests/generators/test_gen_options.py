"""tools/gen_options.py: what it makes of a row, that its C compiles and says what was written, and all it refuses."""
import pathlib
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]

GOOD = '''options:
  port: {type: integer, default: 80, min: 0, max: 65535, programs: [up, server], doc: "The port; 0 is any"}
  web-root: {type: folder, default: 'a\\b"c??)', max: 100, programs: [server], doc: 'Where "it" is, `DIR??)`'}
  is-quiet: {type: boolean, default: true, programs: [worker], doc: Says nothing}
  token: {type: text, default: "", max: 9, secret: true, programs: [server], doc: A password}
  far: {type: integer, default: -5, min: -9007199254740991, max: 9007199254740991, programs: [worker], doc: A number}
'''


@pytest.fixture
def tree(tmp_path):
    (tmp_path / 'api').mkdir()
    return tmp_path


def run(tree, text, *options):
    (tree / 'api/options.yaml').write_text(text)
    return subprocess.run([sys.executable, ROOT / 'tools/gen_options.py', '--root', tree, *options], capture_output=True,
                          text=True)


def test_the_committed_output_is_current():
    result = subprocess.run([sys.executable, ROOT / 'tools/gen_options.py', '--check'], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


PRINT = '''#include <stdio.h>
#include "gen/option/options.h"
int main(void)
{
    struct options options = {.port = INT64_MAX, .web_root = "", .is_quiet = true, .token = "", .far = INT64_MIN};
    (void)options;
    for (size_t i = 0; i < option_row_count; i++) {
        const struct option_row *r = &option_rows[i];
        printf("%s|%s|%s|%s|%d|%lld|%lld|%u|%d\\n", r->name, r->environment, r->initial, r->doc, r->type,
               (long long)r->min, (long long)r->max, r->programs, r->secret);
    }
    return option_rows[1].at != offsetof(struct options, web_root);
}
'''


def test_the_c_of_a_row_says_what_was_written(tree):
    compiler = shutil.which('cc') or pytest.skip('no C compiler')
    assert run(tree, GOOD).returncode == 0
    (tree / 'print.c').write_text(PRINT)
    subprocess.run([compiler, '-std=gnu11', '-Wall', '-Wextra', '-Wpedantic', '-Werror', f'-I{tree}', '-o', tree / 'print',
                    tree / 'print.c', tree / 'gen/option/options.c'], check=True)
    printed = subprocess.run([tree / 'print'], capture_output=True, text=True, check=True).stdout
    assert printed.splitlines() == [
        'port|SWISSPHOTO_PORT|80|The port; 0 is any|1|0|65535|3|0',
        'web-root|SWISSPHOTO_WEB_ROOT|a\\b"c??)|Where "it" is, `DIR??)`|0|0|100|2|0',
        'is-quiet|SWISSPHOTO_IS_QUIET|true|Says nothing|2|0|0|4|0',
        'token|SWISSPHOTO_TOKEN||A password|0|0|9|2|1',
        'far|SWISSPHOTO_FAR|-5|A number|1|-9007199254740991|9007199254740991|4|0',
    ]


def test_the_page_has_a_row_for_each(tree):
    assert run(tree, GOOD).returncode == 0
    page = (tree / 'docs/options.md').read_text()
    assert '| `--port` | `SWISSPHOTO_PORT` | `80` | 0 to 65535 | up, server | The port; 0 is any |\n' in page
    assert '| `--token` | `SWISSPHOTO_TOKEN` |  | 9 bytes | server | A password |\n' in page
    assert '| `--is-quiet` | `SWISSPHOTO_IS_QUIET` | `true` | true, false | worker | Says nothing |\n' in page
    table = [line for line in page.splitlines() if line.startswith('|')]
    assert len(table) == 2 + 5 and {line.count('|') for line in table} == {7}


def test_drift_is_found_in_both_directions_and_mended(tree):
    assert run(tree, GOOD, '--check').returncode == 1 and not (tree / 'gen').exists()
    run(tree, GOOD)
    assert run(tree, GOOD, '--check').returncode == 0
    (tree / 'gen/option/old.h').write_text('left over')
    stale = run(tree, GOOD.replace('default: 80', 'default: 81'), '--check')
    assert stale.returncode == 1
    assert stale.stderr.endswith(': docs/options.md, gen/option/old.h, gen/option/options.c\n')
    run(tree, GOOD)
    assert run(tree, GOOD, '--check').returncode == 0 and not (tree / 'gen/option/old.h').exists()


@pytest.mark.parametrize('old, new, message', [
    ('  token:', '  port:', 'line 5: port stands twice'),
    ('max: 9,', 'max: 9, max: 8,', 'line 5: max stands twice'),
    ('secret: true', 'hidden: true', "token: unknown ['hidden']"),
    ('min: 0, ', '', "port: unknown [], missing ['min']"),
    ('max: 9, ', '', "token: unknown [], missing ['max']"),
    ('max: 9,', 'min: 0, max: 9,', "token: unknown ['min']"),
    ('default: true', 'default: true, max: 1', "is-quiet: unknown ['max']"),
    ('doc: A password', '', "token: unknown [], missing ['doc']"),
    ('default: 80, ', '', "port: unknown [], missing ['default']"),
    ('programs: [worker], doc: S', 'doc: S', "is-quiet: unknown [], missing ['programs']"),
    ('type: text', 'type: string', 'type is one of text'),
    ('type: text, ', '', 'type is one of text'),
    ('default: 80', 'default: "80"', 'the default of an integer is a number'),
    ('default: 80', 'default: true', 'the default of an integer is a number'),
    ('default: 80', 'default: 65536', 'outside of min and max'),
    ('default: 80', 'default: -1', 'outside of min and max'),
    ('min: 0', 'min: 70000', 'min first'),
    ('min: 0', 'min: false', 'min and max are numbers'),
    ('max: 65535', 'max: "65535"', 'min and max are numbers'),
    ('max: 9007199254740991', 'max: 9007199254740992', 'min and max are numbers'),
    ('min: -9007199254740991', 'min: -9007199254740992', 'min and max are numbers'),
    ('default: true', 'default: "true"', 'true or false'),
    ('default: true', 'default: 1', 'true or false'),
    ('''default: 'a\\b"c??)\'''', 'default: 5', 'the default of a text is a text'),
    ('''default: 'a\\b"c??)\'''', 'default: "a|b"', 'the default is ASCII without'),
    ('''default: 'a\\b"c??)\'''', 'default: "a`b"', 'the default is ASCII without'),
    ('''default: 'a\\b"c??)\'''', 'default: "a\\nb"', 'the default is ASCII without'),
    ('''default: 'a\\b"c??)\'''', 'default: "é"', 'the default is ASCII without'),
    ('max: 100', 'max: 6', 'longer than max'),
    ('max: 100', 'max: 0', 'max is a length from 1 to 4096'),
    ('max: 100', 'max: 4097', 'max is a length from 1 to 4096'),
    ('max: 100', 'max: true', 'max is a length from 1 to 4096'),
    ('default: "", max: 9', 'default: x, max: 9', 'a secret has no default'),
    ('secret: true', 'secret: 1', 'secret is true or false'),
    ('programs: [up, server]', 'programs: [up, client]', 'programs are some of'),
    ('programs: [up, server]', 'programs: [up, up]', 'programs are some of'),
    ('programs: [up, server]', 'programs: []', 'programs are some of'),
    ('programs: [up, server]', 'programs: up', 'programs are some of'),
    ('doc: A password', 'doc: A | B', 'doc is one line'),
    ('doc: A password', 'doc: A <b>', 'doc is one line'),
    ('doc: A password', 'doc: A `b', 'doc is one line'),
    ('doc: A password', 'doc: "A\\nb"', 'doc is one line'),
    ('doc: A password', 'doc: "A \\\\ b"', 'doc is one line'),
    ('doc: A password', 'doc: "Ä b"', 'doc is one line'),
    ('doc: A password', 'doc: A password.', 'doc is one line'),
    ('doc: A password', 'doc: 1234', 'doc is one line'),
    ('doc: A password', 'doc: ""', 'doc is one line'),
    ('  token:', '  Token:', 'kebab-case'),
    ('  token:', '  to_ken:', 'kebab-case'),
    ('  token:', '  to--ken:', 'kebab-case'),
    ('  token:', '  token-:', 'kebab-case'),
    ('  token:', '  5:', 'kebab-case'),
    ('  token:', f'  {"t" * 41}:', 'kebab-case'),
    ('  token:', '  default:', 'C has this word for itself'),
    ('  token:', '  linux:', 'C has this word for itself'),
    (GOOD[GOOD.index('  token:'):], '  token: 5\n', 'token: it must be a mapping'),
    ('options:', 'version: 1\noptions:', 'exactly the key options'),
    (GOOD, '', 'exactly the key options'),
    (GOOD, 'options: []', 'exactly the key options'),
    (GOOD, 'options: {', 'api/options.yaml'),
])
def test_what_it_does_not_know_is_refused(tree, old, new, message):
    assert old in GOOD
    result = run(tree, GOOD.replace(old, new, 1))
    assert result.returncode == 1 and message in result.stderr, result.stderr
    assert 'Traceback' not in result.stderr
    assert not (tree / 'gen').exists()
