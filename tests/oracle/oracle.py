"""What a reply must look like, by an oracle that is not our own YAML: the types of the npm package @immich/sdk.

The package is AGPL and never committed: `npm install` puts it into .cache/oracle when the tests first need it, and
schemas.mjs turns its type definitions into JSON Schema. Strict: a field too many, one that is missing, null where the
type has no null, and an unknown enum value are all problems. Used by tests/integration; test_oracle.py tests the oracle.
"""
import hashlib
import json
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / '.cache/oracle'
PACKAGES = ['@immich/sdk@3.2.2', 'typescript@5.9.3']
TYPES = {'string': str, 'boolean': bool, 'object': dict, 'array': list, 'null': type(None)}
INSTANT = re.compile(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d')
INSTANT_FORM = re.compile(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z')
ERROR = {'type': 'object', 'required': ['message', 'statusCode'], 'additionalProperties': False, 'properties': {
    'message': {'type': 'string'}, 'statusCode': {'type': 'number'}, 'error': {'type': 'string'},
    'errors': {'type': 'array', 'items': {
        'type': 'object', 'required': ['path', 'message', 'code'], 'additionalProperties': False, 'properties': {
            'path': {'type': 'array', 'items': {'anyOf': [{'type': 'string'}, {'type': 'number'}]}},
            'message': {'type': 'string'}, 'code': {'type': 'string'}}}}}}


def npm_install(folder, packages):
    """Packages of npm in a folder outside git; done once."""
    stamp = folder / 'installed'
    if not stamp.exists() or stamp.read_text() != '\n'.join(packages):
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(['npm', 'install', '--prefix', folder, '--no-save', '--no-audit', '--no-fund', '--ignore-scripts',
                        *packages], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=300)
        stamp.write_text('\n'.join(packages))


def sdk_schemas():
    """{operations: {name: {method, path, fetch, schema}}, $defs: {…}}"""
    npm_install(CACHE, PACKAGES)
    script = Path(__file__).with_name('schemas.mjs')
    digest = hashlib.sha256(script.read_bytes() + ' '.join(PACKAGES).encode()).hexdigest()[:16]
    made = CACHE / f'schemas-{digest}.json'
    if not made.exists():
        text = subprocess.run(['node', script, CACHE], check=True, capture_output=True, text=True, timeout=120).stdout
        made.with_suffix('.new').write_text(text)
        made.with_suffix('.new').rename(made)
    return json.loads(made.read_text())


class Oracle:
    def __init__(self, schemas):
        self.operations = schemas['operations']
        self.definitions = schemas['$defs']

    def check(self, operation, status, content_type, body):
        """The problems of one reply (body: bytes), as sentences; none is a good reply."""
        known = self.operations.get(operation)
        if status >= 400:
            return self._check_error(status, content_type, body)
        if known is None or 300 <= status < 400:
            return []
        if status == 204:
            return ['204 with a body'] if body else []
        if known['fetch'] == 'json':
            return self._check_json(known['schema'], content_type, body)
        if known['fetch'] == 'blob':
            return [] if body and 'json' not in content_type else ['bytes are expected, not JSON or nothing']
        return []

    def _check_error(self, status, content_type, body):
        problems = self._check_json(ERROR, content_type, body)
        if not problems and json.loads(body)['statusCode'] != status:
            problems.append(f'statusCode is not {status}')
        return problems

    def _check_json(self, schema, content_type, body):
        if 'json' not in content_type:
            return [f'Content-Type {content_type!r} does not say json, and the SDK throws']
        try:
            value = json.loads(body)
        except ValueError as error:
            return [f'not JSON: {error}']
        return list(self.problems(schema, value, '$'))

    def problems(self, schema, value, at):
        if '$ref' in schema:
            yield from self.problems(self.definitions[schema['$ref'].rsplit('/', 1)[1]], value, at)
        elif 'anyOf' in schema:
            tried = [list(self.problems(option, value, at)) for option in schema['anyOf']]
            if all(tried):
                yield min(tried, key=lambda found: (len(found), -len(found[0])))[0]
        elif 'enum' in schema:
            if value not in schema['enum'] or isinstance(value, bool) != isinstance(schema['enum'][0], bool):
                yield f'{at}: {value!r} is none of {schema["enum"]}'
        elif 'not' in schema:
            yield f'{at}: {value!r} where the type has nothing'
        elif schema.get('type') == 'number':
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                yield f'{at}: {value!r} is no number'
        elif 'type' in schema:
            yield from self._typed(schema, value, at)

    def _typed(self, schema, value, at):
        if not isinstance(value, TYPES[schema['type']]):
            yield f'{at}: {value!r} is no {schema["type"]}'
        elif schema['type'] == 'string' and INSTANT.match(value) and not INSTANT_FORM.fullmatch(value):
            yield f'{at}: {value!r} is not ISO 8601 with milliseconds and Z'
        elif schema['type'] == 'array':
            for index, item in enumerate(value):
                yield from self.problems(schema.get('items', {}), item, f'{at}[{index}]')
        elif schema['type'] == 'object' and 'properties' in schema:
            yield from self._members(schema, value, at)

    def _members(self, schema, value, at):
        for name in schema['required']:
            if name not in value:
                yield f'{at}.{name} is missing'
        for name, member in value.items():
            inner = schema['properties'].get(name, schema['additionalProperties'])
            if inner is False:
                yield f'{at}.{name} is not in the type'
            else:
                yield from self.problems(inner, member, f'{at}.{name}')
