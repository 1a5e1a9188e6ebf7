"""PUT /assets and /assets/{id}: flags, description, rating, place, date; and that no job overwrites what a person set."""
import pytest

from pictures import exif, picture

ZURICH = ((47, 22, 0), 'N', (8, 32, 0), 'E')


@pytest.fixture
def asset(owner, stack):
    """A picture of the first of May, 12:34:56 in Zurich's summer, after its jobs."""
    data = picture(90, 60, exif=exif('2024:05:01 12:34:56', '+02:00', gps=ZURICH))
    asset = owner.client.upload_new(data)
    stack.wait_for_jobs(asset)
    return asset


def change(user, asset, **body):
    reply = user.client.put(f'/api/assets/{asset}', body)
    assert reply.status == 200, reply.body
    assert reply.json() == user.client.get(f'/api/assets/{asset}').json()
    return reply.json()


def change_all(user, *assets, **body):
    reply = user.client.put('/api/assets', {'ids': list(assets), **body})
    assert (reply.status, reply.body) == (204, b''), reply.body


def times(info):
    return info['fileCreatedAt'], info['localDateTime'], info['exifInfo']['timeZone']


def read_again(stack, asset):
    """The metadata job once more, as after an update of the program."""
    stack.sql("update asset set metadata_state = 'waiting', derivative_state = 'waiting' where id = %s", asset)
    stack.sql("""insert into job (kind, queue, subject_id, dedupe_key, max_attempts)
                 values ('metadata', 'metadataExtraction', %s, %s, 5)""", asset, asset)
    stack.sql("select pg_notify('job', '')")
    stack.wait_for_jobs(asset)


def test_each_field_alone_leaves_the_others(owner, asset):
    before = owner.client.get(f'/api/assets/{asset}').json()
    after = change(owner, asset, isFavorite=True)
    assert after['isFavorite'] is True
    assert {**after, 'isFavorite': False, 'updatedAt': ''} == {**before, 'updatedAt': ''}
    assert change(owner, asset, visibility='archive')['isArchived'] is True
    assert change(owner, asset, description='Am See')['exifInfo']['description'] == 'Am See'
    assert change(owner, asset, rating=4)['exifInfo']['rating'] == 4
    last = change(owner, asset, isFavorite=False)
    assert (last['visibility'], last['exifInfo']['description'], last['exifInfo']['rating']) == ('archive', 'Am See', 4)
    assert change(owner, asset) == last | {'updatedAt': owner.client.get(f'/api/assets/{asset}').json()['updatedAt']}


def test_ratings(owner, asset):
    assert change(owner, asset, rating=-1)['exifInfo']['rating'] == -1
    assert change(owner, asset, rating=None)['exifInfo']['rating'] is None
    change(owner, asset, rating=5)
    assert change(owner, asset, rating=0)['exifInfo']['rating'] is None
    for wrong in (6, -2, 2.5, '3'):
        assert owner.client.put(f'/api/assets/{asset}', {'rating': wrong}).status == 400


def test_a_place_needs_both_halves(owner, asset):
    info = change(owner, asset, latitude=46.5, longitude=6.6)['exifInfo']
    assert (info['latitude'], info['longitude'], info['city']) == (46.5, 6.6, None)
    for body in ({'latitude': 1}, {'longitude': 1}, {'latitude': 91, 'longitude': 0}, {'latitude': 0, 'longitude': 181}):
        assert owner.client.put(f'/api/assets/{asset}', body).status == 400


@pytest.mark.parametrize('text,expected', [
    # an offset says the wall time; Z an instant, of which the asset keeps its own offset
    ('2020-12-31T23:30:00.000-05:00', ('2021-01-01T04:30:00.000Z', '2020-12-31T23:30:00.000Z', 'UTC-5')),
    ('2020-06-01T10:00:00+05:45', ('2020-06-01T04:15:00.000Z', '2020-06-01T10:00:00.000Z', 'UTC+5:45')),
    ('2020-06-01T10:00:00+00:00', ('2020-06-01T10:00:00.000Z', '2020-06-01T10:00:00.000Z', 'UTC')),
    ('2020-06-01T10:00:00.000Z', ('2020-06-01T10:00:00.000Z', '2020-06-01T12:00:00.000Z', 'UTC+2')),
    ('1955-06-01', ('1955-06-01T00:00:00.000Z', '1955-06-01T02:00:00.000Z', 'UTC+2')),
])
def test_dates(owner, asset, text, expected):
    info = change(owner, asset, dateTimeOriginal=text)
    assert times(info) == expected
    assert info['exifInfo']['dateTimeOriginal'] == expected[0]
    (month,) = owner.client.get('/api/timeline/buckets').json()
    assert month == {'timeBucket': expected[1][:8] + '01', 'count': 1}


@pytest.mark.parametrize('text', ['yesterday', '2020-13-01T10:00:00Z', '2020-06-01T10:00:00+99:00', '2020-06-01T25:00:00Z', ''])
def test_what_is_no_date_changes_nothing(owner, asset, text):
    before = owner.client.get(f'/api/assets/{asset}').json()
    assert owner.client.put(f'/api/assets/{asset}', {'dateTimeOriginal': text, 'isFavorite': True}).status == 400
    assert owner.client.get(f'/api/assets/{asset}').json() == before


def test_several_at_once(owner, stack):
    assets = [owner.client.upload_new(picture(exif=exif(f'2024:05:0{day} 12:00:00', '+02:00'))) for day in (1, 2)]
    other = owner.client.upload_new(picture())
    stack.wait_for_jobs(*assets, other)
    change_all(owner, *assets, isFavorite=True, description='Lager', rating=3, latitude=46.0, longitude=7.0, dateTimeRelative=-60)
    for day, asset in zip((1, 2), assets):
        info = owner.client.get(f'/api/assets/{asset}').json()
        assert (info['isFavorite'], info['exifInfo']['description'], info['exifInfo']['rating']) == (True, 'Lager', 3)
        assert times(info) == (f'2024-05-0{day}T09:00:00.000Z', f'2024-05-0{day}T11:00:00.000Z', 'UTC+2')
    change_all(owner, *assets, timeZone='America/New_York')
    assert times(owner.client.get(f'/api/assets/{assets[0]}').json()) == (
        '2024-05-01T09:00:00.000Z', '2024-05-01T05:00:00.000Z', 'America/New_York')
    assert owner.client.get(f'/api/assets/{other}').json()['isFavorite'] is False
    assert owner.client.put('/api/assets', {'ids': assets, 'timeZone': 'Europe/Zuerich'}).status == 400


def test_no_job_overwrites_what_a_person_set(owner, asset, stack):
    change(owner, asset, description='Von Hand', rating=2, latitude=1.5, longitude=2.5, dateTimeOriginal='2001-02-03T04:05:06+01:00')
    before = owner.client.get(f'/api/assets/{asset}').json()
    read_again(stack, asset)
    after = owner.client.get(f'/api/assets/{asset}').json()
    assert {**after, 'updatedAt': ''} == {**before, 'updatedAt': ''}


def test_what_nobody_set_is_read_again(owner, asset, stack):
    change(owner, asset, description='Von Hand')
    stack.sql("update asset set local_date_time = '1990-01-01' where id = %s", asset)
    stack.sql('update asset_exif set latitude = 0, make = null where asset_id = %s', asset)
    read_again(stack, asset)
    info = owner.client.get(f'/api/assets/{asset}').json()
    assert info['localDateTime'] == '2024-05-01T12:34:56.000Z' and info['exifInfo']['description'] == 'Von Hand'
    assert round(info['exifInfo']['latitude'], 2) == 47.37


def test_changes_before_the_metadata_were_read_stay(owner, stack):
    stack.sql("insert into job_queue (name, is_paused) values ('metadataExtraction', true)"
              ' on conflict (name) do update set is_paused = true')
    try:
        asset = owner.client.upload_new(picture(exif=exif('2024:05:01 12:34:56', '+02:00')))
        info = change(owner, asset, description='Zuerst', dateTimeOriginal='2010-01-01T10:00:00+01:00')
        assert info['exifInfo']['description'] == 'Zuerst'
    finally:
        stack.sql("update job_queue set is_paused = false where name = 'metadataExtraction'")
        stack.sql("select pg_notify('job', '')")
    stack.wait_for_jobs(asset)
    info = owner.client.get(f'/api/assets/{asset}').json()
    assert (info['localDateTime'], info['exifInfo']['description']) == ('2010-01-01T10:00:00.000Z', 'Zuerst')
    assert info['width'] == 64


def test_locking_takes_out_of_albums_and_out_of_sight(owner, asset):
    album = owner.client.post('/api/albums', {'albumName': 'A', 'assetIds': [asset]}).json()['id']
    reply = owner.client.put(f'/api/assets/{asset}', {'visibility': 'locked'})
    assert (reply.status, reply.json()['visibility']) == (200, 'locked')
    assert owner.client.get(f'/api/albums/{album}').json()['assetCount'] == 0
    assert owner.client.get(f'/api/assets/{asset}').status == 400
    assert owner.client.put(f'/api/assets/{asset}', {'visibility': 'timeline'}).status == 400, 'only an unlocked session'
    assert owner.client.get('/api/timeline/buckets').json() == []


def test_a_live_photo_is_taken_apart_and_put_together(owner, stack):
    video = owner.client.upload_new(b'video of ' + picture(), 'live.mov')
    still = owner.client.upload_new(picture(), 'live.jpg')
    stack.wait_for_jobs(still)
    assert change(owner, still, livePhotoVideoId=video)['livePhotoVideoId'] == video
    assert owner.client.get(f'/api/assets/{video}').json()['visibility'] == 'hidden'
    assert change(owner, still, livePhotoVideoId=None)['livePhotoVideoId'] is None
    assert owner.client.get(f'/api/assets/{video}').json()['visibility'] == 'timeline'
    assert owner.client.put(f'/api/assets/{still}', {'livePhotoVideoId': still}).status == 400


def test_of_foreign_assets_nothing_is_changed(owner, other_user, asset):
    foreign = other_user.client.upload_new(picture())
    reply = owner.client.put('/api/assets', {'ids': [asset, foreign], 'isFavorite': True})
    assert (reply.status, reply.message) == (400, 'Not found or no asset.update access')
    assert owner.client.get(f'/api/assets/{asset}').json()['isFavorite'] is False
    foreign_video = other_user.client.upload_new(b'video of ' + picture(), 'live.mov')
    assert owner.client.put(f'/api/assets/{asset}', {'livePhotoVideoId': foreign_video}).status == 400


def test_hostile_descriptions_come_back_as_they_are(owner, asset):
    for text in ('<script>alert(1)</script>', '\u202egnp.exe', 'x' * 4000, '👩‍👩‍👧‍👦', "'; drop table asset; --", ''):
        assert change(owner, asset, description=text)['exifInfo']['description'] == text
    assert owner.client.put(f'/api/assets/{asset}', {'description': 'x' * 4001}).status == 400
    assert owner.client.put(f'/api/assets/{asset}', {'description': 'a\0b'}).status == 400
