"""GET /timeline/buckets and /timeline/bucket: months by the wall time of the place, parallel arrays, newest first."""
import pytest

from pictures import exif, picture

COLUMNS = {'id', 'ownerId', 'ratio', 'isFavorite', 'visibility', 'isTrashed', 'isImage', 'thumbhash', 'createdAt', 'fileCreatedAt',
           'localOffsetHours', 'duration', 'projectionType', 'livePhotoVideoId', 'city', 'country'}
# name -> (camera's clock, its offset)
TAKEN = {
    'new year in Auckland': ('2022:01:01 00:30:00', '+13:00'),  # 2021-12-31 11:30 UTC
    'new year in New York': ('2021:12:31 23:30:00', '-05:00'),  # 2022-01-01 04:30 UTC, and still December there
    'january': ('2022:01:20 12:00:00', '+01:00'),
    'later in january': ('2022:01:20 12:00:01', '+01:00'),
    'kathmandu': ('2021:12:24 08:00:00', '+05:45'),
    'long ago': ('1999:05:31 23:59:59', '+02:00'),
}


@pytest.fixture(scope='module')
def taken(keeper, stack):
    """The ids of TAKEN by name, after their jobs."""
    ids = {name: keeper.client.upload_new(picture(90, 60, exif=exif(*when)), f'{name}.jpg') for name, when in TAKEN.items()}
    ids['favourite'] = keeper.client.upload_new(picture(60, 90, exif=exif('2020:02:29 12:00:00')), isFavorite='true')
    ids['archived'] = keeper.client.upload_new(picture(exif=exif('2020:02:10 12:00:00')), visibility='archive')
    ids['hidden'] = keeper.client.upload_new(picture(exif=exif('2020:02:11 12:00:00')), visibility='hidden')
    ids['locked'] = keeper.client.upload_new(picture(exif=exif('2020:02:12 12:00:00')), visibility='locked')
    ids['trashed'] = keeper.client.upload_new(picture(exif=exif('2020:02:13 12:00:00')))
    stack.sql('update asset set deleted_at = clock_timestamp() where id = %s', ids['trashed'])
    stack.wait_for_jobs(*ids.values())
    return ids


def buckets(user, **query):
    reply = user.client.get('/api/timeline/buckets', query=query)
    assert reply.status == 200, reply.body
    return [(row['timeBucket'], row['count']) for row in reply.json()]


def bucket(user, month, **query):
    reply = user.client.get('/api/timeline/bucket', query={'timeBucket': month, **query})
    assert reply.status == 200, reply.body
    return reply.json()


def names(taken, body):
    by_id = {asset: name for name, asset in taken.items()}
    return [by_id[asset] for asset in body['id']]


def test_months_are_those_of_the_place(keeper, taken):
    assert buckets(keeper) == [('2022-01-01', 3), ('2021-12-01', 2), ('2020-02-01', 2), ('1999-05-01', 1)]


def test_order_turns_the_months(keeper, taken):
    assert buckets(keeper, order='asc') == list(reversed(buckets(keeper, order='desc')))
    assert buckets(keeper, order='desc') == buckets(keeper)


def test_within_a_month_the_newest_wall_time_is_first(keeper, taken):
    expected = ['later in january', 'january', 'new year in Auckland']
    assert names(taken, bucket(keeper, '2022-01-01')) == expected
    assert names(taken, bucket(keeper, '2022-01-01', order='asc')) == expected[::-1]


def test_ties_are_broken_by_id(owner, stack):
    ids = [owner.client.upload_new(picture(exif=exif('2020:06:01 12:00:00'))) for _ in range(6)]
    stack.wait_for_jobs(*ids)
    assert bucket(owner, '2020-06-01')['id'] == sorted(ids, reverse=True)
    assert bucket(owner, '2020-06-01', order='asc')['id'] == sorted(ids)


def test_times_and_offsets(keeper, taken):
    december = bucket(keeper, '2021-12-01')
    assert names(taken, december) == ['new year in New York', 'kathmandu']
    assert december['localOffsetHours'] == [-5, 5.75]
    assert december['fileCreatedAt'] == ['2022-01-01T04:30:00.000Z', '2021-12-24T02:15:00.000Z']


def test_columns_are_there_and_of_one_length(keeper, taken):
    body = bucket(keeper, '2022-01-01')
    assert set(body) == COLUMNS
    assert {len(column) for column in body.values()} == {3}
    assert set(body['ownerId']) == {keeper.id}
    assert (set(body['duration']), set(body['projectionType']), set(body['city']), set(body['livePhotoVideoId'])) == \
        ({None}, {None}, {None}, {None})
    assert all(body['thumbhash']) and body['isImage'] == [True] * 3 and body['ratio'] == [1.5] * 3


def test_what_is_asked_for_comes_along(keeper, taken):
    body = bucket(keeper, '2022-01-01', withCoordinates='true', withStacked='true')
    assert set(body) == COLUMNS | {'latitude', 'longitude', 'stack'}
    assert {len(column) for column in body.values()} == {3}
    assert set(body['stack']) == {None}


def test_coordinates(owner, stack):
    asset = owner.client.upload_new(picture(exif=exif('2020:06:01 12:00:00', gps=((33, 52, 0.0), 'S', (151, 12, 30.0), 'E'))))
    stack.wait_for_jobs(asset)
    body = bucket(owner, '2020-06-01', withCoordinates='true')
    assert body['latitude'] == [pytest.approx(-33.866667, abs=1e-5)] and body['longitude'] == [pytest.approx(151.208333, abs=1e-5)]


def test_the_plain_timeline_is_what_is_neither_hidden_locked_nor_trashed(keeper, taken):
    assert names(taken, bucket(keeper, '2020-02-01')) == ['favourite', 'archived']
    assert names(taken, bucket(keeper, '2020-02-01', visibility='timeline')) == ['favourite']
    assert names(taken, bucket(keeper, '2020-02-01', visibility='archive')) == ['archived']
    assert names(taken, bucket(keeper, '2020-02-01', isFavorite='true')) == ['favourite']
    assert names(taken, bucket(keeper, '2020-02-01', isFavorite='false')) == ['archived']
    trashed = bucket(keeper, '2020-02-01', isTrashed='true')
    assert (names(taken, trashed), trashed['isTrashed']) == (['trashed'], [True])
    assert buckets(keeper, isTrashed='true') == [('2020-02-01', 1)]


@pytest.mark.parametrize('month', ['2022-01-01', '2022-01-01T00:00:00.000Z'])
def test_a_month_is_asked_in_two_forms(month, keeper, taken):
    assert len(bucket(keeper, month)['id']) == 3


def test_an_empty_month_is_empty_columns(keeper, taken):
    body = bucket(keeper, '2010-01-01')
    assert set(body) == COLUMNS and all(column == [] for column in body.values())


@pytest.mark.parametrize('query', [
    {}, {'timeBucket': '2022-01'}, {'timeBucket': '2022-01-02'}, {'timeBucket': '2022-13-01'}, {'timeBucket': "2022-01-01'; drop"},
    {'timeBucket': '2022-01-01', 'order': 'up'}, {'timeBucket': '2022-01-01', 'isFavorite': 'maybe'},
    {'timeBucket': '2022-01-01', 'userId': 'x'},
])
def test_what_makes_no_sense_is_refused(query, keeper, taken):
    reply = keeper.client.get('/api/timeline/bucket', query=query)
    assert (reply.status, reply.message) == (400, 'Validation failed')


def test_by_upload(keeper, taken):
    (only,) = buckets(keeper, orderBy='createdAt')
    body = bucket(keeper, only[0], orderBy='createdAt')
    assert only[1] == len(body['id']) == 8
    assert names(taken, body) == ['archived', 'favourite', *reversed(list(TAKEN))]


@pytest.mark.parametrize('query', [{'visibility': 'archive'}, {'isFavorite': 'true'}, {'isTrashed': 'true'}])
def test_partners_are_for_the_plain_timeline_alone(query, keeper):
    reply = keeper.client.get('/api/timeline/buckets', query={'withPartners': 'true', **query})
    assert reply.status == 400
    assert keeper.client.get('/api/timeline/buckets', query={'withPartners': 'true', 'visibility': 'timeline'}).status == 200


def test_people_see_their_own(keeper, owner, taken):
    assert buckets(owner) == []
    reply = owner.client.get('/api/timeline/buckets', query={'userId': keeper.id})
    assert reply.status == 400
    assert buckets(keeper, userId=keeper.id) == buckets(keeper)


def test_an_albums_timeline(keeper, owner, taken):
    album = keeper.client.post('/api/albums', {
        'albumName': 'New year', 'assetIds': [taken['new year in New York'], taken['january']],
        'albumUsers': [{'userId': owner.id, 'role': 'viewer'}]}).json()['id']
    for user in (keeper, owner):
        assert buckets(user, albumId=album) == [('2022-01-01', 1), ('2021-12-01', 1)]
        assert names(taken, bucket(user, '2021-12-01', albumId=album)) == ['new year in New York']


@pytest.mark.parametrize('query', [{'tagId': '0' * 8 + '-0000-4000-8000-' + '0' * 12}, {'bbox': '1,2,3,4'}])
def test_a_filter_that_is_not_built_gives_no_wrong_answer(query, keeper):
    assert keeper.client.get('/api/timeline/buckets', query=query).status == 501


def test_sizes_that_are_not_known_yet_are_square(owner):
    owner.client.upload_new(b'no video at all', 'a.mp4', fileCreatedAt='2018-03-05T12:00:00.000Z', duration='1500')
    body = bucket(owner, '2018-03-01')
    assert (body['ratio'], body['thumbhash'], body['isImage'], body['duration']) == ([1], [None], [False], [1500])


def test_months_of_a_thousand(owner, stack):
    """The answer is one object however many there are; rows are copied, as a thousand uploads would take long."""
    asset = owner.client.upload_new(b'no video', 'a.mp4', fileCreatedAt='2018-03-05T12:00:00.000Z')
    stack.sql("""insert into asset (owner_id, type, original_file_name, original_path, original_mime_type, checksum, blake2b,
                        file_size_bytes, file_created_at, file_modified_at, local_date_time, metadata_state, derivative_state)
                 select owner_id, type, original_file_name, original_path, original_mime_type,
                        substring(sha256(n::text::bytea) for 20), blake2b, 1, file_created_at + n * interval '1 second',
                        file_modified_at, local_date_time + n * interval '1 second', 'unsupported', 'unsupported'
                   from asset, generate_series(1, 999) n where id = %s""", asset)
    assert buckets(owner) == [('2018-03-01', 1000)]
    body = bucket(owner, '2018-03-01')
    assert len(set(body['id'])) == 1000
    assert body['fileCreatedAt'] == sorted(body['fileCreatedAt'], reverse=True)
