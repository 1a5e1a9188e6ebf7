"""A client of the HTTP API on the standard library, and the journal of everything that was asked and answered."""
import base64
import gzip
import hashlib
import http.client
import json
import threading
import urllib.parse
import uuid
from dataclasses import dataclass

from contract import find_route

WHEN = '2024-05-01T12:00:00.000Z'


class Journal:
    """One JSON line a request: what was asked and the whole reply. Any thread."""

    def __init__(self, path):
        self.path = path
        self.lock = threading.Lock()
        self.file = open(path, 'w')

    def write(self, method, path, status, headers, body):
        route = find_route(method, path)
        if headers.get('Content-Encoding') == 'gzip':
            body = gzip.decompress(body)
        line = json.dumps({
            'method': method, 'path': path, 'operation': route.operation if route else None, 'status': status,
            'type': headers.get('Content-Type') or '', 'correlation': headers.get('X-Correlation-ID'),
            'body': base64.b64encode(body).decode()})
        with self.lock:
            self.file.write(line + '\n')
            self.file.flush()

    def read(self):
        with open(self.path) as lines:
            for line in lines:
                entry = json.loads(line)
                entry['body'] = base64.b64decode(entry['body'])
                yield entry


@dataclass
class Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self):
        return json.loads(self.body)

    @property
    def message(self):
        return self.json()['message']

    def cookies(self):
        """name -> (value, {attribute in lower case: value})"""
        found = {}
        for header in self.headers.get_all('Set-Cookie') or []:
            first, *rest = header.split('; ')
            name, value = first.split('=', 1)
            found[name] = (value, {word.split('=')[0].lower(): word.partition('=')[2] for word in rest})
        return found


def multipart(parts):
    """parts: (name, value) is a text field, (name, bytes, file name) a file. Returns the body and its Content-Type."""
    boundary = 'boundary-' + uuid.uuid4().hex
    body = b''
    for name, value, *file_name in parts:
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"'
        if file_name:
            head += f'; filename="{file_name[0]}"\r\nContent-Type: application/octet-stream'
        body += head.encode() + b'\r\n\r\n' + (value if isinstance(value, bytes) else str(value).encode()) + b'\r\n'
    return body + f'--{boundary}--\r\n'.encode(), f'multipart/form-data; boundary={boundary}'


def upload_parts(data, name, **fields):
    """The parts of a usual upload; a field given as None is left out."""
    texts = {'deviceAssetId': name, 'deviceId': 'test', 'fileCreatedAt': WHEN, 'fileModifiedAt': WHEN, **fields}
    return [(key, value) for key, value in texts.items() if value is not None] + [('assetData', data, name)]


class Client:
    """Who asks is in the headers, such as {'x-api-key': …}; every request is a connection of its own."""

    def __init__(self, instance, journal, headers=None):
        self.instance, self.journal = instance, journal
        self.headers = headers or {}

    def as_session(self, token):
        return Client(self.instance, self.journal, {'Cookie': f'immich_access_token={token}'})

    def as_key(self, secret):
        return Client(self.instance, self.journal, {'x-api-key': secret})

    def as_nobody(self):
        return Client(self.instance, self.journal)

    def call(self, method, path, json_body=None, *, query=None, body=None, headers=None):
        if query:
            path += '?' + urllib.parse.urlencode(query)
        headers = {**self.headers, **(headers or {})}
        if json_body is not None:
            body = json.dumps(json_body).encode()
            headers.setdefault('Content-Type', 'application/json')
        connection = http.client.HTTPConnection('127.0.0.1', self.instance.port, timeout=60)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            reply = Reply(answer.status, answer.headers, answer.read())
        finally:
            connection.close()
        self.journal.write(method, path, reply.status, reply.headers, reply.body)
        return reply

    def get(self, path, **more):
        return self.call('GET', path, **more)

    def post(self, path, json_body=None, **more):
        return self.call('POST', path, json_body, **more)

    def put(self, path, json_body=None, **more):
        return self.call('PUT', path, json_body, **more)

    def delete(self, path, **more):
        return self.call('DELETE', path, **more)

    def send_form(self, path, parts, headers=None):
        body, content_type = multipart(parts)
        return self.call('POST', path, body=body, headers={'Content-Type': content_type, **(headers or {})})

    def upload(self, data, name='photo.jpg', headers=None, **fields):
        return self.send_form('/api/assets', upload_parts(data, name, **fields), headers)

    def upload_new(self, data, name='photo.jpg', **fields):
        """The id of an asset that must be new."""
        reply = self.upload(data, name, **fields)
        assert (reply.status, reply.json()['status']) == (201, 'created'), reply.body
        return reply.json()['id']

    def log_in(self, email, password):
        reply = self.as_nobody().post('/api/auth/login', {'email': email, 'password': password})
        assert reply.status == 201, reply.body
        return self.as_session(reply.json()['accessToken'])

    def key(self, *permissions):
        """A client with a new API key of this user."""
        reply = self.post('/api/api-keys', {'name': 'key', 'permissions': list(permissions)})
        assert reply.status == 201, reply.body
        return self.as_key(reply.json()['secret'])


def sha1_hex(data):
    return hashlib.sha1(data).hexdigest()


def sha1_base64(data):
    return base64.b64encode(hashlib.sha1(data).digest()).decode()
