"""The oracle itself: right replies pass, and every kind of wrong one is refused."""
import json
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from oracle import Oracle, sdk_schemas  # noqa: E402

JSON = 'application/json; charset=utf-8'
KEY = {'id': 'x', 'name': 'n', 'permissions': ['all', 'asset.read'], 'createdAt': '2026-01-02T03:04:05.678Z',
       'updatedAt': '2026-01-02T03:04:05.678Z'}
VERSION = {'major': 3, 'minor': 2, 'patch': 2, 'prerelease': None}


@pytest.fixture(scope='session')
def oracle():
    try:
        return Oracle(sdk_schemas())
    except (OSError, subprocess.SubprocessError) as error:
        pytest.skip(f'@immich/sdk is not to be had from npm: {error}')


def check(oracle, operation, value, status=200, content_type=JSON):
    return oracle.check(operation, status, content_type, json.dumps(value).encode())


def test_knows_every_operation_and_how_it_is_called(oracle):
    assert len(oracle.operations) == 276
    how = {name: (row['method'], row['path'], row['fetch']) for name, row in oracle.operations.items()}
    assert how['getAssetInfo'] == ('GET', '/assets/{id}', 'json')
    assert how['viewAsset'] == ('GET', '/assets/{id}/thumbnail', 'blob')
    assert how['deleteApiKey'] == ('DELETE', '/api-keys/{id}', 'text')
    assert how['getTimeBucket'] == ('GET', '/timeline/bucket', 'json')


def test_right_replies_pass(oracle):
    assert check(oracle, 'getServerVersion', VERSION) == []
    assert check(oracle, 'getApiKeys', [KEY, KEY]) == []
    assert oracle.check('deleteApiKey', 204, '', b'') == []
    assert oracle.check('viewAsset', 200, 'image/webp', b'RIFF') == []
    assert check(oracle, 'getServerVersion', {'message': 'No', 'statusCode': 403}, 403) == []


@pytest.mark.parametrize('operation,value,problem', [
    ('getServerVersion', {'major': 3, 'minor': 2, 'patch': 2}, '$.prerelease is missing'),
    ('getServerVersion', {**VERSION, 'more': 1}, '$.more is not in the type'),
    ('getServerVersion', {**VERSION, 'major': '3'}, "$.major: '3' is no number"),
    ('getServerVersion', {**VERSION, 'major': None}, '$.major: None is no number'),
    ('getServerVersion', {**VERSION, 'major': True}, '$.major: True is no number'),
    ('getServerVersion', [VERSION], "$: [{'major': 3, 'minor': 2, 'patch': 2, 'prerelease': None}] is no object"),
    ('getServerVersion', {**VERSION, 'prerelease': 'rc'}, "$.prerelease: 'rc' is no number"),
    ('getApiKeys', [KEY, {**KEY, 'permissions': ['asset.fly']}], None),
    ('getApiKeys', [{**KEY, 'createdAt': '2026-01-02T03:04:05Z'}],
     "$[0].createdAt: '2026-01-02T03:04:05Z' is not ISO 8601 with milliseconds and Z"),
    ('getApiKeys', {}, '$: {} is no array'),
    ('pingServer', {'res': None}, '$.res: None is no string'),
])
def test_wrong_bodies_are_refused(oracle, operation, value, problem):
    found = check(oracle, operation, value)
    assert len(found) == 1
    assert problem is None or problem in found[0]


def test_what_the_sdk_would_throw_on_is_refused(oracle):
    assert check(oracle, 'getServerVersion', VERSION, content_type='text/plain') != []
    assert oracle.check('getServerVersion', 200, JSON, b'{') != []
    assert oracle.check('getServerVersion', 200, JSON, b'') != []
    assert oracle.check('deleteApiKey', 204, '', b'x') != []
    assert oracle.check('viewAsset', 200, JSON, b'{}') != []


@pytest.mark.parametrize('body', [
    {'statusCode': 403}, {'message': 'No'}, {'message': 'No', 'statusCode': 400}, {'message': ['No'], 'statusCode': 403},
    {'message': 'No', 'statusCode': 403, 'stack': 'main.c'},
    {'message': 'No', 'statusCode': 403, 'errors': [{'path': 'a.b', 'message': 'No', 'code': 'x'}]},
])
def test_wrong_errors_are_refused(oracle, body):
    assert check(oracle, 'getServerVersion', body, 403) != []
