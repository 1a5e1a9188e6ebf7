"""A small proxy in front of an instance that writes what a foreign client asks and is answered into the journal."""
import http.client
import http.server
import threading

HOP_BY_HOP = {'connection', 'keep-alive', 'transfer-encoding', 'te', 'upgrade', 'host', 'content-length', 'expect'}


class Recorder:
    """with Recorder(instance, journal) as recorder: a client is pointed at recorder.address; recorder.seen lists
    (method, path, status)."""

    def __init__(self, instance, journal):
        recorder = self
        self.seen = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def body(self):
                if self.headers.get('Transfer-Encoding') != 'chunked':
                    return self.rfile.read(int(self.headers.get('Content-Length') or 0))
                pieces = []
                while size := int(self.rfile.readline(), 16):
                    pieces.append(self.rfile.read(size))
                    self.rfile.readline()
                self.rfile.readline()
                return b''.join(pieces)

            def forward(self):
                body = self.body()
                headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
                if 'Accept-Encoding' in headers:
                    headers['Accept-Encoding'] = 'gzip'  # which the journal reads
                connection = http.client.HTTPConnection('127.0.0.1', instance.port, timeout=60)
                connection.request(self.command, self.path, body, headers)
                answer = connection.getresponse()
                content = answer.read()
                connection.close()
                journal.write(self.command, self.path, answer.status, answer.headers, content)
                recorder.seen.append((self.command, self.path.split('?')[0], answer.status))
                self.send_response_only(answer.status)
                for name, value in answer.headers.items():
                    if name.lower() not in HOP_BY_HOP:
                        self.send_header(name, value)
                self.send_header('Content-Length', str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = forward

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.server.daemon_threads = True
        self.address = f'http://127.0.0.1:{self.server.server_port}'

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error):
        self.server.shutdown()
        self.server.server_close()
