"""What is known of an asset after its jobs, its pictures and its original, and HTTP's conditions and ranges on them."""
import base64
import io
import uuid

import pytest
from PIL import Image

from client import WHEN, sha1_hex
from pictures import exif, picture, samples

CACHE = 'private, max-age=86400, no-transform'


@pytest.fixture(scope='module')
def photo(keeper, stack):
    """A picture of 3000 x 2000 with everything that a camera writes, after its jobs: (id, bytes)."""
    data = picture(3000, 2000, exif=exif('2021:08:15 18:30:00', '+02:00', 1, ('SwissCam', 'X1'),
                                         ((46, 57, 0.0), 'N', (7, 27, 0.0), 'E')))
    asset = keeper.client.upload_new(data, 'Berner Oberland.jpg')
    stack.wait_for_jobs(asset)
    return asset, data


def get(client, asset, what='', **more):
    return client.get(f'/api/assets/{asset}{what}', **more)


def image_of(reply):
    assert reply.status == 200, reply.body
    return Image.open(io.BytesIO(reply.body))


# ---- what is known ----

def test_before_the_job_only_the_size_is_known(owner, stack):
    """The job is held back by pausing its queue."""
    stack.sql("insert into job_queue (name, is_paused) values ('metadataExtraction', true)"
              ' on conflict (name) do update set is_paused = true')
    try:
        data = picture(exif=exif('2020:01:01 00:00:00'))
        asset = owner.client.upload_new(data)
        body = get(owner.client, asset).json()
        assert (body['thumbhash'], body['width'], body['height'], body['fileCreatedAt']) == (None, None, None, WHEN)
        known = {name: value for name, value in body['exifInfo'].items() if value is not None}
        assert known == {'fileSizeInByte': len(data)}
        assert get(owner.client, asset, '/thumbnail').status == 404
    finally:
        stack.sql("update job_queue set is_paused = false where name = 'metadataExtraction'")
        stack.sql("select pg_notify('job', '')")
    stack.wait_for_jobs(asset)
    assert get(owner.client, asset, '/thumbnail').status == 200


def test_the_cameras_words(keeper, photo):
    body = get(keeper.client, photo[0]).json()
    details = body['exifInfo']
    assert (body['width'], body['height']) == (3000, 2000)
    assert (details['make'], details['model'], details['fNumber'], details['iso']) == ('SwissCam', 'X1', 2.8, 200)
    assert details['exposureTime'] == '1/125'
    assert (details['exifImageWidth'], details['exifImageHeight'], details['orientation']) == (3000, 2000, '1')
    assert details['latitude'] == pytest.approx(46.95) and details['longitude'] == pytest.approx(7.45)
    assert details['fileSizeInByte'] == len(photo[1])


def test_the_cameras_clock_wins(keeper, photo):
    body = get(keeper.client, photo[0]).json()
    assert body['fileCreatedAt'] == '2021-08-15T16:30:00.000Z'
    assert body['localDateTime'] == '2021-08-15T18:30:00.000Z'
    assert body['exifInfo']['dateTimeOriginal'] == '2021-08-15T16:30:00.000Z'
    assert body['exifInfo']['timeZone'] == 'UTC+2'
    assert body['fileModifiedAt'] == WHEN


def test_without_an_offset_the_instances_zone_holds(owner, stack):
    asset = owner.client.upload_new(picture(exif=exif('2021:01:15 12:00:00')))
    stack.wait_for_jobs(asset)
    body = get(owner.client, asset).json()
    assert (body['fileCreatedAt'], body['localDateTime']) == ('2021-01-15T11:00:00.000Z', '2021-01-15T12:00:00.000Z')
    assert body['exifInfo']['timeZone'] == 'Europe/Zurich'


def test_without_a_camera_the_uploads_date_stays(owner, stack):
    asset = owner.client.upload_new(picture())
    stack.wait_for_jobs(asset)
    body = get(owner.client, asset).json()
    assert (body['fileCreatedAt'], body['exifInfo']['dateTimeOriginal']) == (WHEN, None)


@pytest.mark.parametrize('orientation', range(1, 9))
def test_pictures_stand_upright(orientation, owner, stack):
    """Width and height are those of the upright picture, and the pictures are turned (EXIF 2.32, tag 0x0112)."""
    asset = owner.client.upload_new(picture(400, 200, exif=exif(orientation=orientation)))
    stack.wait_for_jobs(asset)
    body = get(owner.client, asset).json()
    upright = (400, 200) if orientation <= 4 else (200, 400)
    assert (body['width'], body['height']) == upright
    assert image_of(get(owner.client, asset, '/thumbnail?size=preview')).size == upright


# ---- its pictures ----

def test_the_thumbnail_is_a_webp_of_250(keeper, photo):
    reply = get(keeper.client, photo[0], '/thumbnail')
    image = image_of(reply)
    assert (reply.headers['Content-Type'], image.format) == ('image/webp', 'WEBP')
    assert min(image.size) == 250 or max(image.size) == 250
    assert image.width / image.height == pytest.approx(1.5, abs=0.01)
    assert get(keeper.client, photo[0], '/thumbnail?size=thumbnail').body == reply.body


def test_the_preview_is_a_jpeg_of_1440(keeper, photo):
    reply = get(keeper.client, photo[0], '/thumbnail?size=preview')
    image = image_of(reply)
    assert (reply.headers['Content-Type'], image.format) == ('image/jpeg', 'JPEG')
    assert max(image.size) == 1440 or min(image.size) == 1440
    assert not image.getexif().get_ifd(0x8825), 'a preview does not tell where it was taken'


def test_a_missing_fullsize_is_the_preview(keeper, photo):
    preview = get(keeper.client, photo[0], '/thumbnail?size=preview')
    assert get(keeper.client, photo[0], '/thumbnail?size=fullsize').body == preview.body


def test_the_size_original_leads_there(keeper, photo):
    reply = get(keeper.client, photo[0], '/thumbnail?size=original')
    assert (reply.status, reply.headers['Location']) == (302, f'/api/assets/{photo[0]}/original')


def test_who_shows_a_key_in_the_query_is_led_there_with_it(keeper, photo):
    """An <img> of another program has nothing else to show it by."""
    asset, data = photo[0], photo[1]
    key = keeper.client.key('all').headers['x-api-key']
    reply = keeper.client.as_nobody().get(f'/api/assets/{asset}/thumbnail', query={'size': 'original', 'apiKey': key})
    assert reply.status == 302
    assert keeper.client.as_nobody().get(reply.headers['Location']).status == 200


def test_an_unknown_size_is_refused(keeper, photo):
    assert get(keeper.client, photo[0], '/thumbnail?size=huge').status == 400


def test_the_thumbhash_is_one(keeper, photo):
    """evanw.github.io/thumbhash: at least 5 bytes, and the average of this plain picture."""
    raw = base64.b64decode(get(keeper.client, photo[0]).json()['thumbhash'])
    assert 5 <= len(raw) <= 25
    header = raw[0] | raw[1] << 8 | raw[2] << 16
    luminance = (header & 63) / 63
    red, green, blue = Image.open(io.BytesIO(photo[1])).getpixel((1500, 1000))
    assert luminance == pytest.approx((red + green + blue) / 3 / 255, abs=0.05)


@pytest.mark.parametrize('kind,name', [('PNG', 'a.png'), ('WEBP', 'a.webp'), ('GIF', 'a.gif'), ('TIFF', 'a.tiff')])
def test_other_formats_get_pictures_too(kind, name, owner, stack):
    asset = owner.client.upload_new(picture(320, 200, kind), name)
    stack.wait_for_jobs(asset)
    assert image_of(get(owner.client, asset, '/thumbnail')).size[0] in (250, 320, 400)
    assert get(owner.client, asset).json()['width'] == 320


@pytest.mark.parametrize('data,name', [
    (b'this is no picture', 'lie.jpg'), (picture()[:200], 'cut.jpg'), (b'\xff\xd8\xff\xe0' + b'\0' * 5000, 'zeros.jpg'),
    (b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>', 'svg.png'),
], ids=['lie', 'cut', 'zeros', 'svg'])
def test_a_broken_file_is_kept_and_says_so(data, name, owner, stack):
    data += uuid.uuid4().bytes
    asset = owner.client.upload_new(data, name)
    stack.wait_for_jobs(asset)
    ((metadata, derivative, error),) = stack.sql('select metadata_state, derivative_state, error from asset where id = %s', asset)
    assert derivative == 'failed' and error
    assert get(owner.client, asset, '/thumbnail').status == 404
    assert get(owner.client, asset, '/original').body == data
    assert owner.client.upload_new(picture())  # and nothing else is hurt


@pytest.mark.parametrize('name', ['a.mp4', 'a.dng'])
def test_what_gets_no_pictures_yet_says_so(name, owner, stack):
    asset = owner.client.upload_new(picture(), name)
    assert stack.sql('select metadata_state, derivative_state, error from asset where id = %s', asset) == [
        ('unsupported', 'unsupported', None)]
    assert get(owner.client, asset, '/thumbnail').status == 404


def test_real_photos(owner, stack):
    """Every sample is stored whole; those of phones and cameras get their pictures."""
    paths = samples('gps/*', 'photos/*', 'heic/*', 'video/*', 'raw/*')
    assets = {owner.client.upload_new(path.read_bytes(), path.name): path for path in paths}
    stack.wait_for_jobs(*assets, timeout=180)
    for asset, path in assets.items():
        assert sha1_hex(get(owner.client, asset, '/original').body) == sha1_hex(path.read_bytes()), path
        if path.suffix.lower() in ('.jpg', '.jpeg', '.png'):
            image_of(get(owner.client, asset, '/thumbnail'))
            image_of(get(owner.client, asset, '/thumbnail?size=preview'))
    places = [get(owner.client, asset).json()['exifInfo']['latitude'] for asset, path in assets.items()
              if path.name.startswith('DSCN')]
    assert len(places) == 4 and all(43 < latitude < 44 for latitude in places)  # Arezzo


# ---- HTTP ----

def test_the_original_is_byte_identical_and_named(keeper, photo):
    reply = get(keeper.client, photo[0], '/original')
    assert reply.body == photo[1]
    assert (reply.headers['Content-Type'], reply.headers['Cache-Control']) == ('image/jpeg', CACHE)
    disposition = reply.headers['Content-Disposition']
    assert disposition.startswith('inline') and "filename*=UTF-8''Berner%20Oberland.jpg" in disposition
    assert reply.headers['Last-Modified'] and reply.headers['ETag'] and reply.headers['Accept-Ranges'] == 'bytes'
    assert get(keeper.client, photo[0], '/thumbnail').headers['Cache-Control'] == CACHE


@pytest.mark.parametrize('what', ['/original', '/thumbnail', '/thumbnail?size=preview'])
def test_what_one_has_is_not_sent_again(what, keeper, photo):
    first = get(keeper.client, photo[0], what)
    for headers in ({'If-None-Match': first.headers['ETag']}, {'If-None-Match': '"x", ' + first.headers['ETag']},
                    {'If-Modified-Since': first.headers['Last-Modified']}):
        again = get(keeper.client, photo[0], what, headers=headers)
        assert (again.status, again.body, again.headers['ETag']) == (304, b'', first.headers['ETag'])
    assert get(keeper.client, photo[0], what, headers={'If-None-Match': '"other"'}).status == 200


@pytest.mark.parametrize('asked,begin,end', [('0-99', 0, 100), ('100-', 100, None), ('-100', -100, None), ('0-999999999', 0, None)])
def test_a_part_of_the_original(asked, begin, end, keeper, photo):
    reply = get(keeper.client, photo[0], '/original', headers={'Range': f'bytes={asked}'})
    assert (reply.status, reply.body) == (206, photo[1][begin:end])
    first = begin % len(photo[1])
    assert reply.headers['Content-Range'] == f'bytes {first}-{first + len(reply.body) - 1}/{len(photo[1])}'


def test_a_part_beyond_the_end(keeper, photo):
    reply = get(keeper.client, photo[0], '/original', headers={'Range': 'bytes=999999999-'})
    assert (reply.status, reply.headers['Content-Range']) == (416, f'bytes */{len(photo[1])}')


def test_a_part_of_another_version_is_the_whole(keeper, photo):
    reply = get(keeper.client, photo[0], '/original', headers={'Range': 'bytes=0-9', 'If-Range': '"other"'})
    assert (reply.status, len(reply.body)) == (200, len(photo[1]))


def test_head_sends_no_body(keeper, photo):
    reply = keeper.client.call('HEAD', f'/api/assets/{photo[0]}/original')
    assert (reply.status, reply.body, reply.headers['Content-Length']) == (200, b'', str(len(photo[1])))


def test_statistics_count_what_a_person_sees(owner, stack):
    for fields in ({}, {'isFavorite': 'true'}, {'visibility': 'archive'}, {'visibility': 'hidden'}, {'visibility': 'locked'}):
        owner.client.upload_new(picture(), **fields)
    owner.client.upload_new(picture(), 'a.mp4')
    stack.sql('update asset set deleted_at = clock_timestamp() where id = %s', owner.client.upload_new(picture()))

    def counts(**query):
        return owner.client.get('/api/assets/statistics', query=query).json()
    assert counts() == {'images': 3, 'videos': 1, 'total': 4}
    assert counts(isFavorite='true') == {'images': 1, 'videos': 0, 'total': 1}
    assert counts(visibility='archive') == {'images': 1, 'videos': 0, 'total': 1}
    assert counts(isTrashed='true') == {'images': 1, 'videos': 0, 'total': 1}
