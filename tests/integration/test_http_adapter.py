"""The HTTP adapter (src/http) against hostile and clumsy clients, byte by byte over raw sockets.

Each test starts tests/tools/http_echo, which is src/http with a toy application, with the limits that it is about.
"""
import contextlib
import gzip
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import threading
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def find_program():
    folders = [pathlib.Path(os.environ["SWISSPHOTO_BUILD"])] if "SWISSPHOTO_BUILD" in os.environ else []
    folders += [ROOT / "build", *sorted(ROOT.glob("build-*"))]
    for folder in folders:
        program = folder / "tests/tools/http_echo"
        if program.exists():
            return program
    pytest.skip("tests/tools/http_echo is not built")


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)


class Client:
    """One connection. Sends what it is told to, and reads replies strictly."""

    def __init__(self, port, timeout=10):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.buffer = b""

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode("latin-1"))
        return self

    def more(self):
        data = self.socket.recv(65536)
        self.buffer += data
        return bool(data)

    def reply(self, head=False):
        while b"\r\n\r\n" not in self.buffer:
            if not self.more():
                raise EOFError(f"closed after {self.buffer!r}")
        raw, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        lines = raw.decode("latin-1").split("\r\n")
        status = int(lines[0].split(" ")[1])
        if status == 100:
            return Reply(100, {}, b"")
        headers = {}
        for line in lines[1:]:
            name, value = line.split(": ", 1)
            headers.setdefault(name.lower(), []).append(value)
        headers = {name: values[0] if len(values) == 1 else values for name, values in headers.items()}
        length = 0 if head or status in (204, 304) else int(headers.get("content-length", 0))
        while len(self.buffer) < length:
            if not self.more():
                raise EOFError("closed inside the body")
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        return Reply(status, headers, body)

    def closed(self):
        """Whether the server closes, with nothing more said."""
        with contextlib.suppress(ConnectionError):
            return not self.more()
        return True

    def close(self):
        self.socket.close()


class NotStarted(Exception):
    pass


class Server:
    def __init__(self, *options, pass_fds=(), log="info"):
        self.process = subprocess.Popen(
            [str(find_program()), "--log", log, *map(str, options)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            pass_fds=pass_fds)
        self.log = []
        self.reader = threading.Thread(target=self.read_log, daemon=True)
        self.reader.start()
        line = self.process.stdout.readline()
        if not line:
            assert 0 < self.process.wait() < 128, self.log  # an error that was told, not a signal
            raise NotStarted(self.log)
        self.port = int(line)

    def read_log(self):
        for line in self.process.stderr:
            self.log.append(line.decode())

    def connect(self, **options):
        return Client(self.port, **options)

    def ask(self, data, **options):
        client = self.connect()
        try:
            return client.send(data).reply(**options)
        finally:
            client.close()

    def get(self, path, *headers, method="GET"):
        return self.ask(request(method, path, *headers), head=method == "HEAD")

    def streams(self):
        return self.get("/api/streams").json()

    def until(self, condition, seconds=5):
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "the condition did not come true"
            time.sleep(0.01)

    def stop(self, seconds=15):
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        self.reader.join()
        return code


@pytest.fixture
def start():
    running = []

    def run(*options, **more):
        server = Server(*options, **more)
        running.append(server)
        return server

    yield run
    for server in running:
        if server.process.poll() is None:
            assert server.stop() == 0, server.log
        assert server.process.returncode == 0, server.log
        assert not [line for line in server.log if "Sanitizer" in line or "assertion" in line], server.log


@pytest.fixture(scope="module")
def echo():
    server = Server("--header-timeout", 2000)
    yield server
    assert server.stop() == 0, server.log


def request(method, path, *headers, body=b"", host=True):
    lines = [f"{method} {path} HTTP/1.1", *(["Host: x"] if host else []), *headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


# ---- heads that are refused ----

REFUSED = {
    "both framings": (400, "POST /api/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    "both framings, other order": (400, "POST /api/echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
    "two lengths": (400, "POST /api/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde"),
    "one length twice": (400, "POST /api/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\nabcd"),
    "a list of lengths": (400, "POST /api/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4, 4\r\n\r\nabcd"),
    "a signed length": (400, "POST /api/echo HTTP/1.1\r\nHost: x\r\nContent-Length: +4\r\n\r\nabcd"),
    "a negative length": (400, "POST /api/echo HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"),
    "a hexadecimal length": (400, "POST /api/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 0x4\r\n\r\nabcd"),
    "an empty length": (400, "POST /api/echo HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\n"),
    "an endless length": ((400, 413), "POST /api/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n"),
    "a space before the colon": (400, "POST /api/echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
    "a tab before the colon": (400, "POST /api/echo HTTP/1.1\r\nHost: x\r\nContent-Length\t: 4\r\n\r\nabcd"),
    "another coding": ((400, 501), "POST /api/echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
    "chunked twice": ((400, 501), "POST /api/echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    "identity coding": ((400, 501), "POST /api/echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n\r\n"),
    "a coding with a trick": ((400, 501), "POST /api/echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n"),
    "chunked in HTTP/1.0": (400, "POST /api/echo HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    "no Host": (400, "GET /api/ping HTTP/1.1\r\n\r\n"),
    "two Hosts": (400, "GET /api/ping HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
    "a bad Host": (400, "GET /api/ping HTTP/1.1\r\nHost: a/b\r\n\r\n"),
    "a folded header": (400, "GET /api/ping HTTP/1.1\r\nHost: x\r\nX-A: 1\r\n Y: 2\r\n\r\n"),
    "a name made by folding": (400, "POST /api/echo HTTP/1.1\r\nHost: x\r\nContent-: 4\r\n Length\r\n\r\nabcd"),
    "a folded last header": (400, "GET /api/ping HTTP/1.1\r\nHost: x\r\nX-A: 1\r\n 2\r\n\r\n"),
    "a bare line feed": (400, "GET /api/ping HTTP/1.1\r\nHost: x\r\nX-A: 1\nX-B: 2\r\n\r\n"),
    "bare line feeds throughout": (400, "GET /api/ping HTTP/1.1\nHost: x\n\n"),
    "a bare last line feed": (400, "GET /api/ping HTTP/1.1\r\nHost: x\r\n\n"),
    "a NUL in a value": (400, "POST /api/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\0 5\r\n\r\nabcd"),
    "a NUL in a name": (400, "GET /api/ping HTTP/1.1\r\nHost: x\r\nX\0A: 1\r\n\r\n"),
    "a bare CR in a value": (400, "GET /api/ping HTTP/1.1\r\nHost: x\r\nX-A: 1\rX-B: 2\r\n\r\n"),
    "a control character": (400, "GET /api/ping HTTP/1.1\r\nHost: x\r\nX-A: 1\x01\r\n\r\n"),
    "no colon": (400, "GET /api/ping HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n"),
    "no name": (400, "GET /api/ping HTTP/1.1\r\nHost: x\r\n: x\r\n\r\n"),
    "a letter that is none": (400, "GET /api/ping HTTP/1.1\r\nHost: x\r\nX-\xe4: x\r\n\r\n"),
    "another expectation": (417, "POST /api/echo HTTP/1.1\r\nHost: x\r\nExpect: 200-ok\r\nContent-Length: 1\r\n\r\na"),
    "a target with NUL": (400, "GET /api/hello/a%00b HTTP/1.1\r\nHost: x\r\n\r\n"),
    "a query with NUL": (400, "GET /api/hello/a?q=%00 HTTP/1.1\r\nHost: x\r\n\r\n"),
    "a bad escape": (400, "GET /api/hello/a%zz HTTP/1.1\r\nHost: x\r\n\r\n"),
    "a short escape": (400, "GET /api/hello/a%2 HTTP/1.1\r\nHost: x\r\n\r\n"),
    "no UTF-8": (400, "GET /api/hello/%ff HTTP/1.1\r\nHost: x\r\n\r\n"),
    "a surrogate": (400, "GET /api/hello/%ed%a0%80 HTTP/1.1\r\nHost: x\r\n\r\n"),
    "an overlong slash": (400, "GET /api/hello/%c0%af HTTP/1.1\r\nHost: x\r\n\r\n"),
    "raw bytes": (400, "GET /api/hello/\xe4 HTTP/1.1\r\nHost: x\r\n\r\n"),
    "a fragment": (400, "GET /api/hello/a#b HTTP/1.1\r\nHost: x\r\n\r\n"),
    "no path": (400, "GET api/ping HTTP/1.1\r\nHost: x\r\n\r\n"),
    "an asterisk": (400, "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"),
    "too many headers": (431, "GET /api/ping HTTP/1.1\r\nHost: x\r\n" + "".join(f"X-{i}: 1\r\n" for i in range(120)) + "\r\n"),
    "a large header": (431, "GET /api/ping HTTP/1.1\r\nHost: x\r\nX-A: " + 20000 * "a" + "\r\n\r\n"),
    "a huge header": (431, "GET /api/ping HTTP/1.1\r\nHost: x\r\nX-A: " + 100000 * "a" + "\r\n\r\n"),
    "a long target": (414, "GET /api/" + 9000 * "a" + " HTTP/1.1\r\nHost: x\r\n\r\n"),
    "a huge target": (414, "GET /api/" + 100000 * "a" + " HTTP/1.1\r\nHost: x\r\n\r\n"),
    "HTTP/2": ((400, 505), "GET /api/ping HTTP/2.0\r\nHost: x\r\n\r\n"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_head(echo, name):
    expected, data = REFUSED[name]
    client = echo.connect()
    with contextlib.suppress(ConnectionError):  # a huge one may be cut off while we write
        client.send(data)
    reply = client.reply()
    assert reply.status in (expected if isinstance(expected, tuple) else (expected,))
    assert b"pong" not in reply.body
    client.close()


SMUGGLED = [name for name, (_, data) in REFUSED.items() if "Content-Length" in data or "Transfer" in data or " the colon" in name]


@pytest.mark.parametrize("name", SMUGGLED)
def test_nothing_is_served_behind_a_doubtful_body(echo, name):
    """What follows such a request on its connection could be its body: it must not be answered."""
    client = echo.connect()
    with contextlib.suppress(ConnectionError):
        client.send(REFUSED[name][1] + "GET /api/hello/smuggled HTTP/1.1\r\nHost: x\r\n\r\n")
    with contextlib.suppress(ConnectionError):
        while client.more():
            pass
    assert b"smuggled" not in client.buffer
    # libmicrohttpd 0.9.75 writes its own refusal of a malformed Content-Length twice
    assert set(re.findall(rb"HTTP/1.1 (\d)", client.buffer)) <= {b"4", b"5"}
    client.close()


def test_a_space_in_the_target_is_refused(echo):
    client = echo.connect().send("GET /api/hello/a b HTTP/1.1\r\nHost: x\r\n\r\n")
    try:
        assert client.reply().status == 400
    except EOFError:
        pass  # libmicrohttpd 1.0 may close without a word
    client.close()


def test_errors_are_the_contracts_json(echo):
    reply = echo.get("/api/nope")
    assert reply.status == 404
    assert reply.headers["content-type"].startswith("application/json")
    assert reply.json() == {"message": "There is no such route.", "statusCode": 404, "error": "Not Found"}
    reply = echo.get("/api/fail/400")
    assert reply.json()["errors"] == [
        {"path": ["assets", 3, "id"], "message": "Invalid UUID", "code": "invalid_format"},
        {"path": ["name"], "message": "Too short", "code": "too_small"}]
    reply = echo.get("/api/fail/500")
    assert (reply.status, reply.json()["message"]) == (500, "As asked: 500")
    assert echo.get("/api/silent").status == 500


@pytest.mark.parametrize("path", ["/api/ping", "/api/nope", "/api/fail/400", "/api/hello/%00", "/", "/api/file/fast"])
def test_every_answer_has_an_id_and_security_headers(echo, path):
    reply = echo.get(path)
    assert re.fullmatch("[0-9a-f]{32}", reply.headers["x-correlation-id"])
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors" in reply.headers["content-security-policy"] or "sandbox" in reply.headers["content-security-policy"]


# ---- good requests ----

def test_target_query_cookies_and_headers(echo):
    reply = echo.get("/api/hello/J%C3%BCrg%2F1?q=1&x=2&q=a+b%26&q", "Cookie: a=b; token=\"t1\"; token=t2", "User-Agent: \xe4")
    assert reply.status == 200
    assert reply.json() == {"method": "GET", "path": "/api/hello/Jürg/1", "name": "Jürg/1", "client": "127.0.0.1",
                            "cookie": "t1", "agent": "ä", "secure": False, "q": ["1", "a b&", ""]}
    assert echo.get("http://x/api/ping").status == 200


def test_head_is_get_without_a_body(echo):
    get, head = echo.get("/api/ping"), echo.get("/api/ping", method="HEAD")
    assert head.status == 200 and head.headers["content-length"] == get.headers["content-length"] == "14"


def test_wrong_method_names_the_right_ones(echo):
    reply = echo.get("/api/ping", method="PUT")
    assert (reply.status, reply.headers["allow"]) == (405, "GET, HEAD")
    assert echo.get("/api/echo").headers["allow"] == "POST"


def test_several_cookies_are_set(echo):
    reply = echo.get("/api/nothing", method="DELETE")
    assert reply.status == 204 and reply.body == b""
    assert reply.headers["set-cookie"] == ["a=1; HttpOnly", "b=2"]


def test_pipelined_requests_are_answered_in_order(echo):
    client = echo.connect()
    client.send(b"".join(request("GET", f"/api/hello/{i}") for i in range(20)))
    assert [client.reply().json()["name"] for i in range(20)] == [str(i) for i in range(20)]
    client.close()


def test_a_connection_lives_through_errors_and_bodies(echo):
    client = echo.connect()
    for data, status in [(request("GET", "/api/nope"), 404), (request("PUT", "/api/ping"), 405),
                         (request("POST", "/api/echo", body=b"x" * 100), 200),
                         (request("POST", "/api/echo", body=b"x" * 100000), 200),
                         (request("POST", "/api/nope", body=b"x" * 5000), 404),
                         (request("GET", "/api/hello/%00"), 400),
                         (request("POST", "/api/echo", "X-Deny: 1", body=b"x" * 100), 401),
                         (request("POST", "/api/echo", "X-Deny: 1", body=b"x" * 100000), 401),
                         (request("POST", "/api/gate/open", body=b"ignored"), 200),
                         (request("GET", "/api/ping"), 200)]:
        assert client.send(data).reply().status == status, data[:60]
    client.close()


def test_body_in_single_bytes(echo):
    client = echo.connect().send("POST /api/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n")
    for byte in b"[1, 2, 3]":
        client.send(bytes([byte]))
    assert client.reply().json() == [1, 2, 3]
    client.close()


def test_chunked_body_with_trailers(echo):
    client = echo.connect().send("POST /api/echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    client.send(b"".join(chunk(b"part%d," % i) for i in range(100)) + b"0\r\nX-Trailer: 1\r\n\r\n")
    assert client.reply().body == b"".join(b"part%d," % i for i in range(100))
    assert client.send(request("GET", "/api/ping")).reply().status == 200
    client.close()


# ---- bodies that are too large, unwanted or refused early ----

def test_too_large_by_its_length(echo):
    client = echo.connect().send("POST /api/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n")
    assert client.reply().status == 413
    client.close()


@pytest.mark.parametrize("path,count", [("/api/echo", 40), ("/api/upload/small", 200)])
def test_too_large_while_reading(echo, path, count):
    client = echo.connect().send(f"POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    for i in range(count):
        client.send(chunk(b"x" * 65536))
    client.send(b"0\r\n\r\n")
    assert client.reply().status == 413
    client.close()


def test_early_refusal_of_a_big_upload_reaches_a_client_that_writes_first(echo):
    before = echo.streams()
    client = echo.connect().send("POST /api/upload HTTP/1.1\r\nHost: x\r\nX-Deny: 1\r\nContent-Length: 67108864\r\n\r\n")
    for i in range(64):
        client.send(b"x" * 1048576)  # ConnectionResetError here is the bug
    reply = client.reply()
    assert (reply.status, reply.headers["connection"]) == (401, "close")
    assert reply.json()["message"] == "Authentication required"
    assert client.closed()
    client.close()
    assert echo.streams() == before


def test_dropping_a_body_is_bounded(echo):
    client = echo.connect().send("POST /api/upload HTTP/1.1\r\nHost: x\r\nX-Deny: 1\r\nContent-Length: 1073741824\r\n\r\n")
    assert client.reply().status == 401
    sent = 0
    with pytest.raises(ConnectionError):
        while sent < 1 << 30:
            sent += client.socket.send(bytes(1 << 20))
    assert 256 << 20 <= sent < 300 << 20
    client.close()


def test_early_answer_reaches_a_client_that_reads_meanwhile(echo):
    client = echo.connect().send("POST /api/upload HTTP/1.1\r\nHost: x\r\nX-Duplicate: 1\r\nContent-Length: 67108864\r\n\r\n")
    reply = client.reply()  # not a byte of the body was sent
    assert (reply.status, reply.json()) == (200, {"status": "duplicate"})
    client.close()


def test_early_refusal_of_a_chunked_upload(echo):
    client = echo.connect().send("POST /api/upload HTTP/1.1\r\nHost: x\r\nX-Deny: 1\r\nTransfer-Encoding: chunked\r\n\r\n")
    for i in range(100):
        client.send(chunk(b"x" * 65536))
    client.send(b"0\r\n\r\n")
    assert client.reply().status == 401
    client.close()


@pytest.mark.parametrize("deny,status", [("X-Deny: 1\r\n", 401), ("", 100)])
def test_expect_continue(echo, deny, status):
    client = echo.connect()
    client.send(f"POST /api/upload HTTP/1.1\r\nHost: x\r\n{deny}Expect: 100-continue\r\nContent-Length: 20000000\r\n\r\n")
    assert client.reply().status == status
    if status == 100:
        client.send(b"x" * 20000000)
        assert client.reply().json()["total"] == 20000000
    client.close()


def test_an_error_in_the_middle_of_a_stream(echo):
    before = echo.streams()
    client = echo.connect()
    client.send("POST /api/upload HTTP/1.1\r\nHost: x\r\nX-Fail-After: 1000000\r\nContent-Length: 33554432\r\n\r\n")
    for i in range(32):
        client.send(b"x" * 1048576)
    reply = client.reply()
    assert (reply.status, reply.json()["message"]) == (400, "Quota has been exceeded!")
    client.close()
    after = echo.streams()
    assert (after["begun"] - before["begun"], after["aborted"] - before["aborted"], after["ended"]) == (1, 1, before["ended"])


def test_an_error_at_the_end_of_a_stream(echo):
    client = echo.connect().send(request("POST", "/api/upload", "X-Fail-After: 10", body=b"x" * 2000))
    assert client.reply().status == 400
    assert client.send(request("GET", "/api/ping")).reply().status == 200
    client.close()


def test_a_vanished_client_aborts_its_stream(echo):
    before = echo.streams()
    for sent in (0, 10, 300000, 3000000):
        client = echo.connect().send(b"POST /api/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n\r\n" + b"x" * sent)
        echo.until(lambda: echo.streams()["begun"] == before["begun"] + 1)
        client.close()
        echo.until(lambda: echo.streams()["aborted"] == before["aborted"] + 1)
        before = echo.streams()


# ---- multipart ----

def form(*parts, boundary="xyz"):
    body = b""
    for headers, data in parts:
        body += b"--" + boundary.encode() + b"\r\n" + headers.encode() + b"\r\n\r\n" + data + b"\r\n"
    return body + b"--" + boundary.encode() + b"--\r\n"


def test_multipart_in_pieces_of_any_size(echo):
    body = form(("Content-Disposition: form-data; name=\"a\"", b"1"),
                ("Content-Disposition: form-data; name=\"f\"; filename=\"z\xfcrich.jpg\"\r\nContent-Type: image/jpeg",
                 b"\r\n--xy\r\n--\r\r\n" * 20000),
                ("Content-Disposition: form-data; name=\"b\"", b""))
    expected = [{"name": "a", "file": None, "type": None, "size": 1},
                {"name": "f", "file": "zürich.jpg", "type": "image/jpeg", "size": 20000 * len(b"\r\n--xy\r\n--\r\r\n")},
                {"name": "b", "file": None, "type": None, "size": 0}]
    for size in (len(body), 70001, 4096, 977):
        client = echo.connect().send(
            f"POST /api/upload HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=xyz\r\nContent-Length: {len(body)}\r\n\r\n")
        for i in range(0, len(body), size):
            client.send(body[i:i + size])
        reply = client.reply()
        assert reply.status == 201, reply.body
        assert reply.json()["parts"] == expected
        client.close()


@pytest.mark.parametrize("type,body,status", [
    ("multipart/form-data", b"x", 400),
    ("multipart/form-data; boundary=", b"x", 400),
    ("multipart/form-data; boundary=" + 300 * "b", b"x", 400),
    ("multipart/mixed; boundary=xyz", b"--xyz--\r\n", 415),
    ("multipart/form-data; boundary=xyz", b"--xyz\r\n", 400),
    ("multipart/form-data; boundary=xyz", b"no boundary", 400),
    ("multipart/form-data; boundary=xyz", b"--xyz\r\n\r\nx\r\n--xyz--\r\n", 400),
    ("multipart/form-data; boundary=xyz", b"--xyz\r\nContent-Type: a\r\n\r\nx\r\n--xyz--\r\n", 400),
    ("multipart/form-data; boundary=xyz", b"--xyz\r\nContent-Disposition: form-data; name=a\r\nX: " + 9000 * b"y" + b"\r\n\r\n", 413),
    ("multipart/form-data; boundary=xyz", b"--xyz\r\nContent-Disposition: form-data; name=a\r\n\r\n" + 1100000 * b"y" + b"\r\n--xyz--\r\n", 413),
    ("multipart/form-data; boundary=xyz", 300 * b"--xyz\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n" + b"--xyz--\r\n", 413),
    ("multipart/form-data; boundary=xyz", b"--xyz--\r\n", 201),
])
def test_multipart_limits(echo, type, body, status):
    before = echo.streams()
    assert echo.ask(request("POST", "/api/upload", f"Content-Type: {type}", body=body)).status == status
    after = echo.streams()
    assert after["begun"] - before["begun"] == after["ended"] - before["ended"] + after["aborted"] - before["aborted"]


# ---- files ----

@pytest.fixture(scope="module")
def files(tmp_path_factory):
    path = tmp_path_factory.mktemp("http") / "file"
    data = bytes(i * 7 % 251 for i in range(1000003))
    path.write_bytes(data)
    server = Server("--file", path)
    server.data = data
    yield server
    assert server.stop() == 0, server.log


@pytest.mark.parametrize("path", ["/api/file/fast", "/api/file/slow"])
class TestFiles:
    def test_whole(self, files, path):
        reply = files.get(path)
        assert reply.status == 200 and reply.body == files.data
        assert reply.headers["content-disposition"] == \
            "inline; filename=\"Z__rich _1_.jpg\"; filename*=UTF-8''Z%C3%BCrich%20%221%22.jpg"
        assert reply.headers["cache-control"] == "private, max-age=86400, no-transform"
        assert reply.headers["accept-ranges"] == "bytes" and "last-modified" in reply.headers

    @pytest.mark.parametrize("range,first,last", [
        ("bytes=0-0", 0, 0), ("bytes=0-", 0, 1000002), ("bytes=500000-700000", 500000, 700000), ("bytes=-1", 1000002, 1000002),
        ("bytes=-2000000", 0, 1000002), ("bytes=1000002-", 1000002, 1000002), ("bytes=5-99999999999999999999", 5, 1000002)])
    def test_range(self, files, path, range, first, last):
        reply = files.get(path, f"Range: {range}")
        assert reply.status == 206
        assert reply.headers["content-range"] == f"bytes {first}-{last}/1000003"
        assert reply.body == files.data[first:last + 1]

    @pytest.mark.parametrize("range", ["bytes=0-1,5-6", "bytes=5-1", "bytes=a-b", "bytes=-", "items=0-1", "bytes=1-2-3", "bytes 0-1"])
    def test_ranges_that_mean_the_whole(self, files, path, range):
        reply = files.get(path, f"Range: {range}")
        assert reply.status == 200 and len(reply.body) == 1000003

    @pytest.mark.parametrize("range", ["bytes=1000003-", "bytes=-0", "bytes=99999999999999999999-"])
    def test_ranges_outside(self, files, path, range):
        reply = files.get(path, f"Range: {range}")
        assert (reply.status, reply.headers["content-range"]) == (416, "bytes */1000003")

    def test_conditions(self, files, path):
        modified = files.get(path).headers["last-modified"]
        for headers, status in [(["If-None-Match: \"echo-1\""], 304), (["If-None-Match: \"a\", W/\"echo-1\""], 304),
                                (["If-None-Match: *"], 304), (["If-None-Match: \"echo\""], 200),
                                ([f"If-Modified-Since: {modified}"], 304),
                                (["If-Modified-Since: Mon, 01 Jan 2001 00:00:00 GMT"], 200),
                                (["If-None-Match: \"x\"", f"If-Modified-Since: {modified}"], 200),
                                (["Range: bytes=0-1", "If-Range: \"echo-1\""], 206), (["Range: bytes=0-1", "If-Range: W/\"echo-1\""], 200),
                                (["Range: bytes=0-1", f"If-Range: {modified}"], 206), (["Range: bytes=0-1", "If-Range: \"old\""], 200)]:
            reply = files.get(path, *headers)
            assert reply.status == status, headers
            assert reply.headers["etag"] == "\"echo-1\""

    def test_head(self, files, path):
        reply = files.get(path, method="HEAD")
        assert (reply.status, reply.headers["content-length"]) == (200, "1000003")

    def test_many_readers_that_leave_early(self, files, path):
        for i in range(30):
            client = files.connect().send(request("GET", path))
            client.socket.recv(1000)
            client.close()
        assert files.get(path).body == files.data


def test_empty_files(start):
    server = start("--file", "/dev/null")
    for path in ("/api/file/fast", "/api/file/slow"):
        reply = server.get(path)
        assert (reply.status, reply.body) == (200, b"")
        assert server.get(path, "Range: bytes=0-0").status == 416


def test_a_file_that_shrinks_is_cut_not_padded(start, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"")
    server = start("--file", path, "--header-timeout", 1000)  # sendfile: the guard sees that nothing moves any more
    for url in ("/api/file/fast", "/api/file/slow"):
        os.truncate(path, 500000000)
        client = server.connect()
        client.send(request("GET", url))
        assert client.more()
        os.truncate(path, 1000)
        with contextlib.suppress(ConnectionError):
            while client.more():
                pass
        assert b"200 OK" in client.buffer and len(client.buffer) < 500000000
        client.close()
    assert server.get("/api/ping").status == 200


# ---- compression ----

@pytest.mark.parametrize("accept,coding", [
    ("gzip", "gzip"), ("gzip, deflate, br, zstd", "zstd"), ("gzip, zstd;q=0.5", "gzip"), ("zstd;q=0, gzip;q=0.1", "gzip"), ("br", None),
    ("identity", None), ("*", "zstd"), ("gzip;q=0", None), ("*;q=0", None), ("gzip;q=2", None), ("", None)])
def test_compression(echo, accept, coding):
    reply = echo.get("/api/big/1000", f"Accept-Encoding: {accept}")
    assert reply.headers.get("content-encoding") == coding
    assert reply.headers["vary"] == "Accept-Encoding"
    if coding == "gzip":
        reply.body = gzip.decompress(reply.body)
    elif coding == "zstd":
        reply.body = subprocess.run(["zstd", "-dc"], input=reply.body, stdout=subprocess.PIPE, check=True).stdout
    assert reply.json()[0] == {"number": 1000, "text": "the same text in every line"}


def test_small_answers_are_not_compressed(echo):
    assert "content-encoding" not in echo.get("/api/ping", "Accept-Encoding: gzip").headers


# ---- slow clients ----

def test_trickled_headers_are_cut(start):
    server = start("--header-timeout", 1000)
    client, began = server.connect(), time.monotonic()
    client.send("GET /api/ping HTTP/1.1\r\nHost: x\r\n")
    with pytest.raises(ConnectionError):
        for i in range(100):
            client.send("X-A: b\r\n")
            time.sleep(0.1)  # the client's slowness is what is tested
    assert 0.9 < time.monotonic() - began < 3
    client.close()


def test_a_trickled_second_request_is_cut(start):
    server = start("--header-timeout", 800, "--idle-timeout", 1000)
    client, began = server.connect(), time.monotonic()
    assert client.send(request("GET", "/api/ping")).reply().status == 200
    with pytest.raises(ConnectionError):
        for byte in request("GET", "/api/" + 100 * "a"):
            client.send(bytes([byte]))
            time.sleep(0.1)
    assert time.monotonic() - began < 4
    client.close()


def test_a_silent_connection_is_closed(start):
    server = start("--header-timeout", 500, "--idle-timeout", 1000)
    client, began = server.connect(), time.monotonic()
    assert client.closed()
    assert time.monotonic() - began < 2.5
    kept = server.connect()
    kept.send(request("GET", "/api/ping")).reply()
    assert kept.closed()
    assert time.monotonic() - began < 6


@pytest.mark.parametrize("path", ["/api/echo", "/api/upload"])
def test_a_body_below_the_minimum_rate_is_cut(start, path):
    server = start("--header-timeout", 1000, "--min-rate", 1000)
    client = server.connect().send(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
    with pytest.raises(ConnectionError):
        for i in range(100):
            client.send(b"x" * 10)
            time.sleep(0.1)
    client.close()
    server.until(lambda: server.streams()["aborted"] == server.streams()["begun"])


def test_a_body_at_the_minimum_rate_is_taken(start):
    server = start("--header-timeout", 500, "--min-rate", 1000)
    client = server.connect().send("POST /api/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 4000\r\n\r\n")
    for i in range(20):
        client.send(b"x" * 200)
        time.sleep(0.1)
    assert client.reply().json()["total"] == 4000
    client.close()


def test_a_reader_below_the_minimum_rate_is_cut(start, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"x" * 50000000)
    server = start("--header-timeout", 1000, "--min-rate", 100000, "--file", path)
    client = Client(server.port)
    client.send(request("GET", "/api/file/fast"))
    end = time.monotonic() + 8
    cut = lambda: b"swissphoto_http_cut_total 1\n" in server.get("/metrics").body
    while not cut():
        assert time.monotonic() < end
        client.socket.recv(100)
        time.sleep(0.05)
    client.close()


# ---- no memory ----

def test_every_allocation_may_fail(start, tmp_path, monkeypatch):
    """The nth allocation of the process fails: it answers with an error, cuts, or refuses to start; it never dies."""
    path = tmp_path / "file"
    path.write_bytes(b"x" * 300000)
    requests = [request("GET", "/api/ping"), request("GET", "/api/big/200", "Accept-Encoding: gzip"),
                request("GET", "/api/file/slow"), request("POST", "/api/echo", body=b"x" * 50000),
                request("POST", "/api/upload", "Content-Type: multipart/form-data; boundary=xyz",
                        body=form(("Content-Disposition: form-data; name=a; filename=b", b"x" * 300000))),
                request("POST", "/api/upload", "X-Deny: 1", body=b"x" * 3000000), request("GET", "/api/nope")]
    n, served = 1, 0
    while served < 80:
        monkeypatch.setenv("SWISSPHOTO_FAIL_ALLOC", str(n))
        try:
            server = start("--file", path, "--event-threads", 1, "--workers", 1, "--io-threads", 1)
        except NotStarted:
            n += 5
            continue
        for data in requests:
            client = server.connect(timeout=5)
            with contextlib.suppress(EOFError, ConnectionError):
                client.send(data).reply()
            client.close()
        pings = 0
        for i in range(2):  # the nth may have been left for one of these
            with contextlib.suppress(EOFError, ConnectionError):
                pings += server.get("/api/ping").status == 200
        assert pings >= 1
        assert server.stop() == 0, (n, server.log)
        n += 1
        served += 1


# ---- limits, full pools, hanging storage ----

def test_connections_per_address(start):
    server = start("--per-address", 5)
    clients = [server.connect() for i in range(5)]
    for client in clients:
        assert client.send(request("GET", "/api/ping")).reply().status == 200
    assert server.connect().closed()
    clients[0].close()
    def again():
        client = server.connect()
        try:
            return client.send(request("GET", "/api/ping")).reply().status == 200
        except (EOFError, ConnectionError):
            return False
        finally:
            client.close()
    server.until(again)


def test_trusted_proxies_have_no_limit_and_tell_the_client(start):
    server = start("--per-address", 2, "--trusted", "127.0.0.0/8, 10.0.0.0/8")
    clients = [server.connect() for i in range(20)]
    for client in clients:
        client.send(request("GET", "/api/hello/a", "X-Forwarded-For: 6.6.6.6, 192.0.2.7, 10.1.2.3", "X-Forwarded-Proto: https"))
    for client in clients:
        reply = client.reply().json()
        assert (reply["client"], reply["secure"]) == ("192.0.2.7", True)
        client.close()


def test_untrusted_peers_cannot_forge_their_address(echo):
    reply = echo.get("/api/hello/a", "X-Forwarded-For: 192.0.2.7", "X-Forwarded-Proto: https").json()
    assert (reply["client"], reply["secure"]) == ("127.0.0.1", False)


def test_connections_in_total(start):
    server = start("--connections", 4)
    clients = [server.connect() for i in range(4)]
    for client in clients:
        assert client.send(request("GET", "/api/ping")).reply().status == 200
    waiting = server.connect(timeout=0.5).send(request("GET", "/api/ping"))
    with pytest.raises(TimeoutError):
        waiting.reply()
    clients[0].close()
    waiting.socket.settimeout(5)
    assert waiting.reply().status == 200


def test_a_full_queue_answers_503(start):
    server = start("--workers", 1, "--queue", 1)
    clients = [server.connect().send(request("GET", "/api/wait/1000")) for i in range(8)]
    replies = [client.reply() for client in clients]
    assert sorted(reply.status for reply in replies) == [200, 200] + 6 * [503]
    assert {reply.headers["retry-after"] for reply in replies if reply.status == 503} == {"5"}
    assert server.get("/api/ping").status == 200


def test_hanging_storage_does_not_hold_up_others(start, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"x" * 1000)
    server = start("--workers", 2, "--io-threads", 2, "--file", path)
    server.get("/api/gate/closed", method="POST")
    uploads = []
    for i in range(6):
        client = server.connect(timeout=1)
        client.send("POST /api/hang HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n\r\n")
        with contextlib.suppress(TimeoutError):
            client.socket.settimeout(0.2)
            client.socket.sendall(b"x" * 1000000)
        uploads.append(client)
    readers = [server.connect().send(request("GET", "/api/file/hang")) for i in range(6)]
    server.until(lambda: b"swissphoto_http_io_busy 2" in server.get("/metrics").body)
    worst = 0
    for i in range(50):
        began = time.monotonic()
        assert server.get("/api/ping").status == 200
        worst = max(worst, time.monotonic() - began)
    assert worst < 0.05
    for client in uploads:
        client.close()
    server.get("/api/gate/open", method="POST")
    assert [client.reply().status for client in readers] == 6 * [200]
    server.until(lambda: server.streams()["aborted"] == server.streams()["begun"])


# ---- stopping ----

def test_stop_finishes_requests_in_flight(start):
    server = start("--grace", 5000)
    client = server.connect().send(request("GET", "/api/wait/1000"))
    upload = server.connect().send("POST /api/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
    server.until(lambda: server.streams()["begun"] == 1)
    idle = server.connect()
    idle.send(request("GET", "/api/ping")).reply()
    server.process.send_signal(signal.SIGTERM)
    upload.send(b"x" * 1000)
    assert upload.reply().json()["total"] == 1000
    reply = client.reply()
    assert reply.status == 200 and reply.headers["connection"] == "close"
    assert idle.closed()
    assert server.process.wait(5) == 0


def test_stop_gives_up_after_the_grace(start, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"x" * 100000000)
    server = start("--grace", 500, "--file", path)
    server.connect().send(request("GET", "/api/wait/2000"))
    stuck = server.connect().send("POST /api/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
    unread = server.connect().send(request("GET", "/api/file/slow"))
    body = server.connect().send("POST /api/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + 1000 * "x")
    server.until(lambda: server.streams()["begun"] == 1)
    began = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(8) == 0
    assert time.monotonic() - began < 4
    assert stuck.closed() and body.closed()
    unread.close()


def test_stop_with_storage_that_hangs(start):
    server = start("--grace", 300, "--io-threads", 1)
    server.get("/api/gate/closed", method="POST")
    server.connect().send(request("POST", "/api/hang", body=b"x" * 300000))
    server.connect().send(request("GET", "/api/file/hang"))
    server.until(lambda: b"swissphoto_http_io_busy 1" in server.get("/metrics").body)
    began = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(15) == 0
    assert time.monotonic() - began < 12
    server.reader.join()
    assert any("hang" in line for line in server.log)


def test_an_inherited_socket_loses_no_connection(start):
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    first = start("--listen-fd", listening.fileno(), pass_fds=[listening.fileno()])
    assert first.port == listening.getsockname()[1]
    assert first.get("/api/ping").status == 200
    first.stop()
    waiting = Client(first.port).send(request("GET", "/api/hello/waited"))
    start("--listen-fd", listening.fileno(), pass_fds=[listening.fileno()])
    assert waiting.reply().json()["name"] == "waited"
    listening.close()


# ---- web files ----

@pytest.fixture(scope="module")
def web(tmp_path_factory):
    folder = tmp_path_factory.mktemp("web")
    (folder / "assets").mkdir()
    (folder / "index.html").write_text("<!doctype html><title>app</title>")
    (folder / "assets/app-1a2b.js").write_text("console.log(1)" * 500)
    (folder / "assets/app-1a2b.js.gz").write_bytes(gzip.compress(b"console.log(1)" * 500))
    (folder / "assets/alone.gz").write_bytes(b"alone")
    (folder / "assets/style-1a2b.css").write_text("a { color: red }" * 500)
    (folder / "assets/image-1a2b.png").write_bytes(b"png" * 5000)
    (folder / ".secret").write_text("secret")
    (folder / "empty.txt").write_text("")
    (folder / "outside").symlink_to("/etc/passwd")
    server = Server("--web", folder)
    yield server
    assert server.stop() == 0, server.log


def test_web_index(web):
    for path in ("/", "/index.html"):
        reply = web.get(path)
        assert reply.status == 200 and b"<title>app" in reply.body
        assert reply.headers["cache-control"] == "no-cache"
        policy = reply.headers["content-security-policy"]
        assert "default-src 'self'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert web.get(path, f"If-None-Match: {reply.headers['etag']}").status == 304


def test_web_hashed_assets_and_compressed_siblings(web):
    plain = web.get("/assets/app-1a2b.js")
    assert plain.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert plain.headers["content-type"] == "text/javascript; charset=utf-8"
    packed = web.get("/assets/app-1a2b.js", "Accept-Encoding: br, gzip")
    assert packed.headers["content-encoding"] == "gzip" and packed.headers["vary"] == "Accept-Encoding"
    assert gzip.decompress(packed.body) == plain.body
    assert packed.headers["etag"] != plain.headers["etag"]
    assert web.get("/assets/app-1a2b.js.gz").status == 404
    assert web.get("/assets/alone.gz").status == 200
    assert web.get("/empty.txt").status == 200


def test_web_text_without_a_compressed_sibling_is_compressed_too(web):
    plain = web.get("/assets/style-1a2b.css")
    packed = web.get("/assets/style-1a2b.css", "Accept-Encoding: br, gzip")
    assert packed.headers["content-encoding"] == "gzip" and packed.headers["vary"] == "Accept-Encoding"
    assert gzip.decompress(packed.body) == plain.body and len(packed.body) < len(plain.body) / 10
    assert packed.headers["etag"] != plain.headers["etag"]
    for path in ("/assets/image-1a2b.png", "/index.html"):  # no text; too small
        assert "content-encoding" not in web.get(path, "Accept-Encoding: gzip").headers


@pytest.mark.parametrize("path", ["/photos/123", "/albums", "/a/b/c"])
def test_web_pages_of_the_app(web, path):
    assert b"<title>app" in web.get(path, "Accept: text/html,*/*").body
    assert web.get(path, "Accept: application/json").status == 404
    assert web.get(path, "Accept: text/html", method="POST").status == 404


@pytest.mark.parametrize("path", ["/../../etc/passwd", "/..%2f..%2fetc/passwd", "/assets/../.secret", "/.secret", "/outside", "//etc/passwd",
                                  "/assets", "/missing.js", "/assets/nope-1.js", "/%2e%2e/%2e%2e/etc/passwd", "/index.html/"])
def test_web_paths_that_are_no_file(web, path):
    reply = web.get(path, "Accept: */*")
    assert reply.status == 404
    assert b"root:" not in reply.body and b"secret" not in reply.body


# ---- metrics and log ----

def test_metrics(start):
    server = start()
    server.get("/api/ping")
    server.get("/api/nope")
    scrape = lambda: server.get("/metrics").body.decode()
    server.until(lambda: 'swissphoto_http_requests_total{operation="ping",status="2xx"} 1' in scrape())
    server.until(lambda: 'swissphoto_http_requests_total{operation="unrouted",status="4xx"} 1' in scrape())
    text = scrape()
    assert 'swissphoto_http_request_duration_seconds_count{operation="ping"} 1' in text
    assert "swissphoto_http_connections" in text and "process_resident_memory_bytes" in text and "echo_toy 1" in text
    for line in text.splitlines():
        assert re.fullmatch(r"# (HELP|TYPE) .*|[a-z_]+(\{[^}]*\})? [0-9.e+-]+", line), line


def test_metrics_need_the_token_or_loopback(start):
    server = start("--metrics-token", "geheim", "--trusted", "127.0.0.1")
    assert server.get("/metrics").status == 404
    assert server.get("/metrics", "Authorization: Bearer geheiM").status == 404
    assert server.get("/metrics", "Authorization: Bearer geheim").status == 200
    open_one = start("--trusted", "127.0.0.1")
    assert open_one.get("/metrics").status == 200
    assert open_one.get("/metrics", "X-Forwarded-For: 192.0.2.1").status == 404


def test_the_log_has_ids_and_no_secrets(start):
    server = start()
    reply = server.get("/api/hello/hidden?apiKey=SECRET1&sessionKey=SECRET2&key=SECRET3&slug=SECRET4", "Cookie: token=SECRET5")
    server.get("/share/SECRET6?key=SECRET7")
    server.get("/api/ping\nforged=1".replace("\n", "%0a"))
    server.stop()
    lines = [line for line in server.log if "msg=request" in line]
    assert len(lines) == 3
    lines.sort(key=lambda line: "operation=hello" not in line)  # each event thread writes its own
    assert f"op={reply.headers['x-correlation-id']}" in lines[0]
    assert "path=/api/hello/{name} operation=hello status=200" in lines[0]
    assert "duration_us=" in lines[0] and "client=127.0.0.1" in lines[0]
    assert "SECRET" not in "".join(server.log) and "hidden" not in "".join(server.log) and "forged" not in "".join(server.log)
