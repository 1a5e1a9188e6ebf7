"""POST /assets and what belongs to it: what is stored is whole, what is a duplicate is said so, what is wrong is refused."""
import http.client
import json
import socket
import threading
import uuid

import pytest

from client import WHEN, multipart, sha1_base64, sha1_hex, upload_parts
from instance import wait_until
from pictures import picture


def original(client, asset_id):
    reply = client.get(f'/api/assets/{asset_id}/original')
    assert reply.status == 200
    return reply.body


def files_below(folder):
    return {path for path in folder.rglob('*') if path.is_file()}


# ---- new and known ----

def test_a_new_file_is_created_and_kept_whole(owner):
    data = picture()
    reply = owner.client.upload(data, 'holiday.jpg')
    assert (reply.status, reply.json()['status']) == (201, 'created')
    assert original(owner.client, reply.json()['id']) == data


def test_the_answer_to_a_new_asset(owner):
    data = picture()
    asset = owner.client.get(f"/api/assets/{owner.client.upload_new(data, 'ä ö.jpg', isFavorite='true')}").json()
    assert (asset['originalFileName'], asset['originalMimeType'], asset['type']) == ('ä ö.jpg', 'image/jpeg', 'IMAGE')
    assert (asset['checksum'], asset['ownerId']) == (sha1_base64(data), owner.id)
    assert (asset['isFavorite'], asset['visibility'], asset['isTrashed'], asset['isArchived']) == (True, 'timeline', False, False)
    assert (asset['duration'], asset['livePhotoVideoId'], asset['libraryId']) == (None, None, None)
    assert asset['exifInfo']['fileSizeInByte'] == len(data)


def test_a_duplicate_is_the_first_ones_id(owner):
    data = picture()
    first = owner.client.upload_new(data)
    again = owner.client.upload(data, 'other name.jpg')
    assert (again.status, again.json()) == (200, {'id': first, 'status': 'duplicate'})


def test_two_people_may_have_the_same_file(owner, other_user):
    data = picture()
    assert owner.client.upload_new(data) != other_user.client.upload_new(data)


@pytest.mark.parametrize('checksum', [sha1_hex, sha1_base64, lambda data: sha1_hex(data).upper()], ids=['hex', 'base64', 'HEX'])
def test_a_known_checksum_is_answered_before_the_body(checksum, owner, stack):
    data = picture()
    first = owner.client.upload_new(data)
    body, content_type = multipart(upload_parts(data, 'a.jpg'))
    connection = http.client.HTTPConnection('127.0.0.1', stack.port, timeout=10)
    connection.putrequest('POST', '/api/assets')
    for name, value in {**owner.client.headers, 'Content-Type': content_type, 'Content-Length': len(body) + (1 << 20),
                        'x-immich-checksum': checksum(data)}.items():
        connection.putheader(name, value)
    connection.endheaders()  # and not one byte of the body
    reply = connection.getresponse()
    assert (reply.status, json.loads(reply.read())) == (200, {'id': first, 'status': 'duplicate'})
    connection.close()


def test_an_unknown_checksum_takes_the_body(owner):
    data = picture()
    reply = owner.client.upload(data, headers={'x-immich-checksum': sha1_hex(data)})
    assert reply.status == 201


def test_what_comes_counts_and_not_what_the_header_promised(owner):
    data = picture()
    asset = owner.client.upload(data, headers={'x-immich-checksum': sha1_hex(b'something else')}).json()['id']
    assert owner.client.get(f'/api/assets/{asset}').json()['checksum'] == sha1_base64(data)


@pytest.mark.parametrize('checksum', ['x', 'z' * 40, '=' * 28, 'a' * 41])
def test_a_checksum_that_is_none_is_refused(checksum, owner):
    reply = owner.client.upload(picture(), headers={'x-immich-checksum': checksum})
    assert reply.status == 400


def test_a_duplicate_leaves_no_file_behind(owner, stack):
    data = picture()
    owner.client.upload_new(data)
    before = files_below(stack.data / 'originals')
    assert owner.client.upload(data).status == 200
    assert files_below(stack.data / 'originals') == before
    assert stack.sql('select count(*) from upload where owner_id = %s', owner.id) == [(0,)]


def test_a_duplicate_of_a_trashed_asset_stays_in_the_trash(owner, stack):
    data = picture()
    first = owner.client.upload_new(data)
    stack.sql('update asset set deleted_at = clock_timestamp() where id = %s', first)
    assert owner.client.upload(data).json() == {'id': first, 'status': 'duplicate'}
    assert owner.client.get(f'/api/assets/{first}').json()['isTrashed'] is True


def test_of_many_at_once_one_is_created(owner):
    data, replies = picture(), []
    threads = [threading.Thread(target=lambda: replies.append(owner.client.upload(data))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(reply.status for reply in replies) == [200] * 7 + [201]
    assert len({reply.json()['id'] for reply in replies}) == 1


def test_usage_is_what_is_stored(owner):
    one, two = picture(), picture(200, 100)
    owner.client.upload_new(one)
    owner.client.upload_new(two)
    owner.client.upload(one)
    assert owner.client.get('/api/users/me').json()['quotaUsageInBytes'] == len(one) + len(two)


# ---- the form ----

def test_fields_may_follow_the_file(owner):
    data = picture()
    parts = upload_parts(data, 'late.jpg', isFavorite='true')
    reply = owner.client.send_form('/api/assets', [parts[-1], *parts[:-1]])
    assert reply.status == 201
    assert owner.client.get(f"/api/assets/{reply.json()['id']}").json()['isFavorite'] is True


def test_the_field_filename_goes_before_the_parts(owner):
    asset = owner.client.upload_new(picture(), 'part.bin', filename='IMG_0001.JPG')
    assert owner.client.get(f'/api/assets/{asset}').json()['originalFileName'] == 'IMG_0001.JPG'


def test_unknown_fields_and_files_are_read_over(owner):
    parts = upload_parts(picture(), 'a.jpg', fileSize='1', fileExtension='.jpg', somethingNew='{}')
    reply = owner.client.send_form('/api/assets', [('extraFile', b'x' * 1000, 'x.bin'), *parts])
    assert reply.status == 201


@pytest.mark.parametrize('form,milliseconds', [
    ('0', None), ('00:00:00.000000', None), ('1500', 1500), ('00:01:02.500000', 62500), ('01:00:00.000', 3600000),
])
def test_durations_come_in_two_forms(form, milliseconds, owner):
    asset = owner.client.upload_new(picture(), 'clip.mp4', duration=form)
    assert owner.client.get(f'/api/assets/{asset}').json()['duration'] == milliseconds


@pytest.mark.parametrize('field,value', [
    ('fileCreatedAt', None), ('fileModifiedAt', None), ('fileCreatedAt', 'yesterday'), ('isFavorite', 'yes'), ('isFavorite', '1'),
    ('visibility', 'public'), ('duration', 'long'), ('duration', '-1'), ('livePhotoVideoId', 'x'), ('metadata', '{'),
    ('filename', 'x' * 300 + '.jpg'),
])
def test_a_wrong_field_is_named(field, value, owner, stack):
    before = files_below(stack.data / 'originals')
    reply = owner.client.upload(picture(), **{field: value})
    assert (reply.status, reply.message) == (400, 'Validation failed')
    assert reply.json()['errors'][0]['path'][0] == field
    assert files_below(stack.data / 'originals') == before


def test_an_empty_file_is_refused(owner):
    assert owner.client.upload(b'').status == 400


def test_a_form_without_a_file_is_refused(owner):
    parts = [part for part in upload_parts(b'x', 'a.jpg') if part[0] != 'assetData']
    assert owner.client.send_form('/api/assets', parts).status == 400


@pytest.mark.parametrize('name', ['notes.txt', 'photo', 'archive.zip', 'photo.jpg.exe', 'only.xmp', '.jpg.'])
def test_an_unsupported_file_is_refused(name, owner):
    reply = owner.client.upload(picture(), name)
    assert reply.status == 400 and reply.message


def test_a_body_that_is_no_form_is_refused(owner):
    for content_type in ('application/json', 'multipart/form-data', 'multipart/form-data; boundary=' + 'x' * 80):
        reply = owner.client.call('POST', '/api/assets', body=b'{}', headers={'Content-Type': content_type})
        assert reply.status in (400, 415)


def test_a_name_that_is_a_path_is_a_name(owner, stack):
    asset = owner.client.upload_new(picture(), '../../../../etc/passwd.jpg')
    assert owner.client.get(f'/api/assets/{asset}').json()['originalFileName'] == 'passwd.jpg'
    assert stack.original(asset).resolve().is_relative_to(stack.data / 'originals')


def test_metadata_comes_as_one_array_or_as_parts(owner, stack):
    one, two = {'key': 'mobile-app', 'value': {'iCloudId': 'x'}}, {'key': 'other', 'value': {'n': [1, None]}}
    whole = owner.client.upload_new(picture(), metadata=json.dumps([one, two]))
    parts = [*upload_parts(picture(), 'a.jpg'), ('metadata', json.dumps(one)), ('metadata', json.dumps(two))]
    apart = owner.client.send_form('/api/assets', parts)
    assert apart.status == 201
    for asset in (whole, apart.json()['id']):
        rows = stack.sql('select key, value from asset_metadata where asset_id = %s order by key', asset)
        assert rows == [('mobile-app', one['value']), ('other', two['value'])]


def test_visibility_is_taken(owner):
    for visibility in ('timeline', 'archive', 'hidden'):
        asset = owner.client.get(f'/api/assets/{owner.client.upload_new(picture(), visibility=visibility)}').json()
        assert (asset['visibility'], asset['isArchived']) == (visibility, visibility == 'archive')


def test_a_sidecar_is_stored_beside(owner, stack):
    sidecar = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'
    parts = [*upload_parts(picture(), 'a.jpg'), ('sidecarData', sidecar, 'a.jpg.xmp')]
    asset = owner.client.send_form('/api/assets', parts).json()['id']
    (path,), = stack.sql('select sidecar_path from asset where id = %s', asset)
    assert (stack.data / 'originals' / path).read_bytes() == sidecar


def test_an_asset_without_a_sidecar_names_none(owner, stack):
    asset = owner.client.upload_new(picture())
    assert stack.sql('select sidecar_path from asset where id = %s', asset) == [(None,)]


# ---- live photos ----

def test_a_live_photo_is_its_video_and_its_still(owner):
    video = owner.client.upload_new(picture(), 'live.mov', visibility='hidden')
    still = owner.client.upload_new(picture(), 'live.jpg', livePhotoVideoId=video)
    assert owner.client.get(f'/api/assets/{still}').json()['livePhotoVideoId'] == video
    hidden = owner.client.get(f'/api/assets/{video}').json()
    assert (hidden['visibility'], hidden['type']) == ('hidden', 'VIDEO')


def test_the_video_of_a_live_photo_is_ones_own_video(owner, other_user):
    foreign = other_user.client.upload_new(picture(), 'live.mov')
    still = owner.client.upload_new(picture())
    for wrong in (foreign, still, str(uuid.uuid4())):
        reply = owner.client.upload(picture(), livePhotoVideoId=wrong)
        assert reply.status == 400, wrong
    assert other_user.client.get(f'/api/assets/{foreign}').json()['visibility'] == 'timeline'


# ---- the bulk check ----

def test_the_bulk_check_takes_five_thousand(owner):
    known = picture()
    asset = owner.client.upload_new(known)
    items = [{'id': f'/phone/DCIM/IMG_{number}.jpg', 'checksum': sha1_hex(b'%d' % number)} for number in range(4998)]
    items[1234] = {'id': 'hex', 'checksum': sha1_hex(known)}
    items += [{'id': 'base64', 'checksum': sha1_base64(known)}, {'id': 'upper', 'checksum': sha1_hex(known).upper()}]
    reply = owner.client.post('/api/assets/bulk-upload-check', {'assets': items})
    results = reply.json()['results']
    assert reply.status == 200 and [result['id'] for result in results] == [item['id'] for item in items]
    rejected = [result for result in results if result['action'] == 'reject']
    assert rejected == [{'id': name, 'action': 'reject', 'reason': 'duplicate', 'assetId': asset, 'isTrashed': False}
                        for name in ('hex', 'base64', 'upper')]


def test_the_bulk_check_takes_no_more(owner):
    items = [{'id': str(number), 'checksum': sha1_hex(b'')} for number in range(5001)]
    reply = owner.client.post('/api/assets/bulk-upload-check', {'assets': items})
    assert (reply.status, reply.json()['errors'][0]['path']) == (400, ['assets'])


def test_the_bulk_check_never_rejects_what_one_does_not_hold(owner, other_user):
    """The CLI may delete the local file of everything that is rejected."""
    foreign = picture()
    other_user.client.upload_new(foreign)
    body = {'assets': [{'id': 'notes.txt', 'checksum': sha1_hex(b'text')}, {'id': 'foreign', 'checksum': sha1_hex(foreign)}]}
    results = owner.client.post('/api/assets/bulk-upload-check', body).json()['results']
    assert [result['action'] for result in results] == ['accept', 'accept']


def test_the_bulk_check_names_a_wrong_checksum(owner):
    body = {'assets': [{'id': 'a', 'checksum': sha1_hex(b'')}, {'id': 'b', 'checksum': 'x'}]}
    reply = owner.client.post('/api/assets/bulk-upload-check', body)
    assert (reply.status, reply.json()['errors'][0]['path']) == (400, ['assets', 1, 'checksum'])


def test_the_bulk_check_says_what_lies_in_the_trash(owner, stack):
    data = picture()
    asset = owner.client.upload_new(data)
    stack.sql('update asset set deleted_at = clock_timestamp() where id = %s', asset)
    body = {'assets': [{'id': 'a', 'checksum': sha1_hex(data)}]}
    (result,) = owner.client.post('/api/assets/bulk-upload-check', body).json()['results']
    assert (result['action'], result['isTrashed'], result['assetId']) == ('reject', True, asset)


# ---- the wire ----

def test_who_may_not_sends_no_body(nobody, stack):
    """401 comes before the body; no row and no file is made for it."""
    before = files_below(stack.data / 'originals'), stack.sql('select count(*) from upload')
    with socket.create_connection(('127.0.0.1', stack.port), timeout=10) as connection:
        connection.sendall(b'POST /api/assets HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n'
                           b'Content-Length: 1000000000\r\nExpect: 100-continue\r\n\r\n')
        assert b' 401 ' in connection.recv(4096).split(b'\r\n')[0]
    assert (files_below(stack.data / 'originals'), stack.sql('select count(*) from upload')) == before


def test_a_line_that_breaks_leaves_nothing(owner, stack):
    before = files_below(stack.data / 'originals')
    body, content_type = multipart(upload_parts(b'x' * 3000000, 'cut.jpg'))
    with socket.create_connection(('127.0.0.1', stack.port), timeout=10) as connection:
        head = f"POST /api/assets HTTP/1.1\r\nHost: x\r\nCookie: {owner.client.headers['Cookie']}\r\n" \
               f'Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n'
        connection.sendall(head.encode() + body[:1500000])
        wait_until(lambda: stack.sql('select count(*) from upload where owner_id = %s', owner.id) == [(1,)], 'the upload row')
    wait_until(lambda: stack.sql('select count(*) from upload where owner_id = %s', owner.id) == [(0,)], 'the abort')
    wait_until(lambda: files_below(stack.data / 'originals') == before, 'the removal')


def test_a_chunked_body_is_taken(owner, stack):
    data = picture()
    body, content_type = multipart(upload_parts(data, 'chunked.jpg'))
    connection = http.client.HTTPConnection('127.0.0.1', stack.port, timeout=10)
    pieces = [body[start:start + 1000] for start in range(0, len(body), 1000)]
    connection.request('POST', '/api/assets', iter(pieces), {**owner.client.headers, 'Content-Type': content_type},
                       encode_chunked=True)
    reply = connection.getresponse()
    answer = json.loads(reply.read())
    connection.close()
    assert reply.status == 201 and original(owner.client, answer['id']) == data


def test_a_large_file_comes_through_whole(owner):
    data = picture() + bytes(range(256)) * (64 << 12)  # 64 MiB
    assert original(owner.client, owner.client.upload_new(data, 'large.mp4')) == data


def test_an_upload_by_a_key(owner):
    reply = owner.client.key('asset.upload').upload(picture())
    assert reply.status == 201
    assert owner.client.get(f"/api/assets/{reply.json()['id']}").json()['ownerId'] == owner.id


def test_dates_are_the_forms_until_the_file_says_more(owner):
    asset = owner.client.upload_new(b'no video', 'a.mp4', fileCreatedAt='2023-07-01T10:00:00.123+02:00', fileModifiedAt=WHEN)
    body = owner.client.get(f'/api/assets/{asset}').json()
    assert (body['fileCreatedAt'], body['fileModifiedAt']) == ('2023-07-01T08:00:00.123Z', WHEN)
    assert body['localDateTime'] == '2023-07-01T10:00:00.123Z'  # the instance's zone is Zurich
