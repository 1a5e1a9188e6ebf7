"""Who may: every built route, asked by every kind of credential. The cases come from the route table, so that a new
route without a row in CALLS fails here."""
import re
import uuid

import pytest

from client import WHEN, multipart, sha1_hex, upload_parts
from contract import BUILT, PLANNED, ROUTES
from oracle import sdk_schemas
from pictures import picture

DENIED = re.compile(r'Not found or no [a-zA-Z]+\.[a-zA-Z]+ access')
UNKNOWN = str(uuid.uuid4())


class World:
    """What belongs to the owner, made anew where a call uses it up."""

    def __init__(self, owner):
        self.owner = owner
        self.asset = owner.client.upload_new(picture())
        self.album = owner.client.post('/api/albums', {'albumName': 'Matrix'}).json()['id']

    def another_asset(self):
        return self.owner.client.upload_new(picture())

    def api_key(self):
        return self.owner.client.post('/api/api-keys', {'name': 'k', 'permissions': ['apiKey.rotate']}).json()['id']

    def session(self):
        return self.owner.client.post('/api/sessions', {'deviceType': 'Matrix'}).json()['id']

    def with_pin(self, pin, body):
        """body, once the owner has this PIN, or none."""
        self.owner.client.call('DELETE', '/api/auth/pin-code', {'password': 'correct horse'})
        if pin:
            assert self.owner.client.post('/api/auth/pin-code', {'pinCode': pin}).status == 204
        return {}, {'json_body': body}


def form():
    body, content_type = multipart(upload_parts(picture(), 'matrix.jpg'))
    return {'body': body, 'headers': {'Content-Type': content_type}}


# operation -> how it is called rightly, as (values of the path, what more Client.call gets). Operations that name
# something of the owner's stand in OWNED too, with what stands for its id.
CALLS = {
    'getWellKnown': lambda world: ({}, {}),
    'getOpenApiDocument': lambda world: ({}, {}),
    'pingServer': lambda world: ({}, {}),
    'getServerVersion': lambda world: ({}, {}),
    'getServerFeatures': lambda world: ({}, {}),
    'getServerConfig': lambda world: ({}, {}),
    'getSupportedMediaTypes': lambda world: ({}, {}),
    'getAboutInfo': lambda world: ({}, {}),
    'validateAccessToken': lambda world: ({}, {}),
    'getAuthStatus': lambda world: ({}, {}),
    'changePassword': lambda world: ({}, {'json_body': {'password': 'correct horse', 'newPassword': 'correct horse'}}),
    'setupPinCode': lambda world: world.with_pin(None, {'pinCode': '1234'}),
    'changePinCode': lambda world: world.with_pin('1234', {'pinCode': '1234', 'newPinCode': '123456'}),
    'resetPinCode': lambda world: world.with_pin('1234', {'pinCode': '1234'}),
    'lockAuthSession': lambda world: ({}, {}),
    'unlockAuthSession': lambda world: world.with_pin('1234', {'pinCode': '1234'}),
    'getSessions': lambda world: ({}, {}),
    'updateSession': lambda world: ({'id': world.session()}, {'json_body': {'isPendingSyncReset': True}}),
    'deleteSession': lambda world: ({'id': world.session()}, {}),
    'lockSession': lambda world: ({'id': world.session()}, {}),
    'getMyUser': lambda world: ({}, {}),
    'searchUsers': lambda world: ({}, {}),
    'getUser': lambda world: ({'id': world.owner.id}, {}),
    'updateMyUser': lambda world: ({}, {'json_body': {'name': 'Matrix'}}),
    'getApiKeys': lambda world: ({}, {}),
    'getApiKey': lambda world: ({'id': world.api_key()}, {}),
    'getMyApiKey': lambda world: ({}, {}),
    'createApiKey': lambda world: ({}, {'json_body': {'name': 'k', 'permissions': ['apiKey.create']}}),
    'updateApiKey': lambda world: ({'id': world.api_key()}, {'json_body': {'name': 'renamed'}}),
    'rotateApiKey': lambda world: ({'id': world.api_key()}, {}),
    'deleteApiKey': lambda world: ({'id': world.api_key()}, {}),
    'uploadAsset': lambda world: ({}, form()),
    'checkBulkUpload': lambda world: ({}, {'json_body': {'assets': [{'id': 'a', 'checksum': sha1_hex(b'a')}]}}),
    'getAssetStatistics': lambda world: ({}, {}),
    'getAssetInfo': lambda world: ({'id': world.asset}, {}),
    'downloadAsset': lambda world: ({'id': world.asset}, {}),
    'viewAsset': lambda world: ({'id': world.asset}, {}),
    'deleteAssets': lambda world: ({}, {'json_body': {'ids': [world.another_asset()]}}),
    'updateAsset': lambda world: ({'id': world.asset}, {'json_body': {'isFavorite': True}}),
    'updateAssets': lambda world: ({}, {'json_body': {'ids': [world.asset], 'isFavorite': True}}),
    'restoreAssets': lambda world: ({}, {'json_body': {'ids': [world.asset]}}),
    'restoreTrash': lambda world: ({}, {}),
    'emptyTrash': lambda world: ({}, {}),
    'getTimeBuckets': lambda world: ({}, {}),
    'getTimeBucket': lambda world: ({}, {'query': {'timeBucket': WHEN[:8] + '01'}}),
    'getAllAlbums': lambda world: ({}, {}),
    'createAlbum': lambda world: ({}, {'json_body': {'albumName': 'A', 'assetIds': [world.asset]}}),
    'getAlbumInfo': lambda world: ({'id': world.album}, {}),
    'addAssetsToAlbum': lambda world: ({'id': world.album}, {'json_body': {'ids': [world.asset]}}),
}
# These make or end who asks; test_auth.py and test_sessions.py call them as everyone.
ELSEWHERE = {'signUpAdmin', 'login', 'logout', 'createSession', 'deleteAllSessions'}
# test_accounts.py asks these as everyone.
ELSEWHERE |= {route.operation for route in BUILT if route.path.startswith('/api/admin/users')}
# What everyone of the instance may see.
SHARED_BY_ALL = {'getUser'}
# A right call whose answer to sessions is another one: there is no key to show.
KEYS_ALONE = {'getMyApiKey'}
OWNED_BODIES = {
    'createAlbum': lambda asset: {'albumName': 'A', 'assetIds': [asset]},
    'deleteAssets': lambda asset: {'ids': [asset]},
    'restoreAssets': lambda asset: {'ids': [asset]},
    'updateAssets': lambda asset: {'ids': [asset], 'isFavorite': True},
}
CREDENTIALS = [route for route in BUILT if not route.public and route.operation not in ELSEWHERE]
FOREIGN = [route for route in CREDENTIALS if route.operation not in SHARED_BY_ALL and
           (route.parameters or route.operation in OWNED_BODIES)]


def name_of(route):
    return route.operation


@pytest.fixture(scope='module')
def world(new_user, stack):
    world = World(new_user('matrix-owner'))
    stack.wait_for_jobs(world.asset)
    return world


def ask(client, route, world):
    values, more = CALLS[route.operation](world)
    return client.call(route.method, route.fill(**values), **more)


def test_every_built_route_has_a_case():
    assert {route.operation for route in BUILT} == set(CALLS) | ELSEWHERE


def test_the_route_table_is_the_sdk():
    """276 operations, each with the method and path by which the SDK calls it."""
    sdk = {name: (row['method'], '/api' + row['path']) for name, row in sdk_schemas()['operations'].items()}
    ours = {route.operation: (route.method, route.path) for route in ROUTES}
    own = {'getWellKnown', 'getOpenApiDocument'}
    assert {name: ours.get(name) for name in sdk} == sdk
    assert set(ours) - set(sdk) == own


@pytest.mark.parametrize('route', [route for route in BUILT if route.public and route.operation not in ELSEWHERE], ids=name_of)
def test_public_routes_answer_anybody(route, world, nobody):
    assert ask(nobody, route, world).status in route.successes
    assert ask(nobody.as_key('wrong'), route, world).status in route.successes


@pytest.mark.parametrize('route', CREDENTIALS, ids=name_of)
def test_nobody_is_asked_to_log_in(route, world, nobody):
    reply = ask(nobody, route, world)
    assert (reply.status, reply.message) == (401, 'Authentication required')


@pytest.mark.parametrize('route', CREDENTIALS, ids=name_of)
@pytest.mark.parametrize('headers,message', [
    ({'Cookie': 'immich_access_token=wrong'}, 'Invalid user token'),
    ({'Authorization': 'Bearer wrong'}, 'Invalid user token'),
    ({'x-api-key': 'wrong'}, 'Invalid API key'),
    ({'x-immich-share-key': 'wrong'}, 'Invalid share key'),
    ({'x-immich-share-slug': 'wrong'}, 'Invalid share slug'),
], ids=['cookie', 'bearer', 'key', 'share-key', 'share-slug'])
def test_a_wrong_credential_is_refused(route, headers, message, world, nobody):
    values, more = CALLS[route.operation](world)
    more = {**more, 'headers': {**more.get('headers', {}), **headers}}
    reply = nobody.call(route.method, route.fill(**values), **more)
    assert (reply.status, reply.message) == (401, message)


@pytest.mark.parametrize('route', [route for route in CREDENTIALS if route.operation not in KEYS_ALONE], ids=name_of)
def test_the_owner_may(route, world):
    assert ask(world.owner.client, route, world).status in route.successes


@pytest.mark.parametrize('route', CREDENTIALS, ids=name_of)
def test_a_key_with_the_permission_may(route, world):
    key = world.owner.client.key('userConfig.read' if route.permission == 'any' else route.permission)
    reply = ask(key, route, world)
    assert reply.status in route.successes if route.api_keys else (reply.status, reply.message) == (403, 'Forbidden')


@pytest.mark.parametrize('route', CREDENTIALS, ids=name_of)
def test_a_key_without_the_permission_may_not(route, world):
    every_other = 'asset.update' if route.permission != 'asset.update' else 'asset.read'
    reply = ask(world.owner.client.key(every_other, 'face.read'), route, world)
    if route.permission == 'any':
        assert reply.status in route.successes
    elif not route.api_keys:
        assert (reply.status, reply.message) == (403, 'Forbidden')
    else:
        assert (reply.status, reply.message) == (403, f'Missing required permission: {route.permission}')


def ask_for(client, route, world, identifier):
    values, more = CALLS[route.operation](world)
    if route.operation in OWNED_BODIES:
        more = {'json_body': OWNED_BODIES[route.operation](identifier or world.asset)}
    elif identifier:
        values = {name: identifier for name in values}
    return client.call(route.method, route.fill(**values), **more)


@pytest.mark.parametrize('route', FOREIGN, ids=name_of)
def test_others_and_the_administrator_find_nothing(route, world, other_user, admin):
    """A foreign id and an unknown one are one answer, so that nobody learns what exists."""
    unknown = ask_for(other_user.client, route, world, UNKNOWN)
    foreign = ask_for(other_user.client, route, world, None)
    administrator = ask_for(admin.client, route, world, None)
    owner_unknown = ask_for(world.owner.client, route, world, UNKNOWN)
    assert DENIED.fullmatch(foreign.message)
    for reply in (unknown, administrator, owner_unknown):
        assert (reply.status, reply.json()) == (400, foreign.json())


@pytest.mark.parametrize('route', [route for route in CREDENTIALS if route.parameters], ids=name_of)
def test_an_id_that_is_none_is_a_wrong_field(route, world):
    _, more = CALLS[route.operation](world)
    reply = world.owner.client.call(route.method, route.fill(**{name: 'x' for name in route.parameters}), **more)
    assert (reply.status, reply.message) == (400, 'Validation failed')
    assert [error['path'] for error in reply.json()['errors']] == [['id']]


def test_members_of_an_album_see_its_assets_and_others_do_not(world, owner, other_user):
    asset = world.owner.client.upload_new(picture())
    album = world.owner.client.post('/api/albums', {
        'albumName': 'Shared', 'assetIds': [asset], 'albumUsers': [{'userId': owner.id, 'role': 'viewer'}]}).json()['id']
    assert owner.client.get(f'/api/assets/{asset}').status == 200
    assert owner.client.get(f'/api/assets/{asset}/original').status == 200
    assert owner.client.get(f'/api/albums/{album}').status == 200
    assert owner.client.put(f'/api/albums/{album}/assets', {'ids': [asset]}).status == 400
    assert other_user.client.get(f'/api/assets/{asset}').status == 400
    assert owner.client.get(f'/api/assets/{world.asset}').status == 400


def test_a_locked_asset_is_hidden_from_its_owner_too(owner):
    asset = owner.client.upload_new(picture(), visibility='locked')
    for path in ('', '/original', '/thumbnail'):
        reply = owner.client.get(f'/api/assets/{asset}{path}')
        assert reply.status == 400 and DENIED.fullmatch(reply.message)
    assert owner.client.get('/api/timeline/buckets').json() == []
    assert owner.client.get('/api/timeline/buckets', query={'visibility': 'locked'}).status == 401
    assert owner.client.get('/api/assets/statistics', query={'visibility': 'locked'}).status == 401


# ---- what is not built yet ----

def ask_planned(client, route):
    return client.call(route.method, route.fill(**{name: UNKNOWN for name in route.parameters}))


@pytest.mark.parametrize('route', PLANNED, ids=name_of)
def test_a_planned_route_asks_who_and_says_so(route, nobody, admin, other_user):
    reply = ask_planned(nobody, route)
    assert reply.status == (501 if route.public else 401)
    assert ask_planned(admin.client, route).status == 501
    reply = ask_planned(other_user.client, route)
    assert reply.status == (403 if route.admin else 501)
    assert reply.message and not DENIED.search(reply.message)


@pytest.fixture(scope='module')
def small_key(admin):
    return admin.client.key('server.about')


@pytest.mark.parametrize('route', [route for route in PLANNED if not route.public], ids=name_of)
def test_a_planned_route_asks_keys_for_their_permission(route, small_key):
    reply = ask_planned(small_key, route)
    if route.api_keys and route.permission != 'any':
        assert (reply.status, reply.message) == (403, f'Missing required permission: {route.permission}')
    else:
        assert reply.status == 403 if not route.api_keys else 501
