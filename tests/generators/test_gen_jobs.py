"""tools/gen_jobs.py: what it makes of a row, that the C it makes compiles, and everything it refuses."""
import pathlib
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]

GOOD = '''queues:
  backgroundTask: {concurrency: 2}
jobs:
  sweep:
    queue: backgroundTask
    summary: Sweeps the floor
    timeout_ms: 60000
    max_attempts: 5
    backoff_ms: 5000
    every_ms: 3600000
'''


@pytest.fixture
def tree(tmp_path):
    (tmp_path / 'api').mkdir()
    return tmp_path


def run(tree, text, *options):
    (tree / 'api/jobs.yaml').write_text(text)
    return subprocess.run([sys.executable, ROOT / 'tools/gen_jobs.py', '--root', tree, *options], capture_output=True,
                          text=True)


def test_the_committed_output_is_current():
    result = subprocess.run([sys.executable, ROOT / 'tools/gen_jobs.py', '--check'], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_a_row_becomes_kind_queue_and_handler(tree):
    assert run(tree, GOOD).returncode == 0
    assert 'JOB_SWEEP, /* Sweeps the floor */' in (tree / 'gen/job/kinds.h').read_text()
    table = (tree / 'gen/job/kinds.c').read_text()
    assert '[JOB_SWEEP] = {"sweep", "backgroundTask", 60000, 5000, 3600000, 5}' in table
    assert '[JOB_QUEUE_BACKGROUND_TASK] = {"backgroundTask", 2}' in table
    assert '[JOB_SWEEP] = job_sweep' in (tree / 'gen/job/handlers.inc').read_text()


WORKER = '''#include <stddef.h>
#include "gen/job/handlers.inc"
int main(void) { return job_handlers[JOB_SWEEP](NULL) != NULL; }
'''
HANDLER = '''#include <stddef.h>
#include "gen/job/handlers.h"
struct sp_err *job_sweep(struct job_context *ctx) { (void)ctx; return NULL; }
'''


@pytest.mark.parametrize('has_handler', [True, False])
def test_a_missing_handler_is_a_link_error(tree, has_handler):
    compiler = shutil.which('cc') or pytest.skip('no C compiler')
    assert run(tree, GOOD).returncode == 0
    (tree / 'worker.c').write_text(WORKER)
    (tree / 'job_sweep.c').write_text(HANDLER if has_handler else 'extern int nothing;\n')
    result = subprocess.run([compiler, '-Wall', '-Werror', f'-I{tree}', f'-I{ROOT}/src', '-o', tree / 'worker', tree / 'worker.c',
                             tree / 'job_sweep.c', tree / 'gen/job/kinds.c'], capture_output=True, text=True)
    assert (result.returncode == 0) == has_handler, result.stderr
    assert has_handler or 'job_sweep' in result.stderr
    assert not has_handler or subprocess.run([tree / 'worker']).returncode == 0


def test_drift_is_found_in_both_directions_and_mended(tree):
    run(tree, GOOD)
    assert run(tree, GOOD, '--check').returncode == 0
    stale = run(tree, GOOD.replace('max_attempts: 5', 'max_attempts: 6'), '--check')
    assert stale.returncode == 1 and 'kinds.c' in stale.stderr
    (tree / 'gen/job/old.h').write_text('left over')
    assert 'old.h' in run(tree, GOOD, '--check').stderr
    run(tree, GOOD)
    assert run(tree, GOOD, '--check').returncode == 0 and not (tree / 'gen/job/old.h').exists()


@pytest.mark.parametrize('old, new, message', [
    ('    every_ms: 3600000', '    each_ms: 3600000', "unknown ['each_ms']"),
    ('    max_attempts: 5\n', '', "missing ['max_attempts']"),
    ('    max_attempts: 5\n', '    max_attempts: 5\n    max_attempts: 6\n', 'stands twice'),
    ('max_attempts: 5', 'max_attempts: 0', 'a number from 1 to 100'),
    ('max_attempts: 5', 'max_attempts: 101', 'a number from 1 to 100'),
    ('max_attempts: 5', 'max_attempts: true', 'a number from 1 to 100'),
    ('max_attempts: 5', 'max_attempts: "5"', 'a number from 1 to 100'),
    ('timeout_ms: 60000', 'timeout_ms: 999', 'timeout_ms'),
    ('concurrency: 2', 'concurrency: 0', 'concurrency'),
    ('concurrency: 2', 'concurrency: 61', 'at most 60 consumers'),
    ('concurrency: 2', 'threads: 2', "unknown ['threads']"),
    ('queue: backgroundTask', 'queue: nowhere', 'there is no queue nowhere'),
    ('  sweep:', '  Sweep:', 'the name must look like'),
    ('  sweep:', '  "sweep(); x":', 'the name must look like'),
    ('backgroundTask: {', 'background-task: {', 'the name must look like'),
    ('backgroundTask: {', 'search: {concurrency: 1}\n  backgroundTask: {', 'no job is in it'),
    ('Sweeps the floor', 'Sweeps */ #error', 'summary must be'),
    ('Sweeps the floor', 'Sweeps the floor.', 'summary must be'),
    ('Sweeps the floor', '[a, b]', 'summary must be'),
    ('jobs:', 'version: 1\njobs:', "unknown ['version']"),
    (GOOD, '[]', 'it must be a mapping'),
    (GOOD, 'queues: []\njobs: {}', 'it must be a mapping'),
    (GOOD, 'queues: {', 'api/jobs.yaml'),
])
def test_what_it_does_not_know_is_refused(tree, old, new, message):
    assert old in GOOD
    result = run(tree, GOOD.replace(old, new, 1))
    assert result.returncode == 1 and message in result.stderr, result.stderr
    assert not (tree / 'gen').exists()
