"""Sign-up, login with its cookies, logout, the ways to show a credential, and API keys."""
import datetime
import re
import threading

import pytest

from client import Client
from contract import ROUTE
from instance import Instance

COOKIE_SECONDS = 400 * 24 * 60 * 60


# ---- sign-up ----

def test_the_first_to_sign_up_is_the_administrator(sign_up):
    _, first, second = sign_up
    user = first.json()
    assert first.status == 201 and user['isAdmin'] is True
    assert (user['email'].lower(), user['name'], user['status']) == ('admin@example.ch', 'Ada Admin', 'active')
    assert (user['quotaSizeInBytes'], user['quotaUsageInBytes'], user['license'], user['deletedAt']) == (None, 0, None, None)
    assert (user['profileImagePath'], user['oauthId'], user['storageLabel']) == ('', '', None)
    assert second.status == 400 and 'administrator' in second.message


def test_of_many_who_sign_up_at_once_one_wins(journal):
    instance = Instance().start()
    try:
        client, replies = Client(instance, journal), []

        def sign_up(number):
            body = {'email': f'a{number}@example.ch', 'password': 'p', 'name': 'A'}
            replies.append(client.post('/api/auth/admin-sign-up', body).status)
        threads = [threading.Thread(target=sign_up, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(replies) == [201] + [400] * 7
        assert instance.sql('select count(*) from user_account where is_admin') == [(1,)]
        assert instance.stop() == 0
    finally:
        instance.destroy()


@pytest.mark.parametrize('change,path', [
    ({'email': 'nobody'}, 'email'), ({'password': ''}, 'password'), ({'name': ''}, 'name'), ({'name': None}, 'name'),
    ({'name': 'x' * 101}, 'name'), ({'email': 'a' * 321 + '@example.ch'}, 'email'),
])
def test_sign_up_names_the_wrong_field(change, path, nobody):
    body = {'email': 'a@example.ch', 'password': 'p', 'name': 'A', **change}
    reply = nobody.post('/api/auth/admin-sign-up', body)
    assert reply.status == 400 and [error['path'] for error in reply.json()['errors']] == [[path]]


# ---- login ----

def test_login_answers_and_sets_three_cookies(admin, nobody):
    reply = nobody.post('/api/auth/login', {'email': admin.email, 'password': 'correct horse'})
    body = reply.json()
    assert reply.status == 201
    assert (body['userId'], body['userEmail'].lower(), body['isAdmin']) == (admin.id, admin.email, True)
    assert (body['name'], body['shouldChangePassword'], body['profileImagePath']) == ('Ada Admin', False, '')
    cookies = reply.cookies()
    assert {name: value for name, (value, _) in cookies.items()} == {
        'immich_access_token': body['accessToken'], 'immich_auth_type': 'password', 'immich_is_authenticated': 'true'}
    for name, (_, attributes) in cookies.items():
        assert (attributes['path'], attributes['samesite'], attributes['max-age']) == ('/', 'Lax', str(COOKIE_SECONDS))
        assert ('httponly' in attributes) == (name != 'immich_is_authenticated')
        assert 'secure' not in attributes  # this is http


def test_the_address_is_known_in_any_case(admin, nobody):
    assert nobody.post('/api/auth/login', {'email': 'ADMIN@EXAMPLE.CH', 'password': 'correct horse'}).status == 201


@pytest.mark.parametrize('email,password', [
    ('admin@example.ch', 'Correct horse'), ('admin@example.ch', 'correct horse '), ('nobody@example.ch', 'correct horse'),
])
def test_a_bad_login_does_not_say_what_was_wrong(email, password, admin, nobody):
    reply = nobody.post('/api/auth/login', {'email': email, 'password': password})
    assert (reply.status, reply.message) == (401, 'Incorrect email or password')
    assert not reply.cookies()


def test_a_removed_user_cannot_log_in_nor_stay(stack, owner, nobody):
    assert owner.client.get('/api/users/me').status == 200
    key = owner.client.key('user.read')
    stack.sql('update user_account set deleted_at = clock_timestamp() where id = %s', owner.id)
    assert nobody.post('/api/auth/login', {'email': owner.email, 'password': 'correct horse'}).status == 401
    assert owner.client.get('/api/users/me').message == 'Invalid user token'
    assert key.get('/api/users/me').message == 'Invalid API key'


def test_tokens_are_stored_as_hashes_alone(stack, owner):
    token = owner.client.headers['Cookie'].split('=')[1]
    assert len(token) >= 43 and re.fullmatch(r'[A-Za-z0-9_-]+', token)
    for (text,) in stack.sql('select session::text from session') + stack.sql('select user_account::text from user_account'):
        assert token not in text and 'correct horse' not in text


def test_a_session_ends_when_its_time_has_come(stack, owner):
    stack.sql("update session set expires_at = clock_timestamp() - interval '1 second' where user_id = %s", owner.id)
    assert owner.client.get('/api/users/me').message == 'Invalid user token'


def test_a_session_that_nobody_uses_ends_after_90_days(stack, owner):
    stack.sql("update session set updated_at = clock_timestamp() - interval '89 days' where user_id = %s", owner.id)
    assert owner.client.get('/api/users/me').status == 200  # and counts as used from now
    stack.sql("update session set updated_at = clock_timestamp() - interval '91 days' where user_id = %s", owner.id)
    assert owner.client.get('/api/users/me').status == 401


# ---- how a credential is shown ----

@pytest.mark.parametrize('how', ['cookie', 'bearer', 'user-token', 'session-token', 'query'])
def test_a_session_is_shown_in_five_ways(how, owner, nobody):
    token = owner.client.headers['Cookie'].split('=')[1]
    headers = {'cookie': {'Cookie': f'a=b; immich_access_token={token}; c=d'}, 'bearer': {'Authorization': f'Bearer {token}'},
               'user-token': {'x-immich-user-token': token}, 'session-token': {'x-immich-session-token': token}}.get(how)
    reply = nobody.get('/api/users/me', headers=headers, query=None if headers else {'sessionKey': token})
    assert (reply.status, reply.json()['id']) == (200, owner.id)


def test_a_key_is_shown_in_two_ways(owner, nobody):
    secret = owner.client.key('user.read').headers['x-api-key']
    assert nobody.get('/api/users/me', headers={'X-API-Key': secret}).status == 200
    assert nobody.get('/api/users/me', query={'apiKey': secret}).status == 200


def test_a_session_goes_before_a_key(owner, other_user, nobody):
    secret = other_user.client.key('user.read').headers['x-api-key']
    both = {**owner.client.headers, 'x-api-key': secret}
    assert nobody.get('/api/users/me', headers=both).json()['id'] == owner.id
    wrong_first = {'Cookie': 'immich_access_token=wrong', 'x-api-key': secret}
    assert nobody.get('/api/users/me', headers=wrong_first).message == 'Invalid user token'


def test_a_share_key_goes_before_everything(owner):
    reply = owner.client.get('/api/timeline/buckets', query={'key': 'wrong'})
    assert (reply.status, reply.message) == (401, 'Invalid share key')


@pytest.mark.parametrize('headers,status', [
    ({'Sec-Fetch-Site': 'cross-site'}, 403), ({'Sec-Fetch-Site': 'same-site'}, 403), ({'Origin': 'https://evil.example'}, 403),
    ({'Origin': 'null'}, 403), ({'Sec-Fetch-Site': 'same-origin'}, 201), ({}, 201),
])
def test_a_foreign_page_cannot_ride_on_the_cookie(headers, status, owner):
    reply = owner.client.post('/api/albums', {'albumName': 'CSRF'}, headers=headers)
    assert reply.status == status


def test_a_key_is_no_cookie_and_may_come_from_anywhere(owner):
    key = owner.client.key('album.create')
    assert key.post('/api/albums', {'albumName': 'A'}, headers={'Sec-Fetch-Site': 'cross-site'}).status == 201


# ---- logout, status ----

def test_logout_ends_the_session_and_clears_its_cookies(owner):
    reply = owner.client.post('/api/auth/logout')
    assert (reply.status, reply.json()) == (200, {'successful': True, 'redirectUri': '/auth/login?autoLaunch=0'})
    assert {name: (value, attributes['max-age']) for name, (value, attributes) in reply.cookies().items()} == {
        'immich_access_token': ('', '0'), 'immich_auth_type': ('', '0'), 'immich_is_authenticated': ('', '0')}
    assert owner.client.get('/api/users/me').message == 'Invalid user token'


def test_logout_of_one_device_leaves_the_others(owner, nobody):
    other_device = nobody.log_in(owner.email, 'correct horse')
    owner.client.post('/api/auth/logout')
    assert other_device.get('/api/users/me').status == 200


def test_logout_asks_who_is_there(nobody, owner):
    assert nobody.post('/api/auth/logout').message == 'Authentication required'
    assert owner.client.key('asset.read').post('/api/auth/logout').message == 'Missing required permission: all'
    assert owner.client.key('all').post('/api/auth/logout').status == 200
    assert owner.client.get('/api/users/me').status == 200  # a key has no session to end
    assert ROUTE['logout'].permission == 'all'


def test_status_of_a_session(owner):
    status = owner.client.get('/api/auth/status').json()
    assert (status['password'], status['pinCode'], status['isElevated']) == (True, False, False)
    assert owner.client.post('/api/auth/validateToken').json() == {'authStatus': True}


def test_my_user(owner):
    me = owner.client.get('/api/users/me').json()
    assert (me['id'], me['email'], me['isAdmin'], me['quotaUsageInBytes']) == (owner.id, owner.email, False, 0)


# ---- API keys ----

def test_a_key_is_made_shown_renamed_and_deleted(owner):
    made = owner.client.post('/api/api-keys', {'name': 'Phone', 'permissions': ['asset.read', 'album.read']})
    body = made.json()
    assert made.status == 201 and body['apiKey'] == {name: body[name] for name in ('id', 'name', 'permissions', 'createdAt', 'updatedAt')}
    assert (body['name'], sorted(body['permissions'])) == ('Phone', ['album.read', 'asset.read'])
    path = f"/api/api-keys/{body['id']}"
    assert owner.client.get(path).json() == body['apiKey']
    assert owner.client.get('/api/api-keys').json() == [body['apiKey']]
    renamed = owner.client.put(path, {'name': 'Tablet'}).json()
    assert (renamed['name'], renamed['permissions']) == ('Tablet', body['permissions'])
    assert renamed['updatedAt'] >= body['updatedAt']
    key = owner.client.as_key(body['secret'])
    assert key.get('/api/albums').status == 200
    narrowed = owner.client.put(path, {'permissions': ['asset.read']}).json()
    assert (narrowed['name'], narrowed['permissions']) == ('Tablet', ['asset.read'])
    assert key.get('/api/albums').status == 403
    assert owner.client.delete(path).status == 204
    assert key.get('/api/api-keys/me').message == 'Invalid API key'
    assert owner.client.delete(path).status == 400


def test_a_key_without_a_name_gets_one(owner):
    assert owner.client.post('/api/api-keys', {'permissions': ['all']}).json()['name'] == 'API Key'


def test_the_secret_is_shown_once(owner):
    made = owner.client.post('/api/api-keys', {'name': 'k', 'permissions': ['all']}).json()
    for reply in (owner.client.get('/api/api-keys'), owner.client.get(f"/api/api-keys/{made['id']}")):
        assert made['secret'] not in reply.body.decode() and 'secret' not in reply.body.decode()


def test_a_rotated_key_ends_at_once(owner):
    made = owner.client.post('/api/api-keys', {'name': 'k', 'permissions': ['user.read']}).json()
    rotated = owner.client.post(f"/api/api-keys/{made['id']}/rotate").json()
    assert rotated['id'] == made['id'] and rotated['secret'] != made['secret']
    assert owner.client.as_key(made['secret']).get('/api/users/me').message == 'Invalid API key'
    assert owner.client.as_key(rotated['secret']).get('/api/users/me').status == 200


def test_any_key_knows_itself(owner):
    key = owner.client.key('face.read')
    me = key.get('/api/api-keys/me')
    assert (me.status, me.json()['permissions']) == (200, ['face.read'])


def test_a_session_is_no_key(owner):
    reply = owner.client.get('/api/api-keys/me')
    assert reply.status in (400, 403) and reply.message


def test_a_key_cannot_grant_what_it_lacks(owner):
    key = owner.client.key('apiKey.create', 'apiKey.update', 'asset.read')
    assert key.post('/api/api-keys', {'name': 'x', 'permissions': ['asset.read']}).status == 201
    for permissions in (['asset.read', 'asset.delete'], ['all']):
        assert key.post('/api/api-keys', {'name': 'x', 'permissions': permissions}).status == 400
    (mine,) = [row for row in owner.client.get('/api/api-keys').json() if 'apiKey.update' in row['permissions']]
    assert key.put(f"/api/api-keys/{mine['id']}", {'permissions': ['all']}).status == 400


def test_a_key_cannot_widen_a_wider_key_by_rotating_it(owner):
    """A key with apiKey.rotate alone would otherwise get the secret of one that may do everything."""
    wide = owner.client.post('/api/api-keys', {'name': 'wide', 'permissions': ['all']}).json()
    narrow = owner.client.key('apiKey.rotate')
    assert narrow.post(f"/api/api-keys/{wide['id']}/rotate").status == 400
    assert owner.client.as_key(wide['secret']).get('/api/users/me').status == 200


def test_the_wildcard_is_everything(owner):
    key = owner.client.key('all')
    assert key.get('/api/users/me').status == 200
    assert key.post('/api/api-keys', {'name': 'x', 'permissions': ['all']}).status == 201


@pytest.mark.parametrize('body', [
    {'name': 'x'}, {'name': 'x', 'permissions': []}, {'name': 'x', 'permissions': ['asset.fly']},
    {'name': 'x' * 101, 'permissions': ['all']}, {'name': 'x', 'permissions': 'all'}, {'name': '', 'permissions': ['all']},
])
def test_a_key_that_makes_no_sense_is_refused(body, owner):
    reply = owner.client.post('/api/api-keys', body)
    assert (reply.status, reply.message) == (400, 'Validation failed')


def test_times_are_now(owner):
    made = owner.client.post('/api/api-keys', {'name': 'k', 'permissions': ['all']}).json()
    created = datetime.datetime.fromisoformat(made['createdAt'].replace('Z', '+00:00'))
    assert abs((datetime.datetime.now(datetime.timezone.utc) - created).total_seconds()) < 60
