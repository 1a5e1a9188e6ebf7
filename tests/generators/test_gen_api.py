"""tools/gen_api.py: what it refuses, that its output is stable and complete, and that its C and OpenAPI are valid."""
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'tools'))

from api_spec.model import snake  # noqa: E402
from api_spec.read import read_api  # noqa: E402
from api_spec.source import SpecError  # noqa: E402
from gen_api import c_source, openapi, typescript  # noqa: E402

MINIMAL = '''tag: Things
about: Things to test with.
paths:
  /things/{id}:
    put:
      operationId: putThing
      summary: Store a thing
      permission: thing.write
      path: {id: uuid}
      query:
        dryRun?: boolean
      body: {schema: ThingDto, maxBytes: 1000}
      responses: {200: ThingDto}
schemas:
  ThingDto:
    properties:
      name: {type: string, maxLength: 10}
      note?: {type: string, maxLength: 10, nullable: true}
'''

FIELDS = MINIMAL.split('properties:')[1]

EVERYTHING = MINIMAL + '''      flag: boolean
      count?: {type: integer, minimum: 0, maximum: 9}
      ratio: {type: number, minimum: -90, maximum: 90}
      length?: {type: duration, minimum: 0, maximum: 9}
      mail: email
      born?: date
      at: date-time
      opened?: {type: date-time, nullable: true}
      id: uuid
      free?: json
      color: ColorEnum
      shade?: ColorEnum
      part?: PartDto
      parts: {type: array, items: PartDto, maxItems: 3}
      colors?: {type: array, items: ColorEnum, maxItems: 3}
      holes: {type: array, items: {type: integer, minimum: 0, maximum: 1, nullable: true}, maxItems: 3}
      rows: {type: array, items: {type: array, items: {type: string, maxLength: 3}, maxItems: 2, nullable: true}, maxItems: 3}
      for: boolean
  PartDto:
    properties: {weight: {type: integer, minimum: 0, maximum: 9007199254740991}}
  ColorEnum: {enum: [red, dark-blue, a/b]}
'''


def spec(tmp_path, text, name='things.yaml'):
    folder = tmp_path / 'api'
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding='utf-8')
    return read_api(str(folder))


def run(root, *arguments):
    return subprocess.run([sys.executable, str(ROOT / 'tools/gen_api.py'), '--root', str(root), *arguments],
                          capture_output=True, text=True, check=False)


def test_reads_the_minimal_specification(tmp_path):
    api = spec(tmp_path, MINIMAL)
    operation = api.operations[0]
    assert (operation.method, operation.path, operation.permission) == ('PUT', '/api/things/{id}', 'thing.write')
    assert [(field.name, field.required) for field in api.schemas['ThingDto'].fields] == [('name', True), ('note', False)]


@pytest.mark.parametrize('old, new, line, message', [
    ('operationId: putThing', 'operationId: putThing\n      operationID: x', 7, 'unknown key operationID'),
    ('summary: Store a thing', 'summary: 5', 7, 'needs summary'),
    ('permission: thing.write', 'deprecated: false', 5, 'must declare a permission'),
    ('permission: thing.write', 'auth: public\n      permission: thing.write', 5, 'unless its auth is public'),
    ('permission: thing.write', 'permission: Thing', 8, 'no name for a permission'),
    ('permission: thing.write', 'permission: thing.write\n      auth: everyone', 9, 'auth must be one of'),
    ('path: {id: uuid}', 'path: {key: uuid}', 5, 'path must declare id'),
    ('  /things/{id}:', '  things/{id}:', 5, 'is no path'),
    ('    put:', '    head:', 5, 'unknown key head'),
    ('maxBytes: 1000', 'maxBytes: many', 12, 'needs maxBytes'),
    (', maxBytes: 1000', '', 12, 'needs maxBytes'),
    ('200: ThingDto', '404: ThingDto', 13, 'no status code of a success'),
    ('200: ThingDto', '200: ThingDto, 201: uuid', 13, 'must have one type'),
    ('200: ThingDto', '200: Thing', 5, 'no type Thing'),
    ('name: {type: string, maxLength: 10}', 'name: string', 17, 'needs maxLength'),
    ('name: {type: string, maxLength: 10}', 'name: {type: string, maxLenght: 10}', 17, 'unknown key maxLenght'),
    ('name: {type: string, maxLength: 10}', 'name: {type: string, minLength: 3, maxLength: 2}', 17, 'above the maximum'),
    ('name: {type: string, maxLength: 10}', 'name: {type: text}', 17, 'no type text'),
    ('name: {type: string, maxLength: 10}', 'name: {type: integer, minimum: 0}', 17, 'needs minimum and maximum'),
    ('name: {type: string, maxLength: 10}', 'name: {type: array, items: uuid}', 17, 'needs maxItems'),
    ('name: {type: string, maxLength: 10}', 'name: {type: array, items: string, maxItems: 1}', 17, 'needs maxLength'),
    ('name: {type: string, maxLength: 10}', 'no: {type: boolean}', 17, 'is no key'),
    ('name: {type: string, maxLength: 10}', 'note: boolean', 18, 'are one name in C'),
    ('properties:' + FIELDS, 'enum: [yes]\n', 16, 'put it in quotes'),
    ('properties:' + FIELDS, 'enum: [a, a]\n', 16, 'different values'),
    ('properties:' + FIELDS, 'properties: {}\n', 15, 'has no properties'),
    ('dryRun?: boolean', 'dryRun?: string', 11, 'needs maxLength'),
    ('dryRun?: boolean', 'id?: boolean', 11, 'are one name in C'),
    ('tag: Things', 'tag: Things\ntags: 1', 2, 'unknown key tags'),
    ('tag: Things', 'tag: Things\ntag: Again', 2, 'stands here twice'),
    ('about: Things to test with.', 'about: [', 4, 'expected'),
])
def test_refuses_with_file_and_line(tmp_path, old, new, line, message):
    assert old in MINIMAL
    with pytest.raises(SpecError) as error:
        spec(tmp_path, MINIMAL.replace(old, new, 1))
    assert str(error.value).startswith(f'api/things.yaml:{line}: ')
    assert message in str(error.value)


def test_refuses_one_route_or_name_twice(tmp_path):
    spec(tmp_path, MINIMAL)
    with pytest.raises(SpecError, match='the schema thing is already at'):
        spec(tmp_path, MINIMAL.replace('putThing', 'put2').replace('/things/{id}', '/x/{id}'), 'again.yaml')
    other = MINIMAL.replace('ThingDto', 'OtherDto')
    with pytest.raises(SpecError, match='the operation put_thing is already at'):
        spec(tmp_path, other.replace('/things/{id}', '/x/{id}'), 'again.yaml')
    with pytest.raises(SpecError, match='the route PUT /api/things/{} is already at'):
        spec(tmp_path, other.replace('putThing', 'put2').replace('{id}', '{key}').replace('{id:', '{key:'), 'again.yaml')


def test_refuses_permissions_that_keys_cannot_have(tmp_path):
    text = MINIMAL + '  Permission: {enum: [all, thing.read]}\n'
    with pytest.raises(SpecError, match='thing.write is not among the values of Permission'):
        spec(tmp_path, text)


def test_refuses_schemas_that_include_each_other(tmp_path):
    def part(own, other):
        return f'tag: {own}\nabout: x\npaths: {{}}\nschemas:\n  {own}Enum: {{enum: [x]}}\n' \
               f'  {own}Dto:\n    properties: {{a: {other}Enum}}\n'
    (tmp_path / 'api').mkdir()
    (tmp_path / 'api/a.yaml').write_text(part('A', 'B'))
    api = spec(tmp_path, part('B', 'A'), 'b.yaml')
    with pytest.raises(SpecError, match='a -> b -> a'):
        c_source.files(api)


def test_names():
    assert [snake(name) for name in ('getMyUser', 'startOAuth', 'AssetOCRText', 'x-immich-checksum', 'for', 'fNumber',
                                     'syncAssetV1', 'oauthId')] == \
        ['get_my_user', 'start_oauth', 'asset_ocr_text', 'x_immich_checksum', 'for_', 'f_number', 'sync_asset_v1',
         'oauth_id']


def compile_c(folder, source, *flags):
    return subprocess.run(['cc', '-std=gnu11', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Wpedantic', '-Werror',
                           '-Wno-unused-parameter', '-Wno-missing-field-initializers', f'-I{folder}', f'-I{ROOT}/src',
                           *flags, str(source)], capture_output=True, text=True, check=False, cwd=folder)


def generate(tmp_path, text):
    api = spec(tmp_path, text)
    folder = tmp_path / 'gen/api'
    folder.mkdir(parents=True)
    for name, content in c_source.files(api).items():
        (folder / name).write_text(content, encoding='utf-8')
    return api, folder


def test_its_c_compiles_for_every_kind(tmp_path):
    _, folder = generate(tmp_path, EVERYTHING)
    for source in sorted(folder.glob('*.c')):
        done = compile_c(tmp_path, source, '-c', '-o', '/dev/null')
        assert done.returncode == 0, done.stderr
    dto = (folder / 'things_dto.h').read_text()
    assert 'bool note_null;' in dto
    assert 'DTO_COLOR_ENUM_DARK_BLUE' in dto and 'DTO_COLOR_ENUM_A_B' in dto


def test_a_missing_handler_is_a_link_error(tmp_path):
    _, folder = generate(tmp_path, MINIMAL)
    program = tmp_path / 'program.c'
    program.write_text('#include "gen/api/routes.h"\n#include "gen/api/things.h"\n'
                       'const struct schema_type schema_uuid, schema_boolean;\n'
                       '#ifdef WITH_HANDLER\nstruct sp_err *api_put_thing(struct api_call *call, '
                       'const struct api_put_thing_in *in, struct api_put_thing_out *out) { return 0; }\n#endif\n'
                       'int main(void) { return api_routes[0].app_row == 0; }\n')
    sources = [str(source) for source in folder.glob('*.c')]
    done = compile_c(tmp_path, program, *sources, '-o', str(tmp_path / 'program'))
    assert done.returncode != 0 and 'undefined reference to `api_put_thing' in done.stderr
    done = compile_c(tmp_path, program, *sources, '-DWITH_HANDLER', '-o', str(tmp_path / 'program'))
    assert done.returncode == 0, done.stderr
    assert subprocess.run([str(tmp_path / 'program')], check=False).returncode == 0


def test_planned_operations_have_a_row_and_no_handler(tmp_path):
    text = 'tag: T\nabout: x\npaths:\n  /t/{id}:\n    get: {operationId: getT, status: planned, summary: x, ' \
           'auth: admin, permission: t.read, query: [a, b], responses: [200]}\n'
    api, folder = generate(tmp_path, text)
    assert 'const struct api_row api_get_t_row = {.auth = API_ADMIN, .permission = "t.read"};' in \
        (folder / 'things.c').read_text()
    assert not (folder / 'things.h').exists()
    assert 'getT' not in typescript.file_text(api)


def test_typescript_of_a_link_route(tmp_path):
    text = MINIMAL.replace('permission:', 'auth: link\n      permission:')
    client = typescript.file_text(spec(tmp_path, text))
    assert 'export function putThing(params: { id: string; dryRun?: boolean; key?: string; slug?: string; ' \
           'body: ThingDto }, options?: Options): Promise<ThingDto> {' in client
    assert 'url(`/api/things/${encodeURIComponent(params.id)}`, { dryRun: params.dryRun, key: params.key, ' \
           'slug: params.slug })' in client
    assert 'note?: string | null' in client


# ---- the real thing ----

def test_output_is_committed_and_stable():
    done = run(ROOT, '--check')
    assert done.returncode == 0, done.stderr


def test_check_sees_drift_and_leftovers(tmp_path):
    (tmp_path / 'api').mkdir()
    (tmp_path / 'api/things.yaml').write_text(MINIMAL)
    assert run(tmp_path).returncode == 0
    assert run(tmp_path, '--check').returncode == 0
    header = tmp_path / 'gen/api/things.h'
    header.write_text(header.read_text() + '\n')
    (tmp_path / 'gen/api/old.c').write_text('')
    done = run(tmp_path, '--check')
    assert done.returncode == 1
    assert 'gen/api/things.h' in done.stderr and 'gen/api/old.c' in done.stderr
    assert run(tmp_path).returncode == 0
    assert run(tmp_path, '--check').returncode == 0
    assert not (tmp_path / 'gen/api/old.c').exists()
    (tmp_path / 'api/things.yaml').write_text(MINIMAL.replace('maxBytes', 'maxByte'))
    done = run(tmp_path, '--check')
    assert done.returncode == 2
    assert done.stderr == 'gen_api: api/things.yaml:12: the body has the unknown key maxByte; known are maxBytes, ' \
                          'multipart, optional, schema\n'


def test_status_page_names_every_operation(tmp_path):
    (tmp_path / 'api').mkdir()
    (tmp_path / 'api/things.yaml').write_text(MINIMAL)
    assert run(tmp_path).returncode == 0
    assert '| built | putThing: Store a thing | `PUT /api/things/{id}` | user, `thing.write` |' in \
        (tmp_path / 'docs/status.md').read_text()


SCHEMA_KEYS = {'type', 'format', 'enum', 'properties', 'required', 'items', 'anyOf', '$ref', 'description', 'minimum',
               'maximum', 'minLength', 'maxLength', 'minItems', 'maxItems', 'contentMediaType'}
TYPES = {'string', 'integer', 'number', 'boolean', 'array', 'object', 'null'}


def check_schema(document, schema):
    assert set(schema) <= SCHEMA_KEYS
    if '$ref' in schema:
        name = re.fullmatch('#/components/schemas/(.*)', schema['$ref']).group(1)
        assert name in document['components']['schemas']
    kinds = schema.get('type', [])
    assert set([kinds] if isinstance(kinds, str) else kinds) <= TYPES
    assert set(schema.get('required', [])) <= set(schema.get('properties', {}))
    for inner in [*schema.get('properties', {}).values(), *schema.get('anyOf', []),
                  *([schema['items']] if 'items' in schema else [])]:
        check_schema(document, inner)


def check_operation(document, path, operation):
    parameters = operation.get('parameters', [])
    assert {p['name'] for p in parameters if p['in'] == 'path'} == set(re.findall(r'{(\w+)}', path))
    assert all(p['required'] for p in parameters if p['in'] == 'path')
    assert len({(p['in'], p['name']) for p in parameters}) == len(parameters)
    schemas = [p['schema'] for p in parameters]
    bodies = [operation['requestBody']] if 'requestBody' in operation else []
    for holder in [*operation['responses'].values(), *bodies]:
        schemas += [media['schema'] for media in holder.get('content', {}).values() if 'schema' in media]
    for schema in schemas:
        check_schema(document, schema)
    assert all(re.fullmatch(r'[1-5]\d\d|default', status) and answer['description']
               for status, answer in operation['responses'].items())
    for requirement in operation['security']:
        assert set(requirement) <= set(document['components']['securitySchemes'])


def test_openapi_document_is_valid():
    document = json.loads((ROOT / 'gen/api/openapi.json').read_text(encoding='utf-8'))
    assert document['openapi'] == '3.1.0' and document['info']['title'] and document['info']['version']
    names = [tag['name'] for tag in document['tags']]
    assert len(set(names)) == len(names)
    for schema in document['components']['schemas'].values():
        check_schema(document, schema)
    ids = []
    for path, item in document['paths'].items():
        for method in set(item) - {'servers'}:
            check_operation(document, path, item[method])
            ids.append(item[method]['operationId'])
            assert set(item[method]['tags']) <= set(names)
    assert len(set(ids)) == len(ids)
    # the contract's 276, where clients find the API, and this document
    assert len(ids) == 278


def test_every_built_operation_that_is_not_public_names_its_permission():
    for operation in read_api(str(ROOT / 'api')).operations:
        assert operation.permission or operation.auth == 'public', operation.id


def test_openapi_document_knows_its_own_checksum():
    text = (ROOT / 'gen/api/openapi.json').read_text(encoding='utf-8')
    assert openapi.header_text(text) == (ROOT / 'gen/api/openapi.h').read_text(encoding='utf-8')
