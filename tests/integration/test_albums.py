"""Albums, as far as upload tools need them."""
import uuid

import pytest

from pictures import exif, picture


def create(user, name='Album', **more):
    reply = user.client.post('/api/albums', {'albumName': name, **more})
    assert reply.status == 201, reply.body
    return reply.json()


def add(user, album, *assets):
    reply = user.client.put(f'/api/albums/{album}/assets', {'ids': list(assets)})
    assert reply.status == 200, reply.body
    return [(item['id'], item['success'], item.get('error')) for item in reply.json()]


def test_a_new_album(owner):
    album = create(owner, 'Ferien 2024')
    assert (album['albumName'], album['description'], album['assetCount'], album['albumThumbnailAssetId']) == \
        ('Ferien 2024', '', 0, None)
    assert (album['shared'], album['hasSharedLink'], album['isActivityEnabled'], album['order']) == (False, False, True, 'desc')
    assert [(member['user']['id'], member['role']) for member in album['albumUsers']] == [(owner.id, 'owner')]
    assert not {'startDate', 'endDate', 'lastModifiedAssetTimestamp', 'contributorCounts', 'assets', 'owner'} & set(album)
    assert owner.client.get(f"/api/albums/{album['id']}").json() == album
    assert owner.client.get('/api/albums').json() == [album]


def test_assets_are_added_once(owner):
    one, two = owner.client.upload_new(picture()), owner.client.upload_new(picture())
    album = create(owner)['id']
    assert add(owner, album, one) == [(one, True, None)]
    assert add(owner, album, one, two, two) == [(one, False, 'duplicate'), (two, True, None), (two, False, 'duplicate')]
    assert owner.client.get(f'/api/albums/{album}').json()['assetCount'] == 2


def test_what_is_not_ones_own_is_not_added(owner, other_user):
    foreign, mine, unknown = other_user.client.upload_new(picture()), owner.client.upload_new(picture()), str(uuid.uuid4())
    album = create(owner)['id']
    assert add(owner, album, foreign, mine, unknown) == [
        (foreign, False, 'no_permission'), (mine, True, None), (unknown, False, 'no_permission')]


def test_an_editor_adds_and_a_viewer_does_not(owner, new_user):
    editor, viewer = new_user(f'editor-{uuid.uuid4().hex[:8]}'), new_user(f'viewer-{uuid.uuid4().hex[:8]}')
    album = create(owner, albumUsers=[{'userId': editor.id, 'role': 'editor'}, {'userId': viewer.id, 'role': 'viewer'}])
    assert album['shared'] is True and album['albumUsers'][0]['role'] == 'owner' and len(album['albumUsers']) == 3
    asset = editor.client.upload_new(picture())
    assert add(editor, album['id'], asset) == [(asset, True, None)]
    refused = viewer.client.put(f"/api/albums/{album['id']}/assets", {'ids': [viewer.client.upload_new(picture())]})
    assert (refused.status, refused.message) == (400, 'Not found or no albumAsset.create access')
    for user in (owner, editor, viewer):
        assert [row['id'] for row in user.client.get('/api/albums').json()] == [album['id']]
        assert user.client.get(f'/api/assets/{asset}').status == 200


def test_dates_and_cover_come_from_the_assets(owner, stack):
    old = owner.client.upload_new(picture(exif=exif('2010:05:01 10:00:00', '+02:00')))
    new = owner.client.upload_new(picture(exif=exif('2012:05:01 10:00:00', '+02:00')))
    stack.wait_for_jobs(old, new)
    album = create(owner, assetIds=[old, new])
    assert (album['assetCount'], album['albumThumbnailAssetId']) == (2, new)
    assert album['startDate'].startswith('2010-05-01T') and album['endDate'].startswith('2012-05-01T')


def test_trashed_and_locked_assets_do_not_count(owner, stack):
    ids = [owner.client.upload_new(picture()) for _ in range(3)]
    album = create(owner, assetIds=ids)['id']
    stack.sql('update asset set deleted_at = clock_timestamp() where id = %s', ids[0])
    stack.sql("update asset set visibility = 'locked' where id = %s", ids[1])
    assert owner.client.get(f'/api/albums/{album}').json()['assetCount'] == 1


def test_the_newest_album_is_first_and_filters_work(owner, other_user):
    asset = owner.client.upload_new(picture())
    first, second = create(owner, 'First', assetIds=[asset]), create(owner, 'Second')
    theirs = create(other_user, 'Theirs', albumUsers=[{'userId': owner.id, 'role': 'viewer'}])

    def listed(**query):
        return [row['id'] for row in owner.client.get('/api/albums', query=query).json()]
    assert listed() == [theirs['id'], second['id'], first['id']]
    assert listed(isOwned='true') == [second['id'], first['id']]
    assert listed(isOwned='false') == listed(isShared='true') == [theirs['id']]
    assert listed(name='First') == listed(assetId=asset) == listed(id=first['id']) == [first['id']]


@pytest.mark.parametrize('body', [
    {}, {'albumName': None}, {'albumName': 'x' * 256}, {'albumName': 'a', 'assetIds': ['x']}, {'albumName': 'a', 'assetIds': 'x'},
    {'albumName': 'a', 'albumUsers': [{'userId': 'x', 'role': 'viewer'}]}, {'albumName': 'a\u0000b'},
    {'albumName': 'a', 'albumUsers': [{'userId': str(uuid.uuid4()), 'role': 'guest'}]},
])
def test_an_album_that_makes_no_sense_is_refused(body, owner):
    assert owner.client.post('/api/albums', body).status == 400
    assert owner.client.get('/api/albums').json() == []


def test_an_album_has_one_owner_and_known_members(owner, other_user):
    for members in ([{'userId': other_user.id, 'role': 'owner'}], [{'userId': owner.id, 'role': 'viewer'}],
                    [{'userId': str(uuid.uuid4()), 'role': 'viewer'}], [{'userId': other_user.id, 'role': 'viewer'}] * 2):
        assert owner.client.post('/api/albums', {'albumName': 'a', 'albumUsers': members}).status == 400


def test_sixty_five_thousand_ids_fit(owner):
    album = create(owner)['id']
    asset = owner.client.upload_new(picture())
    ids = [str(uuid.UUID(int=number)) for number in range(1, 65000)] + [asset]
    results = add(owner, album, *ids)
    assert len(results) == 65000 and results[-1] == (asset, True, None)
    assert {error for _, success, error in results if not success} == {'no_permission'}


def test_a_name_is_kept_as_it_is(owner):
    for name in ('', ' ', 'Zürich 🏔 "quoted" <b>', "Robert'); drop table album;--"):
        assert create(owner, name)['albumName'] == name
