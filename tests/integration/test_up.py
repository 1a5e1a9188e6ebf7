"""`swissphoto up`: what it starts and where that listens, what ends it and how, what it survives, what it refuses."""
import contextlib
import http.client
import os
import pathlib
import pty
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import psycopg2
import pytest

from client import Client
from instance import ROOT, Instance, build_folder, wait_until
from pictures import exif, picture

IS_ROOT = os.geteuid() == 0
INVALID = 65  # the exit code of what no other try makes right
LISTENING = '0A'
CORRECT = {'email': 'a@example.ch', 'password': 'p', 'name': 'A'}


def owner():
    """The user that everything runs as."""
    if not IS_ROOT:
        return pwd.getpwuid(os.geteuid())
    try:
        return pwd.getpwnam('swissphoto')
    except KeyError:
        return pwd.getpwnam('nobody')


def as_owner():
    user = owner()
    return ['setpriv', f'--reuid={user.pw_uid}', f'--regid={user.pw_gid}', '--clear-groups', '--'] if IS_ROOT else []


def processes():
    """pid -> parent of all that live."""
    found = {}
    for entry in pathlib.Path('/proc').iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                state, parent = (entry / 'stat').read_text().rsplit(')', 1)[1].split()[:2]
                if state != 'Z':
                    found[int(entry.name)] = int(parent)
    return found


def family(pid):
    """The pids of a process and everything below it."""
    parents, found = processes(), {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found & set(parents)


def listeners(pids):
    """(address, port) of each TCP and UDP socket of these processes that takes what comes from outside."""
    inodes = set()
    for pid in pids:
        for entry in pathlib.Path(f'/proc/{pid}/fd').iterdir():
            with contextlib.suppress(OSError):
                if match := re.fullmatch(r'socket:\[(\d+)\]', os.readlink(entry)):
                    inodes.add(match[1])
    found = set()
    for table in ('tcp', 'tcp6', 'udp', 'udp6'):
        for line in pathlib.Path(f'/proc/net/{table}').read_text().splitlines()[1:]:
            words = line.split()
            if words[9] in inodes and (words[3] == LISTENING or table.startswith('udp')):
                address, port = words[1].split(':')
                found.add((address, int(port, 16)))
    return found


def can_ping(instance):
    connection = http.client.HTTPConnection('127.0.0.1', instance.port, timeout=20)
    try:
        connection.request('GET', '/api/server/ping')
        return connection.getresponse().status == 200
    finally:
        connection.close()


def refused(*arguments, **more):
    """The words of a `swissphoto` that must end by itself."""
    done = subprocess.run([build_folder() / 'apps/swissphoto', *arguments], capture_output=True, text=True, timeout=20, **more)
    assert done.returncode == INVALID, (done.returncode, done.stderr)
    return done.stderr


def ends_clean(instance, since):
    """Waits for the end after a signal; nothing of it is left, and PostgreSQL needs no recovery."""
    pids = family(instance.process.pid)
    assert instance.process.wait(timeout=15) == 0
    assert pids & set(processes()) == set()
    log = instance.log()[since:]
    assert 'database system is shut down' in log and 'killed' not in log
    return True


@contextlib.contextmanager
def new_instance(*options, **popen):
    instance = Instance(*options, **popen)
    try:
        yield instance
    finally:
        instance.destroy()


def signed_up(instance, journal):
    nobody = Client(instance, journal)
    assert nobody.post('/api/auth/admin-sign-up', CORRECT).status == 201
    return nobody.log_in(CORRECT['email'], CORRECT['password'])


@pytest.fixture
def place():
    """A folder that the programs' user may enter, too."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix='swissphoto-test-'))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope='module')
def instance():
    with new_instance() as instance:
        yield instance.start()


@pytest.fixture
def running(instance):
    """The instance of this file, which tests may stop and kill."""
    if instance.process.poll() is not None:
        instance.start()
    return instance


def test_only_the_http_port_can_be_reached(running):
    pids = family(running.process.pid)
    assert len(pids) > 6
    assert listeners(pids) == {('0100007F', running.port)}


def test_everything_belongs_to_its_user_alone(running):
    data = running.data
    for path in [data, data / 'run', data / 'pg', data / 'redis', data / 'originals', data / 'derivatives']:
        assert (path.stat().st_mode & 0o777, path.stat().st_uid) == (0o700, owner().pw_uid), path
    names = {path.name: path.stat().st_mode & 0o77 for path in (data / 'run').iterdir()}
    assert names == {'redis.sock': 0, '.s.PGSQL.5432': 0, '.s.PGSQL.5432.lock': 0}
    assert all((data / name).stat().st_mode & 0o77 == 0 for name in ('lock', 'lock-programs'))
    uids = {os.stat(f'/proc/{pid}').st_uid for pid in family(running.process.pid) - {running.process.pid}}
    assert 0 not in uids or not IS_ROOT


def test_vectors_can_be_stored(running):
    assert running.sql("select '[1,2,3]'::vector <-> '[1,2,4]'::vector") == [(1.0,)]


@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_to_its_group_ends_everything(number, running):
    """As a terminal sends it."""
    since = len(running.log())
    os.killpg(running.process.pid, number)
    assert ends_clean(running, since)
    since = len(running.log())
    running.start()
    assert 'database system was shut down at' in running.log()[since:] and 'recovery' not in running.log()[since:]


def test_a_closed_terminal_ends_everything(running):
    running.stop()
    master, slave = pty.openpty()
    running.popen = {'preexec_fn': lambda: os.close(os.open(os.ttyname(slave), os.O_RDWR))}  # the session's terminal
    since = len(running.log())
    try:
        running.start()
        os.close(slave)
        os.close(master)
        assert ends_clean(running, since)
    finally:
        running.popen = {}


def test_nohup_holds(running):
    running.stop()
    running.popen = {'preexec_fn': lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)}
    try:
        running.start()
        os.killpg(running.process.pid, signal.SIGHUP)
        running.kill('swissphoto-worker')  # the supervisor saw both
        assert running.process.poll() is None and can_ping(running)
        assert running.stop() == 0
    finally:
        running.popen = {}


def test_a_stop_before_it_is_ready(running):
    running.stop()
    since = len(running.log())
    running.popen = {}
    process = subprocess.Popen([build_folder() / 'apps/swissphoto', 'up', '--data', running.data, '--port', '0'],
                               stdout=subprocess.DEVNULL, stderr=open(running.folder / 'log', 'ab'), start_new_session=True)
    wait_until(lambda: 'starting PostgreSQL' in running.log()[since:], 'PostgreSQL')
    running.process = process
    process.terminate()
    assert ends_clean(running, since)


def test_what_crashes_comes_back_with_growing_waits(running):
    since = len(running.log())
    program = 'redis-server' if running.pid_of('redis-server') else 'valkey-server'
    took = []
    for _ in range(3):
        begin = time.monotonic()
        running.kill(program)
        took.append(time.monotonic() - begin)
    waits = [int(wait) for wait in re.findall(r'program=redis .*wait_ms=(\d+)', running.log()[since:])]
    assert waits == [250, 500, 1000]
    assert all(seconds * 1000 >= wait for seconds, wait in zip(took, waits))


def test_no_connection_is_lost_while_the_server_restarts(running):
    for number in (signal.SIGKILL, signal.SIGTERM):
        pid = running.pid_of('swissphotod')
        os.kill(pid, number)
        wait_until(lambda: pid not in processes(), 'the end of the server')
        assert can_ping(running), 'it waited in the socket'
        assert running.pid_of('swissphotod') != pid


def test_a_second_supervisor_is_refused(running):
    for port in (0, running.port):
        words = refused('up', '--data', running.data, '--port', str(port))
        assert f'SwissPhoto runs on {running.data} already' in words
    assert can_ping(running)


def test_a_killed_supervisor_is_followed_at_once(running):
    """On the same port: the new one waits for what the old one left."""
    port = running.port
    running.options = ('--port', str(port))  # the later one counts
    try:
        for _ in range(2):
            os.kill(running.process.pid, signal.SIGKILL)
            running.process.wait()
            running.start()
            assert running.port == port and can_ping(running)
    finally:
        running.options = ()


def test_after_a_power_cut_it_starts(running):
    """What lies around names processes that are others now."""
    pids = family(running.process.pid)
    for pid in [running.process.pid, *pids]:
        with contextlib.suppress(ProcessLookupError):  # it may have gone with its parent
            os.kill(pid, signal.SIGKILL)
    running.process.wait()
    wait_until(lambda: not pids & set(processes()), 'the end of all')
    lock, socket_lock = running.data / 'pg/postmaster.pid', running.data / 'run/.s.PGSQL.5432.lock'
    stranger = subprocess.Popen([*as_owner(), 'sleep', '60'])
    try:
        for path in (lock, socket_lock):
            rest = path.read_text().split('\n', 1)[1]
            path.write_text(f'{stranger.pid}\n{rest}')
        running.start()
        assert can_ping(running) and running.sql('select count(*) from user_account') == [(0,)]
    finally:
        stranger.kill()
        stranger.wait()


def test_sockets_that_were_left_over(running):
    running.stop()
    for name in ('redis.sock', '.s.PGSQL.5432'):
        path = running.data / 'run' / name
        path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(str(path))
    running.start()
    assert running.redis('PING') == b'+PONG\r\n' and can_ping(running)


def test_a_server_with_many_threads_gets_its_connections(running):
    running.stop()
    running.options = ('--workers', '100')
    try:
        running.start()
        (most,), = running.sql("select current_setting('max_connections')::int")
        assert most > 100
    finally:
        running.options = ()


def test_options_that_a_program_refuses_end_it(running):
    running.stop()
    words = refused('up', '--data', running.data, '--port', '0', '--instance-time-zone', 'Europe/Nowhere')
    assert 'knows no time zone Europe/Nowhere' in words and 'swissphoto-worker cannot run' in words
    words = refused('up', '--data', running.data, '--port', '0', '--trusted-proxies', 'everybody')
    assert 'swissphotod cannot run' in words
    assert refused('up', '--port', '70000').startswith('swissphoto: Option port (from the command line) must be')


def test_a_port_that_is_taken(place):
    with socket.create_server(('127.0.0.1', 0)) as taken:
        port = str(taken.getsockname()[1])
        words = refused('up', '--data', place / 'data', '--port', port)
    assert f'Cannot listen on 127.0.0.1 port {port}: Address already in use. Choose another with --port.' in words
    assert not (place / 'data/pg').exists()


def test_a_folder_that_cannot_be_used(place):
    assert 'The folder /proc/data cannot be made' in refused('up', '--data', '/proc/data', '--port', '0')
    assert '/dev/null is not a folder' in refused('up', '--data', '/dev/null', '--port', '0')
    foreign = place / 'foreign'
    foreign.mkdir(mode=0o500)
    if IS_ROOT:
        os.chown(foreign, 12345, 12345)
    words = refused('up', '--data', foreign, '--port', '0')
    assert str(foreign) in words and ('does not belong' in words if IS_ROOT else 'cannot be written' in words)


@pytest.mark.skipif(not IS_ROOT, reason='only root gives folders away')
def test_root_gives_away_no_folder_that_holds_something(place):
    (place / 'letter').write_text('mine')
    assert 'is not empty' in refused('up', '--data', place, '--port', '0')
    assert place.stat().st_uid == 0


@pytest.mark.parametrize('name,content,words', [
    ('PG_VERSION', '9\n', 'is of PostgreSQL 9, which is not installed'),
    ('base', 'something', 'no database cluster'),
])
def test_a_foreign_cluster_stays_untouched(name, content, words):
    with new_instance() as instance:
        cluster = instance.data / 'pg'
        cluster.mkdir(parents=True)
        (cluster / name).write_text(content)
        for path in (instance.data, cluster, cluster / name):
            os.chown(path, owner().pw_uid, owner().pw_gid)
        assert words in refused('up', '--data', instance.data, '--port', '0')
        assert [(path.name, path.read_text()) for path in cluster.iterdir()] == [(name, content)]


def test_a_first_start_that_was_interrupted():
    with new_instance() as instance:
        process = subprocess.Popen([build_folder() / 'apps/swissphoto', 'up', '--data', instance.data, '--port', '0'],
                                   stdout=subprocess.DEVNULL, stderr=open(instance.folder / 'log', 'ab'), start_new_session=True)
        wait_until(lambda: (instance.data / 'pg.new/base').exists(), 'the making of the cluster')
        pids = family(process.pid)
        process.terminate()
        assert process.wait(timeout=10) == 0 and not (instance.data / 'pg').exists()
        wait_until(lambda: not pids & set(processes()), 'initdb to end', 5)
        half = instance.data / 'pg.new/half'
        half.mkdir(parents=True, exist_ok=True)
        for path in (half.parent, half):
            os.chown(path, owner().pw_uid, owner().pw_gid)
        instance.start()
        assert not half.parent.exists() and can_ping(instance)


def test_a_path_that_is_too_long_for_sockets(journal):
    """And a folder to start in that the programs' user cannot enter."""
    with new_instance() as instance:
        closed = instance.folder / 'closed'
        closed.mkdir(mode=0o700)
        instance.popen = {'cwd': closed}
        instance.data = instance.folder / ('long' * 30) / 'data'
        instance.data.parent.mkdir()
        instance.start()
        before = family(instance.process.pid)
        link, = {os.path.dirname(line.split()[-1]) for line in pathlib.Path('/proc/net/unix').read_text().splitlines()
                 if re.search(rf'/tmp/swissphoto-{owner().pw_uid}-[0-9a-f]+/redis.sock', line)}
        run = pathlib.Path(link)
        try:
            assert (run.stat().st_mode & 0o777, run.stat().st_uid) == (0o700, owner().pw_uid)
            assert signed_up(instance, journal).get('/api/users/me').status == 200
            assert instance.stop() == 0 and not before & set(processes())
        finally:
            shutil.rmtree(run, ignore_errors=True)


def test_options_come_from_flags_environment_and_a_file(journal):
    """A file that only root may read, too."""
    with new_instance('--instance-time-zone', 'Pacific/Auckland') as instance:
        config = instance.folder / 'config'
        config.write_text('# ours\npublic-url = https://photos.example.ch\nmetrics-token = file\n')
        config.chmod(0o600)
        instance.popen = {'env': {**os.environ, 'SWISSPHOTO_CONFIG': str(config), 'SWISSPHOTO_METRICS_TOKEN': 'environment',
                                  'SWISSPHOTO_INSTANCE_TIME_ZONE': 'UTC'}}
        client = signed_up(instance.start(), journal)
        assert client.get('/api/server/config').json()['externalDomain'] == 'https://photos.example.ch'
        assert client.get('/metrics', headers={'Authorization': 'Bearer file'}).status == 404
        assert client.get('/metrics', headers={'Authorization': 'Bearer environment'}).status == 200
        asset = client.upload_new(picture(exif=exif(taken='2024:05:01 12:00:00')))
        instance.wait_for_jobs(asset)
        assert client.get(f'/api/assets/{asset}').json()['fileCreatedAt'] == '2024-05-01T00:00:00.000Z'


@pytest.fixture
def external():
    """The connection string of a PostgreSQL and the URL of a Redis that are not ours."""
    command = [*as_owner(), ROOT / 'tools/with_postgres.sh', ROOT / 'tools/with_redis.sh', 'bash', '-c',
               'echo "$SWISSPHOTO_TEST_DATABASE"; echo "$SWISSPHOTO_TEST_REDIS"; read -r']
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                               env={**os.environ, 'TMPDIR': '/tmp'})
    lines = [process.stdout.readline().strip() for _ in range(2)]
    if not all(lines):
        pytest.skip('no PostgreSQL or Redis to start')
    try:
        yield lines
    finally:
        process.stdin.close()
        process.wait()


def migrate(database):
    done = subprocess.run([*as_owner(), build_folder() / 'apps/swissphoto', 'db-migrate', '--database-url', database],
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return int(done.stdout.split()[0])


def test_an_external_database_and_queue(external, journal):
    database, redis = external
    assert migrate(database) > 0 and migrate(database) == 0
    with new_instance('--database-url', database, '--redis-url', redis) as instance:
        client = signed_up(instance.start(), journal)
        assert {path.name for path in instance.data.iterdir()} == {'lock', 'lock-programs', 'run', 'originals', 'derivatives'}
        assert not any(map(instance.pid_of, ('postgres', 'redis-server', 'valkey-server')))
        asset = client.upload_new(picture())
        wait_until(lambda: client.get(f'/api/assets/{asset}/thumbnail').status == 200, 'the thumbnail')
        assert instance.stop() == 0
    connection = psycopg2.connect(database)
    cursor = connection.cursor()
    cursor.execute('select derivative_state from asset')
    assert cursor.fetchall() == [('done',)]
    connection.close()


def test_db_migrate_wants_an_external_database():
    assert 'set --database-url' in refused('db-migrate')
