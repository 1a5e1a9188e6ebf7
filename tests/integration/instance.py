"""A whole instance of the real programs, as `swissphoto up` runs it, in a folder of its own.

Its PostgreSQL and Redis are asked over their sockets, so that tests can look behind the API and break things.
"""
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

import psycopg2
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
READY = 'SwissPhoto is ready: '


def wait_until(condition, what, timeout=30):
    """The first true value of condition(); fails when there is none in time."""
    end = time.monotonic() + timeout
    pause = threading.Event()
    while not (value := condition()):
        if time.monotonic() > end:
            pytest.fail(f'waited {timeout} s in vain for {what}')
        pause.wait(0.02)
    return value


def build_folder():
    """SWISSPHOTO_BUILD, else the build folder with the youngest server."""
    if 'SWISSPHOTO_BUILD' in os.environ:
        return ROOT / os.environ['SWISSPHOTO_BUILD']
    servers = sorted(ROOT.glob('build*/apps/swissphotod'), key=lambda path: path.stat().st_mtime)
    if not servers:
        pytest.skip('nothing is built: meson setup build && ninja -C build')
    return servers[-1].parent.parent


class Instance:
    def __init__(self, *options, **popen):
        # below /tmp for short sockets; open to the user that the supervisor becomes when root runs the tests
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='swissphoto-test-'))
        self.folder.chmod(0o755)
        self.data = self.folder / 'data'
        self.options, self.popen = options, popen
        self.process = None
        self.address = None

    def start(self):
        output = open(self.folder / 'output', 'ab')
        begin = output.tell()
        self.process = subprocess.Popen(
            [build_folder() / 'apps/swissphoto', 'up', '--data', self.data, '--port', '0', *self.options],
            stdin=subprocess.DEVNULL, stdout=output, stderr=open(self.folder / 'log', 'ab'), start_new_session=True,
            **self.popen)

        def ready():
            if self.process.poll() is not None:
                pytest.fail(f'swissphoto up ended with {self.process.returncode}:\n{self.log()[-3000:]}')
            lines = (self.folder / 'output').read_bytes()[begin:].decode().splitlines()
            return [line[len(READY):] for line in lines if line.startswith(READY)]
        self.address = wait_until(ready, 'swissphoto up', 60)[0]
        return self

    def stop(self):
        """As Ctrl-C does. Returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def destroy(self):
        if self.process and self.process.poll() is None:
            self.stop()
        if 'SWISSPHOTO_KEEP' not in os.environ:
            shutil.rmtree(self.folder, ignore_errors=True)

    def log(self):
        return (self.folder / 'log').read_text(errors='replace')

    @property
    def port(self):
        return int(self.address.rsplit(':', 1)[1])

    def pid_of(self, program):
        """The process right below the supervisor that was called by that name; None while it does not run."""
        for entry in pathlib.Path('/proc').iterdir():
            if not entry.name.isdigit():
                continue
            try:
                parent = (entry / 'stat').read_text().rsplit(')', 1)[1].split()[1]
                called = re.split(rb'[\0 ]', (entry / 'cmdline').read_bytes(), maxsplit=1)[0]
            except OSError:
                continue
            if int(parent) == self.process.pid and os.path.basename(called.decode()) == program:
                return int(entry.name)
        return None

    def kill(self, program):
        """kill -9, and back when the supervisor has started another one."""
        pid = wait_until(lambda: self.pid_of(program), program)
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: self.pid_of(program) not in (None, pid), f'a new {program}')

    def sql(self, text, *values):
        """The rows of one statement, committed."""
        connection = psycopg2.connect(host=str(self.data / 'run'), user='swissphoto', dbname='swissphoto')
        try:
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute(text, values)
            return cursor.fetchall() if cursor.description else cursor.rowcount
        finally:
            connection.close()

    def redis(self, *words):
        """The raw reply to one command."""
        parts = [str(word).encode() for word in words]
        request = b'*%d\r\n' % len(parts) + b''.join(b'$%d\r\n%s\r\n' % (len(part), part) for part in parts)
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(10)
            connection.connect(str(self.data / 'run/redis.sock'))
            connection.sendall(request)
            return connection.recv(65536)

    def forget_attempts(self):
        """Nobody tried a wrong password yet."""
        self.redis('EVAL', "for _, key in ipairs(redis.call('KEYS', '*:attempts:*')) do redis.call('DEL', key) end", 0)

    def original(self, asset_id):
        """The path of an asset's original on the disk."""
        (path,), = self.sql('select original_path from asset where id = %s', asset_id)
        return self.data / 'originals' / path

    def wait_for_jobs(self, *asset_ids, timeout=60):
        """Until every job of these assets (none named: of all) has come to an end."""
        def settled():
            rows = self.sql("""select id::text from asset where 'waiting' in (metadata_state, derivative_state)""")
            waiting = {row[0] for row in rows}
            return not (waiting & set(asset_ids) if asset_ids else waiting)
        wait_until(settled, 'the jobs', timeout)
