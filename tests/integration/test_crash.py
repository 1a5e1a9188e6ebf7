"""What is killed in the middle of its work: nothing that was answered 201 is lost, nothing that a row knows is removed,
and every job comes to its end. On an instance of its own."""
import contextlib
import http.client
import os
import signal
import threading
import uuid

import pytest

from client import Client, multipart, sha1_base64, sha1_hex, upload_parts
from instance import Instance, wait_until
from pictures import picture

THREADS = 6
MARKER = '.swissphoto'  # of a root, see src/store/root.c


class Loader:
    """Uploads from several threads until stopped; kept is what was answered 201: id -> bytes."""

    def __init__(self, client, make):
        self.client, self.make = client, make
        self.kept, self.broken = {}, 0
        self.stopped = threading.Event()
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.run) for _ in range(THREADS)]

    def run(self):
        while not self.stopped.is_set():
            data = self.make()
            try:
                reply = self.client.upload(data)
            except (OSError, http.client.HTTPException):
                with self.lock:
                    self.broken += 1
                self.stopped.wait(0.05)
                continue
            if reply.status == 201:
                with self.lock:
                    self.kept[reply.json()['id']] = data
            else:
                self.stopped.wait(0.05)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *error):
        self.stopped.set()
        for thread in self.threads:
            thread.join()

    def wait_for(self, more):
        goal = len(self.kept) + more
        wait_until(lambda: len(self.kept) >= goal, f'{more} more uploads', 60)


@pytest.fixture(scope='module')
def instance():
    instance = Instance()
    try:
        yield instance.start()
        assert instance.stop() == 0
    finally:
        instance.destroy()


@pytest.fixture(scope='module')
def client(instance, journal):
    nobody = Client(instance, journal)
    body = {'email': 'a@example.ch', 'password': 'p', 'name': 'A'}
    assert nobody.post('/api/auth/admin-sign-up', body).status == 201
    return nobody.log_in('a@example.ch', 'p')


def large():
    return picture() + os.urandom(400000)


def assert_whole(client, kept):
    for asset, data in kept.items():
        reply = client.get(f'/api/assets/{asset}/original')
        assert reply.status == 200 and sha1_hex(reply.body) == sha1_hex(data), asset
        assert client.get(f'/api/assets/{asset}').json()['checksum'] == sha1_base64(data)


def end_leases(instance):
    """What a killed worker had begun is free for others, as it would be within a minute."""
    instance.sql("update job set locked_until = clock_timestamp() where state = 'active'")


def collect(instance):
    """Every upload that is not done is made to look abandoned, and the collector to be due."""
    end_leases(instance)
    instance.sql("update upload set expires_at = clock_timestamp() - interval '1 second'")
    wait_until(lambda: instance.sql("""update job set run_after = clock_timestamp(), published = null
                                        where kind = 'collect' and state = 'waiting' returning 1"""), "the collector's row")
    instance.sql("select pg_notify('job', '')")
    wait_until(lambda: instance.sql('select count(*) from upload') == [(0,)], 'the collector', 60)


def files(instance):
    folder = instance.data / 'originals'
    return {str(path.relative_to(folder)) for path in folder.rglob('*') if path.is_file() and path.name != MARKER}


def known_files(instance):
    rows = instance.sql('select original_path, sidecar_path from asset')
    return {path for row in rows for path in row if path}


def rows_without_file(instance):
    return known_files(instance) - files(instance)


@pytest.fixture(scope='module')
def everything():
    """All that was kept by the tests of this file."""
    return {}


def test_the_server_is_killed_while_it_stores(instance, client, everything):
    with Loader(client, large) as loader:
        for _ in range(4):
            loader.wait_for(15)
            instance.kill('swissphotod')
        loader.wait_for(15)
    assert loader.broken > 0, 'no upload was in the middle of its way'
    assert rows_without_file(instance) == set()
    assert_whole(client, loader.kept)
    everything.update(loader.kept)


def test_the_database_is_killed_while_the_server_stores(instance, client, everything):
    """A commit whose answer was lost may or may not have happened: the files stay until the row tells."""
    with Loader(client, large) as loader:
        for _ in range(2):
            loader.wait_for(10)
            instance.kill('postgres')
            loader.wait_for(5)
    assert rows_without_file(instance) == set()
    assert_whole(client, loader.kept)
    everything.update(loader.kept)


def test_the_supervisor_is_killed(instance, client, everything):
    """Its children go with it, and the next start finds its way without help."""
    with Loader(client, large) as loader:
        loader.wait_for(10)
        programs = ['swissphotod', 'swissphoto-worker', 'postgres', 'redis-server', 'valkey-server']
        pids = [pid for pid in map(instance.pid_of, programs) if pid]
        assert len(pids) == 4
        os.kill(instance.process.pid, signal.SIGKILL)
        instance.process.wait()
        wait_until(lambda: not any(is_alive(pid) for pid in pids), 'the children to end', 60)
        instance.start()
        loader.wait_for(10)
    assert_whole(client, loader.kept)
    assert rows_without_file(instance) == set()
    everything.update(loader.kept)


def is_alive(pid):
    with contextlib.suppress(OSError):
        with open(f'/proc/{pid}/stat') as stat:
            return stat.read().rsplit(')', 1)[1].split()[0] != 'Z'
    return False


def test_the_worker_is_killed_while_it_works(instance, client):
    with Loader(client, lambda: picture(1200, 900)) as loader:
        for _ in range(3):
            loader.wait_for(10)
            instance.kill('swissphoto-worker')
            end_leases(instance)
    done = lambda: instance.sql("""select count(*) from asset where id::text = any(%s) and derivative_state = 'done'""",
                                list(loader.kept)) == [(len(loader.kept),)]
    wait_until(done, 'every picture', 180)
    assert instance.sql("select error from job where state = 'failed'") == []
    for asset in loader.kept:
        assert client.get(f'/api/assets/{asset}/thumbnail').status == 200


def test_the_collector_removes_what_was_cut_off_and_nothing_else(instance, client, everything):
    if not everything:
        pytest.skip('a part of the tests alone')
    assert instance.sql('select count(*) from upload') != [(0,)], 'the kills left nothing to collect'
    collect(instance)
    assert rows_without_file(instance) == set()
    assert_whole(client, everything)
    assert files(instance) - known_files(instance) == set()


def test_redis_forgets_everything(instance, client):
    """Redis only carries ids: what is waiting in the database is told again."""
    instance.sql("insert into job_queue (name, is_paused) values ('metadataExtraction', true), ('thumbnailGeneration', true)"
                 ' on conflict (name) do update set is_paused = true')
    kept = {}
    for _ in range(5):
        data = picture(300, 200)
        kept[client.upload_new(data)] = data
    instance.redis('FLUSHALL')
    instance.sql('update job_queue set is_paused = false')
    instance.sql("select pg_notify('job', '')")
    more = client.upload_new(picture(300, 200))
    instance.redis('FLUSHALL')
    instance.kill('redis-server' if instance.pid_of('redis-server') else 'valkey-server')
    last = client.upload_new(picture(300, 200))
    instance.wait_for_jobs(*kept, more, last, timeout=120)
    for asset in [*kept, more, last]:
        assert client.get(f'/api/assets/{asset}/thumbnail').status == 200


def test_a_root_that_is_not_mounted_takes_nothing(instance, client):
    """The NAS is away: its folder is there, and empty. Nothing is written beside it; back again, all is as before."""
    originals, away = instance.data / 'originals', instance.data / 'originals.away'
    asset = client.upload_new(data := large())
    originals.rename(away)
    owner = away.stat()
    originals.mkdir(mode=0o700)
    os.chown(originals, owner.st_uid, owner.st_gid)
    try:
        reply = client.upload(large())
        assert reply.status == 503 and reply.message, reply.body
        assert client.get(f'/api/assets/{asset}/original').status == 503
        assert list(originals.iterdir()) == []
        assert client.get('/api/server/ping').status == 200
    finally:
        originals.rmdir()
        away.rename(originals)
    assert_whole(client, {asset: data})
    assert client.upload(large()).status == 201


def test_a_stop_lets_a_request_finish(instance, client):
    """SIGTERM in the middle of an upload: it is answered, and then the server ends."""
    body, content_type = multipart(upload_parts(data := large(), 'last.jpg'))
    pid = instance.pid_of('swissphotod')
    (before,), = instance.sql('select count(*) from upload')
    connection = http.client.HTTPConnection('127.0.0.1', instance.port, timeout=30)
    connection.putrequest('POST', '/api/assets')
    for name, value in {**client.headers, 'Content-Type': content_type, 'Content-Length': len(body)}.items():
        connection.putheader(name, value)
    connection.endheaders()
    connection.send(body[:1000])
    wait_until(lambda: instance.sql('select count(*) from upload') == [(before + 1,)], 'the upload to begin')
    os.kill(pid, signal.SIGTERM)
    connection.send(body[1000:])
    reply = connection.getresponse()
    assert reply.status == 201
    reply.read()
    connection.close()
    wait_until(lambda: instance.pid_of('swissphotod') not in (None, pid), 'the next server')
    assert client.upload(data).status == 200


def test_unknown_ids_stay_unknown(client):
    assert client.get(f'/api/assets/{uuid.uuid4()}').status == 400
