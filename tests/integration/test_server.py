"""What the server says of itself, and what every answer has in common."""
import json

import pytest

from contract import ROUTES
from instance import wait_until


def test_clients_find_the_api(nobody):
    assert nobody.get('/.well-known/immich').json() == {'api': {'endpoint': '/api'}}


def test_ping_and_version(nobody):
    assert nobody.get('/api/server/ping').json() == {'res': 'pong'}
    assert nobody.get('/api/server/version').json() == {'major': 3, 'minor': 2, 'patch': 2, 'prerelease': None}


def test_about_names_the_version_with_a_v(admin):
    about = admin.client.get('/api/server/about').json()
    assert about['version'] == 'v3.2.2' and about['licensed'] is False


def test_only_what_is_built_is_a_feature(nobody):
    features = nobody.get('/api/server/features').json()
    assert features.pop('passwordLogin') is True
    assert set(features.values()) == {False}


def test_the_config_says_whether_somebody_signed_up(sign_up, nobody):
    before, _, _ = sign_up
    after = nobody.get('/api/server/config').json()
    assert (before['isInitialized'], after['isInitialized']) == (False, True)
    assert (after['trashDays'], after['userDeleteDelay'], after['minFaces']) == (30, 7, 3)
    assert (after['publicUsers'], after['maintenanceMode'], after['externalDomain']) == (True, False, '')


def test_media_types_are_extensions(nobody):
    types = nobody.get('/api/server/media-types').json()
    every = types['image'] + types['video'] + types['sidecar']
    assert all(extension.startswith('.') and extension == extension.lower() and '/' not in extension for extension in every)
    assert {'.jpg', '.jpeg', '.png', '.webp', '.heic', '.avif', '.dng'} <= set(types['image'])
    assert {'.mp4', '.mov'} <= set(types['video'])
    assert types['sidecar'] == ['.xmp']
    assert len(set(every)) == len(every)


def test_the_api_describes_itself(nobody):
    reply = nobody.get('/api/openapi.json')
    document = reply.json()
    operations = [operation for item in document['paths'].values() for operation in item.values() if 'operationId' in operation]
    assert document['openapi'].startswith('3.1') and len(operations) == len(ROUTES)
    again = nobody.get('/api/openapi.json', headers={'If-None-Match': reply.headers['ETag']})
    assert (again.status, again.body) == (304, b'')


def test_an_unknown_route_is_not_found(nobody):
    reply = nobody.get('/api/nowhere')
    assert (reply.status, reply.json()['statusCode']) == (404, 404)


def test_a_wrong_method_names_the_right_ones(nobody):
    reply = nobody.delete('/api/server/ping')
    assert reply.status == 405 and 'GET' in reply.headers['Allow']


@pytest.mark.parametrize('body,status', [
    (b'{', 400), (b'', 400), (b'[]', 400), (b'"x"', 400), (b'{"email":"a@b.ch","email":"c@d.ch","password":"x"}', 400),
    (b'{"email":"a\\u0000@b.ch","password":"x"}', 400), (b'[' * 200000, 413), (b'[' * 10000, 400), (b'{"email":"\xff","password":"x"}', 400),
])
def test_a_body_that_is_no_json_of_ours_is_refused(body, status, nobody):
    reply = nobody.call('POST', '/api/auth/login', body=body, headers={'Content-Type': 'application/json'})
    assert reply.status == status and reply.json()['statusCode'] == status


def test_a_form_of_another_site_is_no_json(nobody):
    reply = nobody.call('POST', '/api/auth/login', body=b'{"email":"a@b.ch","password":"x"}',
                        headers={'Content-Type': 'text/plain'})
    assert reply.status == 415


def test_a_wrong_field_is_named(nobody):
    reply = nobody.post('/api/auth/login', {'email': 'no address', 'password': 7})
    assert (reply.status, reply.message) == (400, 'Validation failed')
    assert sorted(error['path'] for error in reply.json()['errors']) == [['email'], ['password']]


def test_json_is_compressed_for_who_asks(nobody):
    plain = nobody.get('/api/openapi.json')
    packed = nobody.get('/api/openapi.json', headers={'Accept-Encoding': 'gzip'})
    assert packed.headers['Content-Encoding'] == 'gzip' and len(packed.body) < len(plain.body) / 3
    assert 'Accept-Encoding' in packed.headers['Vary']


def test_answers_of_the_api_are_not_kept_nor_framed(admin):
    headers = admin.client.get('/api/users/me').headers
    assert headers['Cache-Control'] == 'no-store'
    assert (headers['X-Content-Type-Options'], headers['X-Frame-Options']) == ('nosniff', 'DENY')


def test_metrics_are_for_loopback(nobody):
    reply = nobody.get('/metrics')
    assert reply.status == 200 and b'# TYPE' in reply.body
    far = nobody.get('/metrics', headers={'X-Forwarded-For': '8.8.8.8'})
    assert far.status == 200  # nobody said that this client is a proxy


def test_the_log_names_each_request_once(stack, admin):
    reply = admin.client.get('/api/users/me')
    correlation = reply.headers['X-Correlation-ID']

    def found():
        return [line for line in stack.log().splitlines() if correlation in line]
    lines = wait_until(found, 'the log line, which is written after the answer')
    assert len(lines) == 1 and 'status=200' in lines[0] and 'operation=getMyUser' in lines[0]


def test_the_log_holds_no_secret(stack, admin, nobody):
    key = admin.client.key('user.read')
    assert nobody.get('/api/users/me', query={'apiKey': key.headers['x-api-key']}).status == 200
    token = admin.client.headers['Cookie'].split('=')[1]
    assert nobody.get('/api/users/me', query={'sessionKey': token}).status == 200
    log = stack.log()
    for secret in (key.headers['x-api-key'], token, 'correct horse'):
        assert secret not in log


def test_json_dumps_of_the_server_are_compact(nobody):
    body = nobody.get('/api/server/version').body
    assert body == json.dumps(json.loads(body), separators=(',', ':')).encode()
