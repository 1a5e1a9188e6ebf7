"""Runs last: what the whole run asked and was answered, judged by the types of the SDK.

A partial run (a -k, one file) judges the replies that it saw and does not ask for the routes that it left out.
"""
import collections

import pytest

from contract import BUILT
from oracle import Oracle, sdk_schemas


@pytest.fixture(scope='module')
def entries(journal):
    entries = list(journal.read())
    if not entries:
        pytest.skip('no request was made')
    return entries


def test_every_reply_is_of_the_sdks_type(entries):
    oracle = Oracle(sdk_schemas())
    problems = collections.Counter()
    for entry in entries:
        if entry['operation'] or entry['path'].startswith('/api/'):
            for problem in oracle.check(entry['operation'], entry['status'], entry['type'], entry['body']):
                problems[f"{entry['method']} {entry['path'].split('?')[0]} {entry['status']} {entry['operation']}: {problem}"] += 1
    assert not problems, '\n' + '\n'.join(f'{count} x {problem}' for problem, count in problems.most_common(30))


def test_every_status_is_one_that_the_contract_names(entries):
    codes = {route.operation: set(route.successes) for route in BUILT}
    codes['viewAsset'] |= {206, 302, 304}
    codes['downloadAsset'] |= {206, 304}
    codes['getOpenApiDocument'] |= {304}
    wrong = {(entry['operation'], entry['status']) for entry in entries
             if entry['operation'] in codes and entry['status'] < 400 and entry['status'] not in codes[entry['operation']]}
    assert not wrong


def test_every_reply_can_be_found_in_the_log(entries):
    without = {(entry['method'], entry['path'], entry['status']) for entry in entries if not entry['correlation']}
    assert not without
    ids = [entry['correlation'] for entry in entries]
    assert len(set(ids)) == len(ids)


def test_nothing_fell_over(entries):
    broken = {(entry['method'], entry['path'], entry['body']) for entry in entries if entry['status'] == 500}
    assert not broken


def test_every_built_route_was_called_with_success(entries, request):
    if not getattr(request.config, 'is_whole_run', False):
        pytest.skip('a part of the tests alone')
    answered = {entry['operation'] for entry in entries if entry['status'] < 400}
    assert sorted(route.operation for route in BUILT if route.operation not in answered) == []
