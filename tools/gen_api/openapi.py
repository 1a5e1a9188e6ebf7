"""The OpenAPI 3.1 document: one line a path and a schema, so that a diff reads well."""
import hashlib
import json

from api_spec.model import Type

INFO = {'title': 'SwissPhoto', 'version': '3.2.2',
        'description': 'A photo and video cloud. Operations with `x-status: planned` answer 501 until they are built.',
        'license': {'name': 'Apache-2.0', 'identifier': 'Apache-2.0'}}
SECURITY = {
    'session': {'type': 'apiKey', 'in': 'cookie', 'name': 'immich_access_token'},
    'token': {'type': 'http', 'scheme': 'bearer'},
    'apiKey': {'type': 'apiKey', 'in': 'header', 'name': 'x-api-key'},
    'shareKey': {'type': 'apiKey', 'in': 'query', 'name': 'key'},
    'shareSlug': {'type': 'apiKey', 'in': 'query', 'name': 'slug'},
}
CREDENTIALS = {'public': [], 'session': ['session', 'token'], 'user': ['session', 'token', 'apiKey'],
               'admin': ['session', 'token', 'apiKey'], 'link': ['session', 'token', 'apiKey', 'shareKey', 'shareSlug']}
ERROR = {
    'type': 'object', 'required': ['message', 'statusCode'],
    'properties': {
        'message': {'type': 'string'}, 'statusCode': {'type': 'integer'}, 'error': {'type': 'string'},
        'errors': {'type': 'array', 'items': {
            'type': 'object', 'required': ['path', 'message', 'code'],
            'properties': {'path': {'type': 'array', 'items': {'type': ['string', 'integer']}},
                           'message': {'type': 'string'}, 'code': {'type': 'string'}}}}},
}
FORMATS = {'email': {'type': 'string', 'format': 'email'}, 'date': {'type': 'string', 'format': 'date'},
           'date-time': {'type': 'string', 'format': 'date-time'}, 'uuid': {'type': 'string', 'format': 'uuid'},
           'binary': {'type': 'string', 'contentMediaType': 'application/octet-stream'}, 'json': {},
           'duration': {'type': 'integer'}}
LIMITS = {'string': ('minLength', 'maxLength'), 'array': ('minItems', 'maxItems')}


def file_text(api):
    paths = {}
    for operation in api.operations:
        path = paths.setdefault(url(operation), {})
        if not operation.path.startswith('/api/'):
            path['servers'] = [{'url': '/'}]
        path[operation.method.lower()] = operation_object(operation, tag_of(api, operation))
    tags = [{'name': tag.name, 'description': tag.about} for tag in api.tags]
    schemas = {'ErrorDto': ERROR, **{name: schema_object(schema) for name, schema in api.schemas.items()}}
    return ('{\n"openapi": "3.1.0",\n"info": ' + line(INFO) + ',\n"servers": [{"url": "/api"}],\n"tags": ' + line(tags) +
            ',\n"paths": {\n' + rows(paths) + '\n},\n"components": {\n"securitySchemes": ' + line(SECURITY) +
            ',\n"schemas": {\n' + rows(schemas) + '\n}}\n}\n')


def line(value):
    return json.dumps(value, ensure_ascii=False, separators=(',', ':'))


def rows(mapping):
    return ',\n'.join(f'{line(name)}: {line(value)}' for name, value in mapping.items())


def tag_of(api, operation):
    return next(tag.name for tag in api.tags if tag.file == operation.file)


def url(operation):
    return operation.path[len('/api'):] if operation.path.startswith('/api/') else operation.path


def type_object(type_, description=None):
    if type_.kind == 'schema':
        result = {'$ref': f'#/components/schemas/{type_.schema}'}
        if type_.nullable:
            result = {'anyOf': [result, {'type': 'null'}]}
    else:
        result = dict(FORMATS.get(type_.kind, {'type': type_.kind}))
        if type_.kind == 'array':
            result['items'] = type_object(type_.item)
        if type_.nullable and 'type' in result:
            result['type'] = [result['type'], 'null']
    for name, value in zip(LIMITS.get(type_.kind, ('minimum', 'maximum')), (type_.minimum, type_.maximum)):
        if value is not None:
            result[name] = value
    if description:
        result['description'] = description
    return result


def schema_object(schema):
    result = {'description': schema.description} if schema.description else {}
    if schema.values:
        return {**result, 'type': 'string', 'enum': list(schema.values)}
    result['type'] = 'object'
    required = [field.name for field in schema.fields if field.required]
    if required:
        result['required'] = required
    result['properties'] = {field.name: type_object(field.type, field.description) for field in schema.fields}
    return result


def parameter(field, place):
    result = {'name': field.name, 'in': place}
    if field.description:
        result['description'] = field.description
    if field.required:
        result['required'] = True
    return {**result, 'schema': type_object(field.type)}


def operation_object(operation, tag):
    result = {'operationId': operation.id, 'summary': operation.summary, 'tags': [tag]}
    parameters = [parameter(field, place) for group, place in
                  ((operation.path_params, 'path'), (operation.query, 'query'), (operation.header, 'header'))
                  for field in group]
    if parameters:
        result['parameters'] = parameters
    if operation.body:
        kind = 'application/json' if operation.body_kind == 'json' else 'multipart/form-data'
        result['requestBody'] = {'required': operation.body_required,
                                 'content': {kind: {'schema': type_object(operation.body)}}}
    result['responses'] = responses(operation)
    result['security'] = [{name: []} for name in CREDENTIALS[operation.auth]]
    if operation.deprecated:
        result['deprecated'] = True
    if operation.permission:
        result['x-permission'] = operation.permission
    if operation.auth == 'admin':
        result['x-admin'] = True
    if not operation.built:
        result['x-status'] = 'planned'
    return result


def responses(operation):
    result = {}
    for status, type_ in operation.answers:
        result[str(status)] = {'description': 'Done'}
        if isinstance(type_, Type):
            kind = 'application/octet-stream' if type_.kind == 'binary' else 'application/json'
            result[str(status)]['content'] = {kind: {'schema': type_object(type_)}}
        elif type_:
            result[str(status)]['content'] = {'application/json': {}}
    error = {'application/json': {'schema': {'$ref': '#/components/schemas/ErrorDto'}}}
    result['default'] = {'description': 'What was wrong', 'content': error}
    return result


def header_text(text):
    """What a program that embeds the document knows of it; changes with it, so that it is built again."""
    digest = hashlib.sha256(text.encode()).hexdigest()[:32]
    return ('/* Generated by tools/gen_api.py from api; edit that. */\n#ifndef SP_GEN_API_OPENAPI_H\n'
            f'#define SP_GEN_API_OPENAPI_H\n\n#define OPENAPI_ETAG "W/\\"{digest}\\""\n\n#endif\n')
