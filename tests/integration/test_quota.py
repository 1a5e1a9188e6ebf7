"""A user's quota: to the byte, however many uploads run at once, and whatever is killed meanwhile."""
import collections
import http.client
import socket
import threading

import psycopg2
import pytest

from client import Client, multipart, upload_parts
from instance import Instance, wait_until
from pictures import picture
from test_trash import run_job

EXCEEDED = 'Quota has been exceeded!'
SIZE = 50_000


def file_of(size=SIZE):
    data = picture()
    return data + b'\0' * (size - len(data))


def limit(stack, user, size):
    stack.sql('update user_account set quota_size_bytes = %s where id = %s', size, user.id)


def usage(stack, user):
    """As the account says it, and as the originals add up."""
    return stack.sql("""select quota_usage_bytes, (select coalesce(sum(file_size_bytes), 0) from asset where owner_id = u.id)
                        from user_account u where id = %s""", user.id)[0]


def on_disk(stack, user):
    return sum(path.stat().st_size for path in stack.data.glob(f'originals/upload/{user.id}/*/*/*'))


def try_sql(instance, text):
    """None while the database does not answer."""
    try:
        return instance.sql(text)
    except psycopg2.OperationalError:
        return None


def test_the_last_byte_fits_and_not_one_more(owner, stack):
    limit(stack, owner, 2 * SIZE)
    owner.client.upload_new(file_of())
    reply = owner.client.upload(file_of(SIZE + 1))
    assert (reply.status, reply.message) == (400, EXCEEDED)
    owner.client.upload_new(file_of())
    assert usage(stack, owner) == (2 * SIZE, 2 * SIZE)
    assert owner.client.upload(file_of(1000)).message == EXCEEDED
    assert stack.sql('select count(*) from upload where owner_id = %s', owner.id) == [(0,)]
    assert on_disk(stack, owner) == 2 * SIZE
    me = owner.client.get('/api/users/me').json()
    assert (me['quotaSizeInBytes'], me['quotaUsageInBytes']) == (2 * SIZE, 2 * SIZE)


def test_a_quota_of_nothing_takes_nothing(owner, stack):
    limit(stack, owner, 0)
    assert owner.client.upload(picture()).message == EXCEEDED
    limit(stack, owner, None)
    owner.client.upload_new(picture())


def test_what_cannot_fit_is_refused_before_its_body(owner, stack):
    """Announced as far too large: the answer comes though the body never does."""
    limit(stack, owner, SIZE)
    head = (f'POST /api/assets HTTP/1.1\r\nHost: x\r\nCookie: {owner.client.headers["Cookie"]}\r\n'
            f'Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {10 * SIZE}\r\n'
            'Expect: 100-continue\r\n\r\n')
    with socket.create_connection(('127.0.0.1', stack.port), timeout=20) as connection:
        connection.sendall(head.encode())
        answer = connection.recv(65536).decode()
    assert answer.startswith('HTTP/1.1 400') and EXCEEDED in answer


def test_without_an_announced_length_it_is_cut_where_it_outgrows(owner, stack):
    limit(stack, owner, SIZE)
    body, content_type = multipart(upload_parts(file_of(20 * SIZE), 'photo.jpg'))
    pieces = (body[start:start + 8192] for start in range(0, len(body), 8192))
    reply = owner.client.call('POST', '/api/assets', body=pieces, headers={'Content-Type': content_type})
    assert (reply.status, reply.message) == (400, EXCEEDED)
    assert usage(stack, owner) == (0, 0)
    assert on_disk(stack, owner) == 0


def test_a_hundred_at_once_do_not_pass_it_by_one_byte(owner, stack):
    limit(stack, owner, 7 * SIZE + SIZE // 2)
    replies = []
    gate = threading.Barrier(100)

    def upload(data):
        gate.wait()
        reply = owner.client.upload(data)
        replies.append((reply.status, reply.message if reply.status >= 400 else None))
    threads = [threading.Thread(target=upload, args=(file_of(),)) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counts = collections.Counter(replies)
    assert set(counts) <= {(201, None), (400, EXCEEDED), (503, 'The server is busy. Try again in a moment.')}, counts
    stored = counts[(201, None)]
    assert 1 <= stored <= 7
    assert usage(stack, owner) == (stored * SIZE, stored * SIZE)
    while owner.client.upload(file_of()).status == 201:  # what was refused beside others fits alone
        stored += 1
    assert stored == 7
    assert usage(stack, owner) == (7 * SIZE, 7 * SIZE)
    wait_until(lambda: on_disk(stack, owner) == 7 * SIZE, 'what was refused to be gone')


def test_the_trash_counts_and_what_is_deleted_for_good_does_not(owner, stack):
    limit(stack, owner, SIZE)
    asset = owner.client.upload_new(file_of())
    owner.client.delete('/api/assets', json_body={'ids': [asset]})
    assert owner.client.upload(file_of()).message == EXCEEDED
    owner.client.post('/api/trash/empty')
    assert usage(stack, owner) == (0, 0)
    owner.client.upload_new(file_of())


def test_a_duplicate_costs_nothing(owner, stack):
    data = file_of()
    owner.client.upload_new(data)
    limit(stack, owner, 2 * SIZE)
    assert owner.client.upload(data).status == 200
    assert usage(stack, owner) == (SIZE, SIZE)


def test_a_wrong_count_is_mended_and_said(owner, stack):
    owner.client.upload_new(file_of())
    stack.sql('update user_account set quota_usage_bytes = 12345 where id = %s', owner.id)
    run_job(stack, 'recount')
    assert usage(stack, owner) == (SIZE, SIZE)
    assert 'said=12345 counted=50000' in stack.log()


@pytest.mark.parametrize('program', ['swissphotod', 'postgres'])
def test_the_count_is_right_after_a_kill(program, journal):
    instance = Instance().start()
    try:
        nobody = Client(instance, journal)
        nobody.post('/api/auth/admin-sign-up', {'email': 'a@example.ch', 'password': 'correct horse', 'name': 'A'})
        client = nobody.log_in('a@example.ch', 'correct horse')
        stop = threading.Event()

        def upload_on():
            while not stop.is_set():
                try:
                    client.upload(file_of())
                except (OSError, http.client.HTTPException):  # killed
                    stop.wait(0.05)
        threads = [threading.Thread(target=upload_on) for _ in range(4)]
        for thread in threads:
            thread.start()
        for _ in range(3):
            wait_until(lambda: try_sql(instance, 'select count(*) from upload') not in (None, [(0,)]), 'an upload', 60)
            instance.kill(program)
        stop.set()
        for thread in threads:
            thread.join()
        (said, counted), = wait_until(lambda: try_sql(instance, """
            select quota_usage_bytes, (select coalesce(sum(file_size_bytes), 0) from asset) from user_account"""), 'the database', 60)
        assert said == counted > 0
    finally:
        instance.stop()
        instance.destroy()
