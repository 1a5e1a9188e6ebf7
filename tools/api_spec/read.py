"""Reads api/*.yaml into the model and refuses, with file and line, whatever it does not know."""
import os
import re

from api_spec.model import Api, Field, METHODS, Operation, SCALARS, Schema, Tag, Type
from api_spec.source import List, Map, SpecError, load

AUTHS = ('public', 'user', 'session', 'link', 'admin')
PREFIX = '/api'
DEADLINE_DEFAULT_MS = 30000
# Of the database and of jobs: other generators read these files.
OTHER_FILES = ('jobs.yaml', 'options.yaml')
PERMISSION = re.compile(r'[a-z][A-Za-z]*(\.[a-z][A-Za-z]*)*')

TYPE_KEYS = {'type', 'nullable', 'description'}
LIMIT_KEYS = {
    'string': {'minLength', 'maxLength'},
    'integer': {'minimum', 'maximum'},
    'duration': {'minimum', 'maximum'},
    'number': {'minimum', 'maximum'},
    'array': {'items', 'minItems', 'maxItems'},
}
OPERATION_KEYS = {'operationId', 'summary', 'status', 'deprecated', 'auth', 'permission', 'path', 'query', 'header',
                  'body', 'responses', 'root', 'deadlineMs'}


def known(mapping, keys, what):
    if not isinstance(mapping, Map):
        raise SpecError(getattr(mapping, 'place', '?'), f'{what} must be a mapping')
    for key in mapping:
        if key not in keys:
            raise SpecError(mapping.at(key), f'{what} has the unknown key {key}; known are {", ".join(sorted(keys))}')


def want(mapping, key, kind, what):
    value = mapping.get(key)
    if not isinstance(value, kind) or isinstance(value, bool) and kind is int:
        raise SpecError(mapping.at(key), f'{what} needs {key}')
    return value


def flag(mapping, key):
    value = mapping.get(key, False)
    if not isinstance(value, bool):
        raise SpecError(mapping.at(key), f'{key} must be true or false')
    return value


def optional_text(mapping, key):
    value = mapping.get(key)
    if value is not None and not isinstance(value, str):
        raise SpecError(mapping.at(key), f'{key} must be text')
    return value


def limit(mapping, key):
    value = mapping.get(key)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise SpecError(mapping.at(key), f'{key} must be a whole number')
    return value


def read_type(source, place):
    """A name ('uuid', 'AlbumResponseDto') or a mapping {type: …, limits}."""
    if isinstance(source, str):
        return Type(source) if source in SCALARS else Type('schema', schema=source)
    if not isinstance(source, Map):
        raise SpecError(place, 'a type must be a name or a mapping with a type')
    kind = want(source, 'type', str, 'a type')
    known(source, TYPE_KEYS | LIMIT_KEYS.get(kind, set()), f'the type {kind}')
    nullable = flag(source, 'nullable')
    if kind == 'array':
        item = read_type(source.get('items'), source.at('items'))
        if item.kind == 'binary':
            raise SpecError(source.at('items'), 'a list of files is not supported')
        low, high = limit(source, 'minItems'), limit(source, 'maxItems')
        return ranged(source, Type('array', item=item, nullable=nullable, minimum=low, maximum=high))
    if kind not in SCALARS:
        return Type('schema', schema=kind, nullable=nullable)
    names = ('minLength', 'maxLength') if kind == 'string' else ('minimum', 'maximum')
    low, high = (limit(source, name) for name in names)
    return ranged(source, Type(kind, nullable=nullable, minimum=low, maximum=high))


def ranged(source, type_):
    if type_.minimum is not None and type_.maximum is not None and type_.minimum > type_.maximum:
        raise SpecError(source.place, 'the minimum is above the maximum')
    if type_.kind in ('string', 'array') and (type_.minimum or 0) < 0:
        raise SpecError(source.place, 'a length cannot be negative')
    return type_


def read_fields(source, place, what):
    if source is None:
        return []
    if not isinstance(source, Map):
        raise SpecError(place, f'{what} must be a mapping of names to types')
    fields = []
    for key, value in source.items():
        name = str(key).rstrip('?')
        description = optional_text(value, 'description') if isinstance(value, Map) else None
        fields.append(Field(name, read_type(value, source.at(key)), not str(key).endswith('?'), source.at(key),
                            description))
    unique(fields, what)
    return fields


def unique(fields, what):
    seen = {}
    for field in fields:
        if field.c_name in seen:
            raise SpecError(field.place, f'{what}: {field.name} and {seen[field.c_name]} are one name in C')
        seen[field.c_name] = field.name


def read_schema(name, source, place, file):
    known(source, {'description', 'enum', 'properties'}, f'the schema {name}')
    schema = Schema(name, file, place, optional_text(source, 'description'))
    if not re.fullmatch(r'[A-Z][A-Za-z0-9]*', name):
        raise SpecError(place, f'{name} is no name for a schema')
    if ('enum' in source) == ('properties' in source):
        raise SpecError(place, f'the schema {name} needs either enum or properties')
    if 'properties' in source:
        schema.fields = read_fields(source['properties'], source.at('properties'), name)
        if not schema.fields:
            raise SpecError(place, f'the schema {name} has no properties')
        return schema
    schema.values = source['enum']
    if not isinstance(schema.values, List) or not schema.values or len(set(map(str, schema.values))) < len(schema.values):
        raise SpecError(source.at('enum'), f'{name} needs a list of different values')
    for value in schema.values:
        if not isinstance(value, str):
            raise SpecError(source.at('enum'), f'{name}: the value {value!r} is no text; put it in quotes')
    return schema


def read_body(source, place, operation):
    known(source, {'schema', 'multipart', 'maxBytes', 'optional'}, 'the body')
    if ('schema' in source) == ('multipart' in source):
        raise SpecError(place, 'the body needs either schema or multipart')
    key = 'schema' if 'schema' in source else 'multipart'
    operation.body = read_type(source[key], source.at(key))
    operation.body_kind = 'json' if key == 'schema' else 'multipart'
    operation.body_required = not flag(source, 'optional')
    operation.body_max_bytes = want(source, 'maxBytes', int, 'the body')
    if operation.body.kind not in ('schema', 'array') or operation.body.nullable:
        raise SpecError(place, 'the body must be a schema or an array')


def read_answers(source, place, operation):
    """{200: Type, 204: null}; for a planned operation also a list of codes."""
    if isinstance(source, List) and not operation.built:
        source = dict.fromkeys(source)
    if not isinstance(source, dict) or not source:
        raise SpecError(place, 'responses must map status codes to types')
    for status, value in source.items():
        if not isinstance(status, int) or not (200 <= status < 400 or not operation.built):
            raise SpecError(place, f'{status} is no status code of a success')
        if value == 'document' or value is None:
            operation.answers.append((status, value))
        else:
            operation.answers.append((status, read_type(value, place)))
    if operation.built and len({type_ for _, type_ in operation.answers}) > 1:
        raise SpecError(place, 'all responses of an operation must have one type')


def read_params(source, operation):
    """Path, query and header parameters; planned operations may list the names of their query alone."""
    query = source.get('query')
    if isinstance(query, List) and not operation.built:
        operation.query = [Field(name, Type('json'), False, query.place) for name in query]
    else:
        operation.query = read_fields(query, source.at('query'), 'the query')
    operation.path_params = read_fields(source.get('path'), source.at('path'), 'the path')
    operation.header = read_fields(source.get('header'), source.at('header'), 'the headers')
    in_path = re.findall(r'{(\w+)}', operation.path)
    if not operation.built and not operation.path_params:
        operation.path_params = [Field(name, Type('string'), True, operation.place) for name in in_path]
    if [field.name for field in operation.path_params if field.required] != in_path:
        raise SpecError(operation.place, f'{operation.id}: path must declare {", ".join(in_path) or "nothing"}')
    unique(operation.params, operation.id)


def read_permission(source, operation):
    operation.auth = source.get('auth', 'user')
    operation.permission = optional_text(source, 'permission')
    if operation.auth not in AUTHS:
        raise SpecError(source.at('auth'), f'auth must be one of {", ".join(AUTHS)}')
    if (operation.permission is None) != (operation.auth == 'public'):
        raise SpecError(operation.place, f'{operation.id} must declare a permission (a name; all: nothing less; any: '
                        'every valid credential), unless its auth is public')
    if operation.permission and not PERMISSION.fullmatch(operation.permission):
        raise SpecError(source.at('permission'), f'{operation.permission} is no name for a permission')


def read_operation(method, path, source, place, file):
    known(source, OPERATION_KEYS, f'{method.upper()} {path}')
    name = want(source, 'operationId', str, f'{method.upper()} {path}')
    status = source.get('status', 'built')
    if status not in ('built', 'planned'):
        raise SpecError(source.at('status'), 'status must be built or planned')
    if not re.fullmatch(r'(/[A-Za-z0-9._-]+|/{\w+})+', path):
        raise SpecError(place, f'{path} is no path')
    operation = Operation(name, file, place, method.upper(), path if flag(source, 'root') else PREFIX + path,
                          want(source, 'summary', str, name), status == 'built', flag(source, 'deprecated'),
                          '', None, [], [], [])
    read_permission(source, operation)
    read_params(source, operation)
    if 'body' in source:
        read_body(source['body'], source.at('body'), operation)
    read_answers(source.get('responses'), source.at('responses'), operation)
    operation.deadline_ms = limit(source, 'deadlineMs') or DEADLINE_DEFAULT_MS
    return operation


def read_tag(path, name):
    source = load(path, name)
    known(source, {'tag', 'paths', 'schemas', 'about'}, 'the file')
    tag = Tag(want(source, 'tag', str, 'the file'), os.path.basename(path)[:-len('.yaml')],
              want(source, 'about', str, 'the file'))
    for url, methods in want(source, 'paths', Map, 'the file').items():
        known(methods, METHODS, url)
        for method, operation in methods.items():
            tag.operations.append(read_operation(method, url, operation, methods.at(method), tag.file))
    schemas = source.get('schemas') or Map(name)
    for schema, body in schemas.items():
        tag.schemas.append(read_schema(schema, body, schemas.at(schema), tag.file))
    return tag


# ---- what only the whole can show ----

def check_unique(items, key, what):
    seen = {}
    for item in items:
        if key(item) in seen:
            raise SpecError(item.place, f'{what} {key(item)} is already at {seen[key(item)].place}')
        seen[key(item)] = item


def mark(api, type_, place, direction):
    """Follows references; every schema learns whether requests or responses reach it."""
    if type_.kind == 'array':
        mark(api, type_.item, place, direction)
    if type_.kind != 'schema':
        return
    schema = api.schemas.get(type_.schema)
    if not schema:
        raise SpecError(place, f'there is no type {type_.schema}')
    if getattr(schema, direction):
        return
    setattr(schema, direction, True)
    for field in schema.fields or []:
        mark(api, field.type, field.place, direction)


def check_limits(type_, place):
    """In requests nothing is without a limit."""
    if type_.kind in ('string', 'array') and type_.maximum is None:
        raise SpecError(place, f'a request\'s {type_.kind} needs {"maxLength" if type_.kind == "string" else "maxItems"}')
    if type_.kind in ('integer', 'duration', 'number') and None in (type_.minimum, type_.maximum):
        raise SpecError(place, f'a request\'s {type_.kind} needs minimum and maximum')
    if type_.kind == 'array':
        check_limits(type_.item, place)


def check_operation(api, operation):
    if operation.body:
        mark(api, operation.body, operation.place, 'in_request')
    for field in operation.params:
        mark(api, field.type, field.place, 'in_request')
        if operation.built:
            check_limits(field.type, field.place)
        if field.type.nullable:
            raise SpecError(field.place, 'a parameter cannot be null')
    if operation.answers_json:
        mark(api, operation.answer, operation.place, 'in_response')
    permissions = api.schemas.get('Permission')
    if permissions and operation.permission not in (None, 'any', *permissions.values):
        raise SpecError(operation.place, f'{operation.permission} is not among the values of Permission')


def check_schema(api, schema):
    if not schema.in_request and not schema.in_response:
        for field in schema.fields or []:
            mark(api, field.type, field.place, 'in_response')
    for field in schema.fields or []:
        if schema.in_request:
            check_limits(field.type, field.place)


def read_api(folder):
    names = sorted(name for name in os.listdir(folder) if name.endswith('.yaml') and name not in OTHER_FILES)
    api = Api([read_tag(os.path.join(folder, name), f'{os.path.basename(folder)}/{name}') for name in names])
    check_unique([schema for tag in api.tags for schema in tag.schemas], lambda schema: schema.c_name, 'the schema')
    check_unique(api.operations, lambda operation: operation.c_name, 'the operation')
    check_unique(api.operations, lambda operation: f'{operation.method} {re.sub("{.*?}", "{}", operation.path)}',
                 'the route')
    for operation in api.operations:
        check_operation(api, operation)
    for schema in api.schemas.values():
        check_schema(api, schema)
    return api
