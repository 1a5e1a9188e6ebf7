"""Logged-in devices, one's own password, and the PIN before locked assets."""
import datetime
import re

import pytest

from pictures import picture

PASSWORD = 'correct horse'


def seconds_from_now(text):
    moment = datetime.datetime.fromisoformat(text.replace('Z', '+00:00'))
    return (moment - datetime.datetime.now(datetime.timezone.utc)).total_seconds()


def sessions_of(client):
    return client.get('/api/sessions').json()


def current(client):
    (session,) = [session for session in sessions_of(client) if session['current']]
    return session


# ---- devices ----

def test_devices_are_listed_with_what_they_are(owner, nobody):
    body = {'email': owner.email, 'password': PASSWORD}
    agent = {'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0'}
    assert nobody.post('/api/auth/login', body, headers=agent).status == 201
    listed = sessions_of(owner.client)
    assert len(listed) == 2 and [session['current'] for session in listed].count(True) == 1
    (other,) = [session for session in listed if not session['current']]
    assert (other['deviceOS'], other['deviceType'], other['appVersion']) == ('Linux', 'Firefox', None)
    assert other['isPendingSyncReset'] is False and 'token' not in other
    assert not any(session['current'] for session in sessions_of(owner.client.key('session.read')))


def test_what_has_ended_is_not_listed(stack, owner, nobody):
    nobody.log_in(owner.email, PASSWORD)
    mine = current(owner.client)['id']
    for column, ago in (('expires_at', '1 second'), ('updated_at', '91 days')):
        stack.sql(f"update session set {column} = clock_timestamp() - interval '{ago}' where user_id = %s and id <> %s",
                  owner.id, mine)
        assert [session['id'] for session in sessions_of(owner.client)] == [mine]
        stack.sql('update session set expires_at = null where user_id = %s', owner.id)


def test_one_device_is_ended(owner, nobody):
    device = nobody.log_in(owner.email, PASSWORD)
    path = f"/api/sessions/{current(device)['id']}"
    assert owner.client.delete(path).status == 204
    assert device.get('/api/users/me').message == 'Invalid user token'
    assert owner.client.delete(path).message == 'Not found or no session.delete access'
    assert owner.client.delete(f"/api/sessions/{current(owner.client)['id']}").status == 204
    assert owner.client.get('/api/users/me').status == 401


def test_all_devices_but_this_one_are_ended(owner, other_user, nobody):
    devices = [nobody.log_in(owner.email, PASSWORD) for _ in range(2)]
    assert owner.client.delete('/api/sessions').status == 204
    assert [device.get('/api/users/me').status for device in devices] == [401, 401]
    assert owner.client.get('/api/users/me').status == 200
    assert other_user.client.get('/api/users/me').status == 200


def test_who_may_end_all_devices(owner, nobody):
    assert nobody.delete('/api/sessions').message == 'Authentication required'
    assert nobody.as_session('wrong').delete('/api/sessions').message == 'Invalid user token'
    assert owner.client.key('session.read').delete('/api/sessions').message == 'Missing required permission: session.delete'
    assert owner.client.key('session.delete').delete('/api/sessions').status == 204  # a key has no session to keep
    assert owner.client.get('/api/users/me').status == 401


def test_a_device_gets_a_session(owner, nobody):
    reply = owner.client.post('/api/sessions', {'deviceType': 'Television', 'deviceOS': 'Cast', 'duration': 600})
    made = reply.json()
    assert (reply.status, made['deviceType'], made['deviceOS'], made['current']) == (201, 'Television', 'Cast', False)
    assert 590 < seconds_from_now(made['expiresAt']) < 610
    device = nobody.as_session(made['token'])
    assert device.get('/api/users/me').json()['id'] == owner.id
    assert current(device)['id'] == made['id']
    assert owner.client.post('/api/sessions', {}).json().get('expiresAt') is None


def test_a_session_does_not_outlive_who_made_it(owner, nobody):
    short = nobody.as_session(owner.client.post('/api/sessions', {'duration': 60}).json()['token'])
    for body in ({}, {'duration': 10_000}):
        assert seconds_from_now(short.post('/api/sessions', body).json()['expiresAt']) < 61


def test_a_narrow_key_gets_no_session(owner, nobody):
    """It could do everything with it."""
    reply = owner.client.key('session.create').post('/api/sessions', {})
    assert (reply.status, reply.message) == (400, 'Cannot grant permissions you do not have')
    assert owner.client.key('all').post('/api/sessions', {}).status == 201
    assert owner.client.key('session.read').post('/api/sessions', {}).message == 'Missing required permission: session.create'
    assert nobody.post('/api/sessions', {}).message == 'Authentication required'
    assert nobody.as_key('wrong').post('/api/sessions', {}).message == 'Invalid API key'


@pytest.mark.parametrize('body', [{'duration': 0}, {'duration': 1.5}, {'deviceType': 'x' * 101}, {'deviceOS': 1}])
def test_a_session_that_makes_no_sense_is_refused(body, owner):
    reply = owner.client.post('/api/sessions', body)
    assert (reply.status, reply.message) == (400, 'Validation failed')


def test_a_device_is_told_to_sync_anew(owner):
    path = f"/api/sessions/{current(owner.client)['id']}"
    assert owner.client.put(path, {'isPendingSyncReset': True}).json()['isPendingSyncReset'] is True
    assert owner.client.put(path, {}).json()['isPendingSyncReset'] is True
    assert owner.client.put(path, {'isPendingSyncReset': False}).json()['isPendingSyncReset'] is False


# ---- the password ----

def test_the_password_is_changed(stack, owner, nobody):
    stack.sql('update user_account set should_change_password = true where id = %s', owner.id)
    other_device = nobody.log_in(owner.email, PASSWORD)
    reply = owner.client.post('/api/auth/change-password', {'password': PASSWORD, 'newPassword': 'battery staple'})
    assert (reply.status, reply.json()['id'], reply.json()['shouldChangePassword']) == (200, owner.id, False)
    assert nobody.post('/api/auth/login', {'email': owner.email, 'password': PASSWORD}).status == 401
    assert nobody.log_in(owner.email, 'battery staple')
    assert other_device.get('/api/users/me').status == 200


def test_with_the_password_other_devices_may_end(owner, nobody):
    other_device = nobody.log_in(owner.email, PASSWORD)
    body = {'password': PASSWORD, 'newPassword': 'battery staple', 'invalidateSessions': True}
    assert owner.client.post('/api/auth/change-password', body).status == 200
    assert other_device.get('/api/users/me').status == 401
    assert owner.client.get('/api/users/me').status == 200


def test_a_wrong_old_password_changes_nothing(owner, nobody):
    reply = owner.client.post('/api/auth/change-password', {'password': 'wrong', 'newPassword': 'battery staple'})
    assert (reply.status, reply.message) == (400, 'Wrong password')
    assert nobody.log_in(owner.email, PASSWORD)


def test_a_new_password_has_eight_characters(owner):
    reply = owner.client.post('/api/auth/change-password', {'password': PASSWORD, 'newPassword': '1234567'})
    assert reply.status == 400 and [error['path'] for error in reply.json()['errors']] == [['newPassword']]
    assert owner.client.post('/api/auth/change-password', {'password': PASSWORD, 'newPassword': 'zwölf ü?'}).status == 200


# ---- the PIN ----

@pytest.fixture
def with_pin(owner):
    assert owner.client.post('/api/auth/pin-code', {'pinCode': '1234'}).status == 204
    return owner


def unlock(client, **proof):
    return client.post('/api/auth/session/unlock', proof or {'pinCode': '1234'})


def status(client):
    return client.get('/api/auth/status').json()


def test_a_pin_is_set_once(with_pin, stack):
    assert status(with_pin.client)['pinCode'] is True
    assert status(with_pin.client)['isElevated'] is False
    assert with_pin.client.post('/api/auth/pin-code', {'pinCode': '4321'}).status == 400
    (stored,), = stack.sql('select pin_hash from user_account where id = %s', with_pin.id)
    assert stored.startswith('$argon2id$')


@pytest.mark.parametrize('pin', ['123', '1234567', '12a4', '١٢٣٤', '', 1234])
def test_a_pin_is_four_to_six_digits(pin, owner):
    reply = owner.client.post('/api/auth/pin-code', {'pinCode': pin})
    assert (reply.status, reply.message) == (400, 'Validation failed')
    assert [error['path'] for error in reply.json()['errors']] == [['pinCode']]


def test_the_pin_opens_locked_assets_for_a_quarter_of_an_hour(with_pin, nobody):
    client = with_pin.client
    asset = client.upload_new(picture(), visibility='locked')
    other_device = nobody.log_in(with_pin.email, PASSWORD)
    assert client.get(f'/api/assets/{asset}').status == 400
    assert unlock(client).status == 204
    assert status(client)['isElevated'] is True
    assert 14 * 60 < seconds_from_now(status(client)['pinExpiresAt']) <= 15 * 60
    assert client.get(f'/api/assets/{asset}').status == 200
    assert other_device.get(f'/api/assets/{asset}').status == 400  # it opens this session alone
    assert client.post('/api/auth/session/lock').status == 204
    assert client.get(f'/api/assets/{asset}').status == 400 and status(client)['isElevated'] is False


def expire_in(stack, user, seconds):
    stack.sql("update session set pin_expires_at = clock_timestamp() + %s * interval '1 second' where user_id = %s",
              seconds, user.id)


def test_who_is_still_there_at_the_end_gets_five_minutes_more(stack, with_pin):
    expire_in(stack, with_pin, 60)
    assert 4 * 60 < seconds_from_now(status(with_pin.client)['pinExpiresAt']) <= 5 * 60
    expire_in(stack, with_pin, 600)
    assert 5 * 60 < seconds_from_now(status(with_pin.client)['pinExpiresAt']) <= 10 * 60
    expire_in(stack, with_pin, -1)
    assert status(with_pin.client)['isElevated'] is False


def test_a_wrong_pin_opens_nothing(with_pin):
    assert unlock(with_pin.client, pinCode='4321').message == 'Wrong PIN'
    assert unlock(with_pin.client, password='wrong').message == 'Wrong password'
    reply = with_pin.client.post('/api/auth/session/unlock', {})
    assert reply.status == 400 and [error['path'] for error in reply.json()['errors']] == [['pinCode']]
    assert status(with_pin.client)['isElevated'] is False


def test_without_a_pin_nothing_is_unlocked(owner):
    for proof in ({'pinCode': '1234'}, {'password': PASSWORD}):
        assert re.search('PIN', unlock(owner.client, **proof).message)
    assert status(owner.client)['isElevated'] is False


def test_the_password_opens_too(with_pin):
    assert unlock(with_pin.client, password=PASSWORD).status == 204
    assert status(with_pin.client)['isElevated'] is True


def test_a_key_is_never_unlocked(with_pin):
    key = with_pin.client.key('all')
    assert unlock(key).status == 403
    assert key.post('/api/auth/session/lock').status == 403


def test_a_changed_pin_locks_every_device(with_pin):
    client = with_pin.client
    unlock(client)
    assert client.put('/api/auth/pin-code', {'pinCode': '4321', 'newPinCode': '654321'}).message == 'Wrong PIN'
    assert client.put('/api/auth/pin-code', {'pinCode': '1234', 'newPinCode': 'abcd'}).status == 400
    assert status(client)['isElevated'] is True
    assert client.put('/api/auth/pin-code', {'pinCode': '1234', 'newPinCode': '654321'}).status == 204
    assert status(client)['isElevated'] is False
    assert unlock(client).status == 400 and unlock(client, pinCode='654321').status == 204
    assert client.put('/api/auth/pin-code', {'password': PASSWORD, 'newPinCode': '1111'}).status == 204


def test_a_pin_is_removed(with_pin):
    client = with_pin.client
    unlock(client)
    assert client.call('DELETE', '/api/auth/pin-code', {'pinCode': '4321'}).message == 'Wrong PIN'
    assert client.call('DELETE', '/api/auth/pin-code', {'password': PASSWORD}).status == 204
    assert (status(client)['pinCode'], status(client)['isElevated']) == (False, False)


def test_another_device_is_locked_from_here(with_pin, nobody):
    device = nobody.log_in(with_pin.email, PASSWORD)
    unlock(device)
    assert with_pin.client.post(f"/api/sessions/{current(device)['id']}/lock").status == 204
    assert status(device)['isElevated'] is False
