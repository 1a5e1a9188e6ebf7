"""The processes of swissphoto-decode: time, memory and death, the zygote by its raw socket, and that nothing gets out."""
import contextlib
import ctypes
import json
import os
import pathlib
import signal
import socket
import struct
import subprocess
import time

import pytest

from decoding import assert_refused, client, program, quadrants

CANNOT_ESCAPE = 28  # attempts that escape.c has at the least


# Time, memory and death

def test_a_slow_one_is_ended():
    started = time.monotonic()
    result, = client('--attempt', 102, '--deadline-ms', 300)
    assert_refused(result, 'too long')
    assert time.monotonic() - started < 5


def test_memory_and_crashes_have_their_own_words():
    if b'__asan_init' in pathlib.Path(program('apps/swissphoto-decode')).read_bytes():
        pytest.skip('AddressSanitizer ends the process in its own way')
    crash, = client('--attempt', 100)
    assert_refused(crash, 'crashed')
    assert crash['detail'].startswith('signal ')
    memory, = client('--attempt', 101)
    assert_refused(memory, 'memory')


def children_of(pid):
    return [int(child) for child in pathlib.Path(f'/proc/{pid}/task/{pid}/children').read_text().split()]


def test_a_killed_zygote_is_started_again(tmp_path):
    path = tmp_path / 'small.png'
    quadrants().save(path)
    command = [program('tests/tools/decode_client'), program('apps/swissphoto-decode'), '--repeat', '400', str(path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    lines = [process.stdout.readline() for _ in range(50)]
    zygote, = children_of(process.pid)
    os.kill(zygote, signal.SIGKILL)
    output, _ = process.communicate(timeout=60)
    results = [json.loads(line) for line in lines + output.splitlines()]
    assert len(results) == 400 and results[-1]['error'] is None
    assert sum(result['error'] is not None for result in results) <= 2
    assert {result['error'] for result in results} <= {None, 'unavailable'}


def test_many_at_once(tmp_path):
    path = tmp_path / 'small.png'
    quadrants().save(path)
    for arguments in (['--threads', 16], ['--threads', 16, '--children-max', 2]):
        results = client(*arguments, '--repeat', 200, path)
        assert len(results) == 200 and all(result['error'] is None for result in results)


def test_failing_allocations_are_answers(tmp_path):
    """The nth allocation fails, of the client and of the zygote with its processes: an error, never a crash."""
    path = tmp_path / 'small.png'
    quadrants().save(path)
    seen = set()
    for n in range(1, 25):
        results = client(path, env={**os.environ, 'SWISSPHOTO_FAIL_ALLOC': str(n)})
        seen |= {result['error'] for result in results}
        os.environ['SWISSPHOTO_FAIL_ALLOC'] = str(n)
        try:
            with Zygote() as zygote, open(path, 'rb') as file:
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    assert zygote.ask(request(), [file])[:1] in (b'i', b'')
            assert zygote.process.returncode in (0, 70, 71)
        finally:
            del os.environ['SWISSPHOTO_FAIL_ALLOC']
    assert seen == {None, 'unavailable'}


# The zygote itself, by its raw socket

class Zygote:
    def __init__(self, *arguments):
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.process = subprocess.Popen([program('apps/swissphoto-decode'), '--zygote', str(theirs.fileno()), *arguments],
                                        pass_fds=[theirs.fileno()])
        theirs.close()

    def ask(self, message, files):
        """The reply's bytes; b'' when the socket was closed instead."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with ours:
            socket.send_fds(self.socket, [message], [theirs.fileno(), *(file.fileno() for file in files)][:8])
            theirs.close()
            ours.settimeout(20)
            return ours.recv(65536)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
        self.process.wait(timeout=20)


def request(operations=1, timeout_ms=5000, magic=0x53504d31):
    return b''.join(b'i' + struct.pack('<q', value) for value in (magic, operations, 1440, 250, 80, 80, timeout_ms, 0))


def test_requests_that_are_none_are_refused_and_do_no_harm(tmp_path):
    path = tmp_path / 'small.png'
    quadrants().save(path)
    with Zygote() as zygote, open(path, 'rb') as file:
        assert zygote.ask(request(), [file]).startswith(b'i')
        for message in (b'x', request()[:-1], request() + b'i', request(magic=1), request(operations=0),
                        request(operations=64), request(timeout_ms=0), os.urandom(300), bytes(8000)):
            assert zygote.ask(message, [file]) == b''
        assert zygote.ask(request(), [file]).startswith(b'i')
        assert zygote.ask(bytes(9000), [file]) == b''  # more than it receives: it gives up on such a client, in order
        assert zygote.process.wait(timeout=20) == 0
    with Zygote() as zygote, open(path, 'rb') as file:
        assert zygote.ask(request(operations=3), [file]) == b''  # derivatives without their files
        assert zygote.ask(request(), [file, file, file]) == b''  # files that nobody asked for
        assert zygote.ask(request(), []) == b''
        before = len(os.listdir(f'/proc/{zygote.process.pid}/fd'))
        for _ in range(50):
            zygote.ask(request(operations=3), [file])
        assert len(os.listdir(f'/proc/{zygote.process.pid}/fd')) == before
        assert zygote.ask(request(), [file]).startswith(b'i')


def test_the_zygote_ends_with_its_client():
    zygote = Zygote()
    zygote.socket.close()
    assert zygote.process.wait(timeout=20) == 0


def test_an_idle_zygote_gives_its_memory_back(tmp_path):
    path = tmp_path / 'small.png'
    quadrants().save(path)
    with Zygote('--idle-exit-ms', '200') as zygote, open(path, 'rb') as file:
        assert zygote.ask(request(), [file]).startswith(b'i')
        assert zygote.process.wait(timeout=20) == 0
        with pytest.raises(BrokenPipeError):
            zygote.socket.send(b'x')


def test_it_is_single_threaded_and_small():
    with Zygote() as zygote:
        assert zygote.ask(b'x', []) == b''  # by then it has loaded its codecs
        assert len(os.listdir(f'/proc/{zygote.process.pid}/task')) == 1
        rollup = pathlib.Path(f'/proc/{zygote.process.pid}/smaps_rollup').read_text()
        memory = dict(line.split(':') for line in rollup.splitlines()[1:])
        assert int(memory['Private_Dirty'].split()[0]) < 20000
        assert 'magick' not in pathlib.Path(f'/proc/{zygote.process.pid}/maps').read_text().lower()


# The box

def test_nothing_gets_out():
    results = client('--self-test')
    assert len(results) >= CANNOT_ESCAPE
    for result in results:
        killed = result['error'] == 'media' and result['detail'] == 'signal SYS'
        refused = result['error'] is None and result['escaped'] == 0
        assert killed or refused, result


def test_the_attempts_would_get_out_of_no_box():
    """A test that cannot fail is worse than none: without the sandbox the same attempts succeed."""
    results = client('--unsafe', '--self-test')
    escaped = [result for result in results if result['error'] is None and result['escaped']]
    assert len(escaped) >= 20, [result for result in results if result not in escaped]


class SockFilter(ctypes.Structure):
    _fields_ = [('code', ctypes.c_ushort), ('jt', ctypes.c_ubyte), ('jf', ctypes.c_ubyte), ('k', ctypes.c_uint)]


class SockProgram(ctypes.Structure):
    _fields_ = [('length', ctypes.c_ushort), ('filter', ctypes.POINTER(SockFilter))]


def lose_seccomp():
    """From here on seccomp(2) answers ENOSYS, as in a kernel without it."""
    libc = ctypes.CDLL(None, use_errno=True)
    seccomp = {'x86_64': 317, 'aarch64': 277}[os.uname().machine]
    code = (SockFilter * 4)((0x20, 0, 0, 0), (0x15, 0, 1, seccomp), (0x06, 0, 0, 0x00050000 | 38), (0x06, 0, 0, 0x7fff0000))
    program_of = SockProgram(4, code)
    assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, ctypes.byref(program_of)) == 0


def test_it_refuses_to_work_without_its_sandbox(tmp_path):
    path = tmp_path / 'small.png'
    quadrants().save(path)
    result, = client(path, preexec_fn=lose_seccomp)
    assert result['file'] == 'probe' and result['error'] in ('unavailable', 'internal')
    result, = client('--unsafe', path, preexec_fn=lose_seccomp)
    assert result['error'] is None
