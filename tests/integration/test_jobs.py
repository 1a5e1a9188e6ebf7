"""Jobs on the real programs: broken files, parts that are away and come back, a worker that is stopped in the middle,
and the collector, which removes nothing that it does not have to. On an instance of its own."""
import contextlib
import os
import pathlib
import signal
import time

import pytest

from client import Client
from instance import Instance, wait_until
from pictures import picture

QUEUES = ('metadataExtraction', 'thumbnailGeneration')


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


def pause(instance, is_paused=True):
    for queue in QUEUES:
        instance.sql('insert into job_queue (name, is_paused) values (%s, %s) on conflict (name) do update set is_paused = %s',
                     queue, is_paused, is_paused)
    instance.sql("select pg_notify('job', '')")


def hurry(instance):
    """Every job that waits for its time is due."""
    instance.sql("update job set run_after = clock_timestamp() where state = 'waiting' and run_after > clock_timestamp()"
                 " and kind not in ('collect', 'purge', 'recount')")
    instance.sql("select pg_notify('job', '')")


def state_of(instance, asset):
    return instance.sql('select metadata_state, derivative_state, error from asset where id = %s', asset)[0]


def assert_whole(instance, assets):
    """Every asset is done, and its files are there, as large as their rows say; nothing is left on its way."""
    rows = instance.sql("""select a.id::text, derivative_state, f.path, f.size_bytes from asset a
                           left join asset_file f on f.asset_id = a.id where a.id::text = any(%s)""", list(assets))
    assert {row[1] for row in rows} == {'done'}
    assert len(rows) == 2 * len(assets)
    for _, _, path, size in rows:
        assert (instance.data / 'derivatives' / path).stat().st_size == size
    assert instance.sql("select kind, error from job where kind not in ('collect', 'purge', 'recount')") == []
    assert list((instance.data / 'derivatives/tmp').iterdir()) == []


@contextlib.contextmanager
def unmounted(instance, root):
    """The root's disk is away: an empty folder is in its place."""
    place = instance.data / root
    away = place.with_name(root + '.away')
    owner = place.stat()
    place.rename(away)
    place.mkdir(mode=0o700)
    os.chown(place, owner.st_uid, owner.st_gid)
    try:
        yield place
        assert list(place.iterdir()) == [], 'something was written into the mount point'
    finally:
        place.rmdir()
        away.rename(place)


# ---- what a job comes to ----

@pytest.mark.parametrize('cut', [0.5, 0.95])
def test_a_broken_picture_says_so_and_is_not_tried_again(instance, client, cut):
    whole = picture(800, 600, 'PNG')
    data = whole[:int(len(whole) * cut)]
    asset = client.upload_new(data, 'broken.png')
    instance.wait_for_jobs(asset)
    metadata, derivative, error = state_of(instance, asset)
    assert derivative == 'failed' and error and error.endswith('.'), (metadata, derivative, error)
    assert instance.sql('select kind, state from job where subject_id = %s', asset) == []
    assert client.get(f'/api/assets/{asset}/original').body == data
    assert client.get(f'/api/assets/{asset}/thumbnail').status == 404


def test_what_has_no_decoder_is_kept_and_says_so(instance, client):
    asset = client.upload_new(b'\0\0\0\x18ftypmp42 not really a film', 'film.mp4')
    assert state_of(instance, asset) == ('unsupported', 'unsupported', None)
    assert instance.sql('select kind from job where subject_id = %s', asset) == []


def test_a_job_whose_asset_is_gone_does_nothing(instance, client):
    pause(instance)
    asset = client.upload_new(picture(300, 200))
    instance.sql('delete from asset where id = %s', asset)
    before = instance.sql("select sum(completed_count) from job_queue")
    pause(instance, False)
    wait_until(lambda: instance.sql('select count(*) from job where subject_id = %s', asset) == [(0,)], 'the job')
    assert instance.sql("select sum(completed_count) from job_queue") != before
    assert instance.sql("select error from job where state = 'failed'") == []


def test_derivatives_made_again_replace_the_old(instance, client):
    asset = client.upload_new(picture(500, 400))
    instance.wait_for_jobs(asset)
    instance.sql("update asset set derivative_state = 'waiting', thumbhash = null where id = %s", asset)
    instance.sql("""insert into job (kind, queue, subject_id, dedupe_key, max_attempts)
                    values ('derivatives', 'thumbnailGeneration', %s, %s, 5)""", asset, asset)
    instance.sql("select pg_notify('job', '')")
    instance.wait_for_jobs(asset)
    assert_whole(instance, [asset])


# ---- parts that are away ----

def test_the_database_restarts_while_jobs_run(instance, client):
    pause(instance)
    assets = [client.upload_new(picture(1500, 1000)) for _ in range(12)]
    pause(instance, False)
    wait_until(lambda: instance.sql("select count(*) from job where state = 'active'") != [(0,)], 'a job that runs')
    instance.kill('postgres')
    wait_until(lambda: client.get('/api/users/me').status == 200, 'the database', 60)
    instance.sql("update job set locked_until = clock_timestamp() where state = 'active'")
    instance.wait_for_jobs(*assets, timeout=120)
    wait_until(lambda: instance.sql("select count(*) from job where kind not in ('collect', 'purge', 'recount')") == [(0,)], 'the last rows')
    assert_whole(instance, assets)


@pytest.mark.parametrize('root', ['originals', 'derivatives'])
def test_jobs_wait_for_a_disk_without_using_their_attempts(instance, client, root):
    pause(instance)
    assets = [client.upload_new(picture(300, 200)) for _ in range(3)]
    with unmounted(instance, root):
        pause(instance, False)
        for _ in range(7):  # more often than a job has attempts
            wait_until(lambda: instance.sql("""select count(*) from job where error is not null and attempts = 0 and
                                               run_after > clock_timestamp()""") == [(3,)], 'the jobs to be put back')
            hurry(instance)
    wait_until(lambda: hurry(instance) or instance.sql("select count(*) from job where kind not in ('collect', 'purge', 'recount')") == [(0,)], 'the jobs')
    assert_whole(instance, assets)


def test_a_start_without_the_disk_serves_and_writes_nothing(instance, client):
    asset = client.upload_new(picture(300, 200))
    instance.wait_for_jobs(asset)
    assert instance.stop() == 0
    with unmounted(instance, 'originals'):
        instance.start()
        assert client.get(f'/api/assets/{asset}/thumbnail').status == 200
        assert client.get(f'/api/assets/{asset}/original').status == 503
        reply = client.upload(picture(300, 200))
        assert reply.status == 503 and 'mounted' in reply.message
    assert client.get(f'/api/assets/{asset}/original').status == 200
    back = client.upload_new(picture(300, 200))
    instance.wait_for_jobs(back)
    assert_whole(instance, [asset, back])


# ---- a worker that is stopped ----

def children_of(pid):
    found = []
    for entry in pathlib.Path('/proc').iterdir():
        with contextlib.suppress(OSError, ValueError):
            if entry.name.isdigit() and int((entry / 'stat').read_text().rsplit(')', 1)[1].split()[1]) == pid:
                found.append(int(entry.name))
    return found


def stop_worker(instance):
    """SIGTERM as a deployment sends it; how long it took to end."""
    pid = wait_until(lambda: instance.pid_of('swissphoto-worker'), 'the worker')
    begin = time.monotonic()
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: instance.pid_of('swissphoto-worker') != pid, 'the worker to end')
    return time.monotonic() - begin


def test_a_stop_in_the_middle_loses_nothing(instance, client):
    pause(instance)
    assets = [client.upload_new(picture(2500, 2000)) for _ in range(8)]
    pause(instance, False)
    wait_until(lambda: instance.sql("select count(*) from job where state = 'active'") != [(0,)], 'a job that runs')
    assert stop_worker(instance) < 7
    instance.wait_for_jobs(*assets, timeout=60)
    assert instance.sql("select count(*) from job where attempts > 1") == [(0,)]
    wait_until(lambda: instance.sql("select count(*) from job where kind not in ('collect', 'purge', 'recount')") == [(0,)], 'the last rows')
    assert_whole(instance, assets)


def test_a_job_that_does_not_end_in_time_is_given_back(instance, client):
    """Its decoder stands still; the worker ends all the same, and the next one does the job."""
    warm = client.upload_new(picture(300, 200))
    instance.wait_for_jobs(warm)
    worker = wait_until(lambda: instance.pid_of('swissphoto-worker'), 'the worker')
    decoders = wait_until(lambda: children_of(worker), 'the decoder')
    for pid in decoders:
        os.kill(pid, signal.SIGSTOP)
    try:
        asset = client.upload_new(picture(300, 200))
        wait_until(lambda: instance.sql("select 1 from job where subject_id = %s and state = 'active'", asset), 'its job')
        assert 4 < stop_worker(instance) < 9
        rows = instance.sql("select state, attempts from job where subject_id = %s and locked_by like %s", asset, f'%-{worker}-%')
        assert rows == [], 'it was given back'
    finally:
        for pid in decoders:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    instance.wait_for_jobs(asset, timeout=25)  # its lease would have lasted longer
    assert_whole(instance, [asset])


# ---- the collector ----

def run_collector(instance):
    count = "select coalesce(sum(completed_count), 0) from job_queue where name = 'backgroundTask'"
    before = instance.sql(count)
    wait_until(lambda: instance.sql("""update job set run_after = clock_timestamp(), published = null
                                       where kind = 'collect' and state = 'waiting' returning 1"""), "the collector's row")
    instance.sql("select pg_notify('job', '')")
    wait_until(lambda: instance.sql(count) != before, 'the collector')


@pytest.fixture
def abandoned(instance, client):
    """An expired upload's row and file, beside a picture of the same user: (id, file, the picture's file)."""
    asset = client.upload_new(picture(300, 200))
    instance.wait_for_jobs(asset)
    kept = instance.original(asset)
    upload, = instance.sql("select gen_random_uuid()::text")[0]
    (owner,), = instance.sql('select owner_id::text from asset where id = %s', asset)
    stem = f'upload/{owner}/{upload[:2]}/{upload[2:4]}/{upload}'
    instance.sql("insert into upload (id, owner_id, path, expires_at) values (%s, %s, %s, clock_timestamp() - interval '1 s')",
                 upload, owner, stem)
    file = instance.data / 'originals' / (stem + '.jpg.part')
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b'cut off')
    for path in (file, file.parent, file.parent.parent):
        os.chown(path, kept.stat().st_uid, kept.stat().st_gid)
    return upload, file, kept


def test_the_collector_takes_what_was_abandoned(instance, abandoned):
    upload, file, kept = abandoned
    run_collector(instance)
    assert not file.exists() and kept.exists()
    assert instance.sql('select count(*) from upload where id = %s', upload) == [(0,)]


@pytest.mark.parametrize('restore', ['update instance set epoch = gen_random_uuid()',
                                     "update instance set verified = 'another cluster'"])
def test_the_collector_stays_off_in_a_restored_database(instance, abandoned, restore):
    upload, file, kept = abandoned
    instance.sql(restore)
    run_collector(instance)
    assert file.exists() and kept.exists()
    assert 'nothing is collected' in instance.log()
    instance.sql('update instance set verified = instance_incarnation(epoch)')  # verify ran
    run_collector(instance)
    assert not file.exists() and kept.exists()


def test_the_collector_removes_no_file_of_an_asset(instance, client, abandoned):
    """Not even where an expired row names it, as after a restore or a mistake of ours."""
    upload, file, kept = abandoned
    (asset, owner), = instance.sql('select id::text, owner_id::text from asset where original_path = %s',
                                   str(kept.relative_to(instance.data / 'originals')))
    stem = str(kept.relative_to(instance.data / 'originals')).rsplit('.', 1)[0]
    instance.sql("insert into upload (id, owner_id, path, expires_at) values (%s, %s, %s, clock_timestamp() - interval '1 h')",
                 asset, owner, stem)
    run_collector(instance)
    assert kept.exists() and not file.exists()
    instance.sql('delete from upload where id = %s', asset)


def test_the_collector_moves_leftovers_aside(instance, client):
    asset = client.upload_new(picture(300, 200))
    instance.wait_for_jobs(asset)
    tmp = instance.data / 'derivatives/tmp'
    for name, age in (('old', 90000), ('young', 10)):
        (tmp / name).write_bytes(name.encode())
        os.chown(tmp / name, tmp.stat().st_uid, tmp.stat().st_gid)
        os.utime(tmp / name, (time.time() - age,) * 2)
    run_collector(instance)
    assert (tmp / 'young').exists() and not (tmp / 'old').exists()
    assert (instance.data / 'derivatives/quarantine/tmp/old').read_bytes() == b'old'
    assert instance.sql("select path from quarantine where root = 'derivatives'") == [('quarantine/tmp/old',)]
    (tmp / 'young').unlink()
    assert_whole(instance, [asset])
