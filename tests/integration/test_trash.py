"""Into the trash, back, and for good: what is shown, what is counted, and what becomes of the files."""
import http.client
import threading

import pytest

from client import Client
from instance import Instance, wait_until
from pictures import picture


def delete(user, *ids, force=None):
    body = {'ids': list(ids), **({} if force is None else {'force': force})}
    reply = user.client.delete('/api/assets', json_body=body)
    assert (reply.status, reply.body) == (204, b''), reply.body


def count(user, **query):
    return user.client.get('/api/assets/statistics', query=query).json()['total']


def shown(user, **query):
    months = user.client.get('/api/timeline/buckets', query=query).json()
    return sum(month['count'] for month in months)


def usage(user):
    return user.client.get('/api/users/me').json()['quotaUsageInBytes']


def post(user, path, body=None):
    reply = user.client.post(path, body)
    assert reply.status == 200, reply.body
    return reply.json()['count']


def run_job(stack, kind):
    """Makes a job that comes by itself due now, and waits until it has run."""
    row = "select id, run_after from job where kind = %s and state = 'waiting'"
    before = wait_until(lambda: stack.sql(row, kind), f'the row of {kind}')
    stack.sql("update job set run_after = clock_timestamp(), published = null where kind = %s and state = 'waiting'", kind)
    stack.sql("select pg_notify('job', '')")
    wait_until(lambda: (rows := stack.sql(row + ' and run_after > clock_timestamp()', kind)) and rows != before, kind)


def files_of(stack, asset):
    return sorted(path.relative_to(stack.data).parts[0] for path in stack.data.glob(f'*/*/*/*/*/{asset}*'))


def test_into_the_trash_and_back(owner, stack):
    data = picture(300, 200)
    asset, other = owner.client.upload_new(data), owner.client.upload_new(picture())
    stack.wait_for_jobs(asset, other)
    used = usage(owner)
    delete(owner, asset)
    assert (shown(owner), shown(owner, isTrashed='true')) == (1, 1)
    assert (count(owner), count(owner, isTrashed='true')) == (1, 1)
    info = owner.client.get(f'/api/assets/{asset}').json()
    assert info['isTrashed'] is True
    assert owner.client.get(f'/api/assets/{asset}/thumbnail').status == 200, 'the trash shows its pictures'
    assert usage(owner) == used, 'what is in the trash counts'
    assert post(owner, '/api/trash/restore/assets', {'ids': [asset, other]}) == 1, 'what was restored, not what was named'
    assert (shown(owner), shown(owner, isTrashed='true')) == (2, 0)
    assert owner.client.get(f'/api/assets/{asset}/original').body == data


def test_the_whole_trash_comes_back(owner):
    assets = [owner.client.upload_new(picture()) for _ in range(3)]
    delete(owner, *assets[:2])
    delete(owner, assets[0])  # again: it is there already
    assert post(owner, '/api/trash/restore') == 2
    assert post(owner, '/api/trash/restore') == 0
    assert shown(owner) == 3


def test_an_album_keeps_the_place_of_what_is_in_the_trash(owner):
    asset, other = owner.client.upload_new(picture()), owner.client.upload_new(picture())
    album = owner.client.post('/api/albums', {'albumName': 'A', 'assetIds': [asset, other]}).json()['id']
    delete(owner, asset)
    assert owner.client.get(f'/api/albums/{album}').json()['assetCount'] == 1
    post(owner, '/api/trash/restore')
    assert owner.client.get(f'/api/albums/{album}').json()['assetCount'] == 2
    delete(owner, asset, force=True)
    assert owner.client.get(f'/api/albums/{album}').json()['assetCount'] == 1


def test_a_duplicate_of_the_trash_says_so(owner):
    data = picture()
    asset = owner.client.upload_new(data)
    delete(owner, asset)
    reply = owner.client.upload(data)
    assert (reply.status, reply.json()) == (200, {'id': asset, 'status': 'duplicate'})
    assert owner.client.get(f'/api/assets/{asset}').json()['isTrashed'] is True, 'nothing is restored by itself'


def test_for_good_its_files_go_when_the_collector_comes(owner, stack):
    data = picture(400, 300)
    asset, kept = owner.client.upload_new(data), owner.client.upload_new(picture(400, 300))
    stack.wait_for_jobs(asset, kept)
    assert files_of(stack, asset) == ['derivatives', 'derivatives', 'originals']
    used = usage(owner)
    delete(owner, asset, force=True)
    assert owner.client.get(f'/api/assets/{asset}').status == 400
    assert usage(owner) == used - len(data)
    again = owner.client.upload_new(data)  # known no more, and no matter what still lies there
    stack.wait_for_jobs(again)
    run_job(stack, 'collect')
    assert files_of(stack, asset) == []
    assert stack.sql('select count(*) from upload where owner_id = %s', owner.id) == [(0,)]
    for survivor in (kept, again):
        assert files_of(stack, survivor) == ['derivatives', 'derivatives', 'originals']
    assert owner.client.get(f'/api/assets/{again}/original').body == data


def test_emptying_takes_the_trash_alone(owner, other_user, stack):
    kept, foreign = owner.client.upload_new(picture()), other_user.client.upload_new(picture())
    delete(other_user, foreign)
    gone = [owner.client.upload_new(picture()) for _ in range(4)]
    delete(owner, *gone)
    assert post(owner, '/api/trash/empty') == 4
    assert post(owner, '/api/trash/empty') == 0
    assert (count(owner), count(owner, isTrashed='true')) == (1, 0)
    assert owner.client.get(f'/api/assets/{kept}').status == 200
    assert other_user.client.get(f'/api/assets/{foreign}').json()['isTrashed'] is True
    assert usage(owner) == stack.sql('select sum(file_size_bytes) from asset where owner_id = %s', owner.id)[0][0]


def test_locked_pictures_stay_where_the_session_is_locked(owner, stack):
    """Nobody who found an open session empties what they cannot see."""
    asset = owner.client.upload_new(picture(), visibility='locked')
    stack.sql('update asset set deleted_at = clock_timestamp() where id = %s', asset)
    assert owner.client.delete('/api/assets', json_body={'ids': [asset], 'force': True}).status == 400
    assert post(owner, '/api/trash/empty') == 0
    assert post(owner, '/api/trash/restore') == 0
    assert stack.sql('select count(*) from asset where id = %s and deleted_at is not null', asset) == [(1,)]


def test_the_video_of_a_live_photo_goes_with_its_still(owner, stack):
    video = owner.client.upload_new(b'video of ' + picture(), 'live.mov', visibility='hidden')
    still = owner.client.upload_new(picture(), 'live.heic', livePhotoVideoId=video)
    state = lambda: stack.sql('select count(*) filter (where deleted_at is null), count(*) from asset where owner_id = %s',
                              owner.id)[0]
    delete(owner, still)
    assert state() == (0, 2)
    assert post(owner, '/api/trash/restore/assets', {'ids': [still]}) == 1
    assert state() == (2, 2)
    delete(owner, still)
    assert post(owner, '/api/trash/empty') == 1
    assert state() == (0, 0)
    assert usage(owner) == 0


def test_a_video_that_another_still_shows_stays(owner, stack):
    video = owner.client.upload_new(b'video of ' + picture(), 'live.mov', visibility='hidden')
    stills = [owner.client.upload_new(picture(), 'live.heic', livePhotoVideoId=video) for _ in range(2)]
    delete(owner, stills[0], force=True)
    assert stack.sql('select count(*) from asset where id = %s', video) == [(1,)]
    delete(owner, stills[1], force=True)
    assert stack.sql('select count(*) from asset where owner_id = %s', owner.id) == [(0,)]


def test_thirty_days_in_the_trash_are_the_end(owner, stack):
    old, young = owner.client.upload_new(picture()), owner.client.upload_new(picture())
    delete(owner, old, young)
    stack.sql("update asset set deleted_at = clock_timestamp() - interval '30 days 1 minute' where id = %s", old)
    stack.sql("update asset set deleted_at = clock_timestamp() - interval '29 days 23 hours' where id = %s", young)
    run_job(stack, 'purge')
    assert owner.client.get(f'/api/assets/{old}').status == 400
    assert owner.client.get(f'/api/assets/{young}').json()['isTrashed'] is True


def test_one_foreign_id_and_nothing_is_deleted(owner, other_user):
    mine, foreign = owner.client.upload_new(picture()), other_user.client.upload_new(picture())
    for force in (True, False):
        reply = owner.client.delete('/api/assets', json_body={'ids': [mine, foreign], 'force': force})
        assert (reply.status, reply.message) == (400, 'Not found or no asset.delete access')
    assert owner.client.get(f'/api/assets/{mine}').json()['isTrashed'] is False
    assert other_user.client.get(f'/api/assets/{foreign}').json()['isTrashed'] is False


def test_who_sees_an_album_deletes_nothing_of_it(owner, other_user):
    asset = other_user.client.upload_new(picture())
    other_user.client.post('/api/albums', {'albumName': 'Shared', 'assetIds': [asset],
                                           'albumUsers': [{'userId': owner.id, 'role': 'editor'}]})
    assert owner.client.get(f'/api/assets/{asset}').status == 200
    assert owner.client.delete('/api/assets', json_body={'ids': [asset]}).status == 400


@pytest.mark.parametrize('body', [{}, {'ids': []}, {'ids': ['x']}, {'ids': None}, {'ids': ['x'] * 65001}, {'ids': [], 'force': 1}])
def test_wrong_bodies_delete_nothing(owner, body):
    asset = owner.client.upload_new(picture())
    assert owner.client.delete('/api/assets', json_body=body).status == 400
    assert owner.client.get(f'/api/assets/{asset}').json()['isTrashed'] is False


def test_a_picture_that_is_deleted_while_it_is_made_leaves_no_file(owner, stack):
    """The job finds its asset gone and takes its files along."""
    assets = [owner.client.upload_new(picture(1500, 1000)) for _ in range(8)]
    delete(owner, *assets, force=True)
    wait_until(lambda: stack.sql("""select count(*) from job where subject_id = any(%s::uuid[])""", assets) == [(0,)], 'the jobs')
    run_job(stack, 'collect')
    assert [files_of(stack, asset) for asset in assets] == [[]] * len(assets)


def test_killed_while_deleting_nothing_is_lost_and_nothing_stays(stack, journal):
    """A server that dies in the middle of emptying: what is left of each asset is all of it or nothing."""
    instance = Instance().start()
    try:
        nobody = Client(instance, journal)
        nobody.post('/api/auth/admin-sign-up', {'email': 'a@example.ch', 'password': 'correct horse', 'name': 'A'})
        client = nobody.log_in('a@example.ch', 'correct horse')
        kept = {client.upload_new(data): data for data in (picture(300, 200) for _ in range(5))}
        gone = [client.upload_new(picture(300, 200)) for _ in range(30)]
        instance.wait_for_jobs()
        deleter = threading.Thread(target=lambda: [try_delete(client, asset) for asset in gone])
        deleter.start()
        while deleter.is_alive():
            for program in ('swissphotod', 'postgres'):
                instance.kill(program)
                wait_until(lambda: try_get(client, '/api/users/me') == 200, 'the server', 60)
        deleter.join()
        rows = {row[0] for row in instance.sql('select id::text from asset')}
        assert set(kept) <= rows
        run_job(instance, 'collect')
        wait_until(lambda: instance.sql('select count(*) from upload') == [(0,)], 'the collector')
        for asset, data in kept.items():
            assert client.get(f'/api/assets/{asset}/original').body == data
        on_disk = {path.stem for path in instance.data.glob('originals/upload/*/*/*/*')}
        assert on_disk == rows
    finally:
        instance.stop()
        instance.destroy()


def try_delete(client, asset):
    """Whether it was said to be done; a broken line says nothing."""
    try:
        return client.delete('/api/assets', json_body={'ids': [asset], 'force': True}).status == 204
    except (OSError, http.client.HTTPException):
        return False


def try_get(client, path):
    try:
        return client.get(path).status
    except (OSError, http.client.HTTPException):
        return None
