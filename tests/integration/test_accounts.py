"""Accounts: what administrators do with them, what everyone sees of everyone, and what people change of themselves."""
import itertools
import uuid

import pytest

from contract import BUILT, ROUTE
from pictures import picture

PASSWORD = 'correct horse'
ADMIN_ROUTES = [route for route in BUILT if route.path.startswith('/api/admin/users')]
BODIES = {
    'createUserAdmin': lambda: {'email': f'{uuid.uuid4()}@example.ch', 'name': 'Made', 'password': PASSWORD},
    'updateUserAdmin': lambda: {'name': 'Renamed'},
    'deleteUserAdmin': lambda: {},
}
numbers = itertools.count()


def path_of(user_id):
    return f'/api/admin/users/{user_id}'


@pytest.fixture
def second_admin(stack, owner):
    stack.sql('update user_account set is_admin = true where id = %s', owner.id)
    yield owner
    stack.sql('update user_account set is_admin = false where id = %s', owner.id)


@pytest.fixture
def make(admin):
    def make(**fields):
        body = {'email': f'made{next(numbers)}@example.ch', 'name': 'Mia Made', 'password': PASSWORD, **fields}
        return admin.client.post('/api/admin/users', body)
    return make


# ---- who may ----

def ask(client, route, user_id):
    body = BODIES[route.operation]() if route.operation in BODIES else None
    return client.call(route.method, route.fill(id=user_id), body)


@pytest.mark.parametrize('route', ADMIN_ROUTES, ids=lambda route: route.operation)
def test_administrators_alone_may(route, admin, owner, other_user, nobody):
    assert route.admin and route.api_keys and route.permission.startswith('admin')
    assert ask(nobody, route, owner.id).message == 'Authentication required'
    assert ask(nobody.as_session('wrong'), route, owner.id).message == 'Invalid user token'
    assert ask(nobody.as_key('wrong'), route, owner.id).message == 'Invalid API key'
    for client in (other_user.client, other_user.client.key('all'), other_user.client.key(route.permission)):
        reply = ask(client, route, owner.id)
        assert (reply.status, reply.message) == (403, 'Forbidden')
    reply = ask(admin.client.key('user.read'), route, owner.id)
    assert (reply.status, reply.message) == (403, f'Missing required permission: {route.permission}')
    assert ask(admin.client.key(route.permission), route, owner.id).status in route.successes
    assert ask(admin.client, route, owner.id).status in route.successes


@pytest.mark.parametrize('route', [route for route in ADMIN_ROUTES if route.parameters], ids=lambda route: route.operation)
def test_an_unknown_account_is_not_found(route, admin):
    reply = ask(admin.client, route, uuid.uuid4())
    assert (reply.status, reply.message) == (400, f'Not found or no {route.permission} access')
    assert [error['path'] for error in ask(admin.client, route, 'x').json()['errors']] == [['id']]


# ---- making and changing ----

def test_an_account_is_made(make, admin, nobody):
    reply = make(email='Karl@Example.ch', quotaSizeInBytes=1000, storageLabel='karl', pinCode='1234', avatarColor='green', notify=True)
    user = reply.json()
    assert (reply.status, user['email'], user['name'], user['isAdmin']) == (201, 'karl@example.ch', 'Mia Made', False)
    assert (user['quotaSizeInBytes'], user['storageLabel'], user['avatarColor']) == (1000, 'karl', 'green')
    assert (user['status'], user['deletedAt'], user['shouldChangePassword']) == ('active', None, True)
    client = nobody.log_in('KARL@example.ch', PASSWORD)
    assert client.get('/api/auth/status').json()['pinCode'] is True
    assert admin.client.get(path_of(user['id'])).json() == user
    assert client.get('/api/users/me').json() == user


def test_defaults_of_an_account(make):
    user = make(shouldChangePassword=False, quotaSizeInBytes=None, storageLabel=None, pinCode=None, avatarColor=None).json()
    assert (user['quotaSizeInBytes'], user['storageLabel'], user['shouldChangePassword']) == (None, None, False)


def test_a_taken_address_is_refused(make, admin, owner):
    reply = make(email=owner.email.upper())
    assert reply.status == 400 and 'e-mail address' in reply.message
    user = make().json()
    reply = admin.client.put(path_of(user['id']), {'email': owner.email})
    assert reply.status == 400 and 'e-mail address' in reply.message
    assert admin.client.put(path_of(user['id']), {'email': user['email']}).status == 200


@pytest.mark.parametrize('change,path', [
    ({'email': 'nobody'}, 'email'), ({'name': ''}, 'name'), ({'password': '1234567'}, 'password'), ({'pinCode': 'abcd'}, 'pinCode'),
    ({'quotaSizeInBytes': -1}, 'quotaSizeInBytes'), ({'quotaSizeInBytes': 1.5}, 'quotaSizeInBytes'),
    ({'avatarColor': 'black'}, 'avatarColor'), ({'storageLabel': 'x' * 201}, 'storageLabel'), ({'isAdmin': 'yes'}, 'isAdmin'),
])
def test_a_wrong_field_is_named(change, path, make, admin, owner):
    for reply in (make(**change), admin.client.put(path_of(owner.id), change)):
        assert reply.status == 400 and [error['path'] for error in reply.json()['errors']] == [[path]]


def test_null_clears_and_absence_keeps(make, admin):
    user = make(quotaSizeInBytes=5, storageLabel='label', avatarColor='red', pinCode='1234').json()
    path = path_of(user['id'])
    kept = admin.client.put(path, {'name': 'Renamed'}).json()
    assert {**kept, 'updatedAt': None} == {**user, 'name': 'Renamed', 'updatedAt': None}
    cleared = admin.client.put(path, {'quotaSizeInBytes': None, 'storageLabel': None}).json()
    assert (cleared['quotaSizeInBytes'], cleared['storageLabel'], cleared['avatarColor']) == (None, None, 'red')
    assert admin.client.put(path, {'quotaSizeInBytes': 0, 'storageLabel': 'other'}).json()['quotaSizeInBytes'] == 0
    assert admin.client.put(path, {'storageLabel': ''}).json()['storageLabel'] is None


def test_null_removes_a_pin_and_locks(admin, owner):
    owner.client.post('/api/auth/pin-code', {'pinCode': '1234'})
    owner.client.post('/api/auth/session/unlock', {'pinCode': '1234'})
    assert admin.client.put(path_of(owner.id), {'name': 'N'}).status == 200
    assert owner.client.get('/api/auth/status').json()['isElevated'] is True
    assert admin.client.put(path_of(owner.id), {'pinCode': None}).status == 200
    status = owner.client.get('/api/auth/status').json()
    assert (status['pinCode'], status['isElevated']) == (False, False)
    assert admin.client.put(path_of(owner.id), {'pinCode': '654321'}).status == 200
    assert owner.client.post('/api/auth/session/unlock', {'pinCode': '654321'}).status == 204


def test_an_administrator_sets_a_password(admin, owner, nobody):
    body = {'password': 'battery staple', 'shouldChangePassword': True}
    assert admin.client.put(path_of(owner.id), body).json()['shouldChangePassword'] is True
    assert nobody.log_in(owner.email, 'battery staple')


def test_without_a_colour_it_is_always_the_same(admin, owner):
    first = owner.client.get('/api/users/me').json()['avatarColor']
    other = 'pink' if first != 'pink' else 'blue'
    assert owner.client.put('/api/users/me', {'avatarColor': other}).json()['avatarColor'] == other
    assert admin.client.get(f'/api/users/{owner.id}').json()['avatarColor'] == other
    assert owner.client.put('/api/users/me', {'name': 'N'}).json()['avatarColor'] == other
    assert owner.client.put('/api/users/me', {'avatarColor': None}).json()['avatarColor'] == first
    assert admin.client.put(path_of(owner.id), {'avatarColor': other}).json()['avatarColor'] == other
    assert admin.client.put(path_of(owner.id), {'avatarColor': None}).json()['avatarColor'] == first


# ---- the right to administer ----

def test_the_right_is_given_and_taken(admin, owner):
    assert admin.client.put(path_of(owner.id), {'isAdmin': True}).json()['isAdmin'] is True
    assert owner.client.get('/api/admin/users').status == 200
    assert admin.client.put(path_of(owner.id), {'isAdmin': False}).json()['isAdmin'] is False
    assert owner.client.get('/api/admin/users').status == 403


def test_the_last_administrator_stays_one(admin):
    reply = admin.client.put(path_of(admin.id), {'isAdmin': False})
    assert reply.status == 400 and 'administrator' in reply.message
    assert admin.client.put(path_of(admin.id), {'isAdmin': True}).status == 200
    assert admin.client.get('/api/users/me').json()['isAdmin'] is True


def test_a_deleted_administrator_does_not_count(stack, admin, second_admin):
    assert admin.client.delete(path_of(second_admin.id)).status == 200
    assert admin.client.put(path_of(admin.id), {'isAdmin': False}).status == 400


def test_a_narrow_key_makes_nobody_mightier_than_itself(admin, owner, make):
    user = make().json()
    key = admin.client.key('adminUser.create', 'adminUser.update')
    body = {'email': f'k{next(numbers)}@example.ch', 'name': 'K', 'password': PASSWORD}
    assert key.post('/api/admin/users', {**body, 'isAdmin': True}).message == 'Cannot grant permissions you do not have'
    assert key.post('/api/admin/users', body).status == 201
    for change in ({'isAdmin': True}, {'password': 'battery staple'}, {'pinCode': '1234'}):
        reply = key.put(path_of(user['id']), change)
        assert (reply.status, reply.message) == (400, 'Cannot grant permissions you do not have')
    assert key.put(path_of(user['id']), {'quotaSizeInBytes': 7}).status == 200
    own = owner.client.key('user.update')
    assert own.put('/api/users/me', {'name': 'By key'}).status == 200
    reply = own.put('/api/users/me', {'password': 'battery staple'})
    assert (reply.status, reply.message) == (403, 'Missing required permission: all')


# ---- deleting and restoring ----

def test_a_deleted_account_is_out_at_once_and_comes_back(admin, owner, nobody):
    key = owner.client.key('user.read')
    deleted = admin.client.call('DELETE', path_of(owner.id), {}).json()
    assert deleted['status'] == 'deleted' and deleted['deletedAt']
    assert owner.client.get('/api/users/me').message == 'Invalid user token'
    assert key.get('/api/users/me').message == 'Invalid API key'
    assert nobody.post('/api/auth/login', {'email': owner.email, 'password': PASSWORD}).status == 401
    assert nobody.post('/api/auth/login', {'email': owner.email, 'password': PASSWORD}).message == 'Incorrect email or password'
    assert admin.client.get(f'/api/users/{owner.id}').status == 400
    again = admin.client.delete(path_of(owner.id)).json()
    assert again['deletedAt'] == deleted['deletedAt']

    restored = admin.client.post(path_of(owner.id) + '/restore').json()
    assert (restored['status'], restored['deletedAt']) == ('active', None)
    assert key.get('/api/users/me').status == 200
    assert owner.client.get('/api/users/me').status == 401  # sessions do not come back
    assert nobody.log_in(owner.email, PASSWORD)


def test_a_deleted_account_joins_no_album(admin, owner, other_user):
    album = {'albumName': 'A', 'albumUsers': [{'userId': owner.id, 'role': 'viewer'}]}
    assert other_user.client.post('/api/albums', album).status == 201
    admin.client.delete(path_of(owner.id))
    assert other_user.client.post('/api/albums', album).message == 'User not found'


def test_what_is_being_removed_does_not_come_back(stack, admin, owner):
    stack.sql("update user_account set status = 'removing', deleted_at = clock_timestamp() where id = %s", owner.id)
    assert admin.client.post(path_of(owner.id) + '/restore').status == 400
    assert admin.client.delete(path_of(owner.id)).json()['status'] == 'removing'


def test_nobody_deletes_themselves(admin, second_admin):
    for user in (admin, second_admin):
        reply = user.client.delete(path_of(user.id))
        assert reply.status == 400 and 'own account' in reply.message
        assert user.client.get('/api/users/me').status == 200


def test_force_says_that_it_is_not_built(admin, owner):
    reply = admin.client.call('DELETE', path_of(owner.id), {'force': True})
    assert reply.status == 501 and 'force' in reply.message
    assert owner.client.get('/api/users/me').status == 200


# ---- looking ----

def test_accounts_are_searched(admin, owner, make):
    user = make().json()
    listed = admin.client.get('/api/admin/users').json()
    assert user in listed and {admin.id, owner.id} <= {one['id'] for one in listed}
    assert admin.client.get('/api/admin/users', query={'id': user['id']}).json() == [user]
    admin.client.delete(path_of(user['id']))
    assert admin.client.get('/api/admin/users', query={'id': user['id']}).json() == []
    (found,) = admin.client.get('/api/admin/users', query={'id': user['id'], 'withDeleted': 'true'}).json()
    assert (found['id'], found['status']) == (user['id'], 'deleted')
    assert admin.client.get(path_of(user['id'])).json()['status'] == 'deleted'


def test_an_administrator_sees_devices(admin, owner, nobody):
    nobody.log_in(owner.email, PASSWORD)
    sessions = admin.client.get(path_of(owner.id) + '/sessions').json()
    assert len(sessions) == 2 and not any(session['current'] for session in sessions)
    assert any(session['current'] for session in admin.client.get(path_of(admin.id) + '/sessions').json())


def test_an_administrator_sees_counts_and_nothing_else(admin, owner):
    asset = owner.client.upload_new(picture())
    owner.client.upload_new(picture(), isFavorite='true')
    statistics = path_of(owner.id) + '/statistics'
    assert admin.client.get(statistics).json() == {'images': 2, 'videos': 0, 'total': 2}
    assert admin.client.get(statistics, query={'isFavorite': 'true'}).json()['total'] == 1
    assert admin.client.get(statistics, query={'isTrashed': 'true'}).json()['total'] == 0
    assert admin.client.get(statistics, query={'visibility': 'archive'}).json()['total'] == 0
    assert admin.client.get(f'/api/assets/{asset}').status == 400


def test_everyone_sees_everyone(admin, owner, other_user):
    listed = owner.client.get('/api/users').json()
    assert {admin.id, owner.id, other_user.id} <= {user['id'] for user in listed}
    assert [user['name'] for user in listed] == sorted((user['name'] for user in listed))
    one = owner.client.get(f'/api/users/{other_user.id}').json()
    assert one in listed
    assert set(one) == {'id', 'name', 'email', 'avatarColor', 'profileImagePath', 'profileChangedAt'}
    reply = owner.client.get(f'/api/users/{uuid.uuid4()}')
    assert (reply.status, reply.message) == (400, f"Not found or no {ROUTE['getUser'].permission} access")


# ---- oneself ----

def test_people_change_themselves(owner, nobody):
    address = f'new-{next(numbers)}@example.ch'
    me = owner.client.put('/api/users/me', {'name': 'Neu', 'email': address.upper(), 'password': 'battery staple'}).json()
    assert (me['id'], me['name'], me['email']) == (owner.id, 'Neu', address)
    assert nobody.log_in(address, 'battery staple').get('/api/users/me').json()['name'] == 'Neu'
    assert nobody.post('/api/auth/login', {'email': owner.email, 'password': 'battery staple'}).status == 401


def test_people_do_not_change_what_is_not_theirs(owner, other_user):
    me = owner.client.put('/api/users/me', {'isAdmin': True, 'quotaSizeInBytes': None, 'storageLabel': 'x'}).json()
    assert (me['isAdmin'], me['storageLabel']) == (False, None)
    assert owner.client.put('/api/users/me', {'email': other_user.email}).status == 400
    assert owner.client.put('/api/users/me', {'password': '1234567'}).status == 400
