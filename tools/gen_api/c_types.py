"""How a type looks in C: the member of a struct, the list it makes, and its constant table."""
from api_spec.model import schema_snake
from api_spec.source import SpecError

SCALAR_C = {'boolean': 'bool ', 'integer': 'int64_t ', 'duration': 'int64_t ', 'number': 'double ',
            'string': 'const char *', 'email': 'const char *', 'date': 'const char *', 'date-time': 'sp_time_ms ',
            'uuid': 'struct sp_uuid ', 'json': 'const char *'}
# the part of sp_opt_x and sp_x_list
SHORT = {'boolean': 'bool', 'integer': 'i64', 'duration': 'i64', 'number': 'f64', 'date-time': 'time', 'uuid': 'uuid'}
TEXTS = ('string', 'email', 'date', 'json')
UNLIMITED = {'boolean': 'schema_boolean', 'email': 'schema_email', 'date': 'schema_date', 'date-time': 'schema_time',
             'uuid': 'schema_uuid', 'json': 'schema_json'}


class CTypes:
    def __init__(self, api):
        self.api = api

    def is_enum(self, type_):
        return type_.kind == 'schema' and self.api.schemas[type_.schema].values is not None

    def value(self, type_):
        """The declaration's left part, ready for a name: 'int64_t ', 'struct dto_album_response *'."""
        if type_.kind == 'array':
            return f'struct {self.list_name(type_)} '
        if self.is_enum(type_):
            return f'enum dto_{schema_snake(type_.schema)} '
        if type_.kind == 'schema':
            return f'struct dto_{schema_snake(type_.schema)} *'
        return SCALAR_C[type_.kind]

    def opt(self, type_):
        """struct sp_opt_…; None where NULL says it."""
        if self.is_enum(type_):
            return f'dto_opt_{schema_snake(type_.schema)}'
        return f'sp_opt_{SHORT[type_.kind]}' if type_.kind in SHORT else None

    def member(self, field):
        type_ = field.type
        if field.required and not type_.nullable:
            return self.value(type_)
        if type_.kind == 'array':
            return f'struct {self.list_name(type_)} *'
        opt = self.opt(type_)
        return f'struct {opt} ' if opt else self.value(type_)

    def list_name(self, array):
        item = array.item
        if item.kind in TEXTS:
            return 'sp_text_list'
        if item.kind in SHORT:
            return f'sp_{"opt_" if item.nullable else ""}{SHORT[item.kind]}_list'
        if item.kind == 'schema' and not item.nullable:
            return f'dto_{schema_snake(item.schema)}_list'
        if item.kind == 'array' and item.item.kind in TEXTS:
            return 'sp_text_list_list'
        raise SpecError('C', f'a list of {"nullable " if item.nullable else ""}{item.kind} has no form in C yet')

    def item(self, array):
        """The C type of one item, for sizeof."""
        item = array.item
        if item.nullable and item.kind in SHORT:
            return f'struct sp_opt_{SHORT[item.kind]}'
        if item.kind == 'schema' and not self.is_enum(item):
            return f'struct dto_{schema_snake(item.schema)}'
        return self.value(item).strip()

    def by_value(self, type_):
        """The schema whose own header a struct with such a member must see; None: a forward declaration will do."""
        if self.is_enum(type_):
            return type_.schema
        if type_.kind == 'array':
            inner = type_.item
            return inner.schema if inner.kind == 'schema' else self.by_value(inner)
        return None


class TypeTables:
    """The constant schema_type tables of one C file, each once."""

    def __init__(self, types):
        self.types = types
        self.lines = {}

    def name(self, type_):
        """The name of the type's table, made where it is new."""
        if type_.kind == 'schema':
            return f'dto_{schema_snake(type_.schema)}_schema'
        if type_.kind in UNLIMITED:
            return UNLIMITED[type_.kind]
        if type_.kind == 'array':
            return self._array(type_)
        if type_.minimum is None and type_.maximum is None and type_.kind != 'duration':
            return {'string': 'schema_text'}.get(type_.kind, f'schema_{type_.kind}')
        kind = 'text' if type_.kind == 'string' else type_.kind
        low, high = type_.minimum or 0, type_.maximum
        return self._add(f'{kind}_{low}_{high}'.replace('-', 'm'),
                         f'{{SCHEMA_{kind.upper()}, .min = {c_int(low)}, .max = {c_int(high)}}}')

    def _array(self, type_):
        item = self.name(type_.item)
        low, high = type_.minimum or 0, type_.maximum
        name = f'{item.replace("schema_", "").replace("_schema", "")}_list'
        name += '_of_nullable' if type_.item.nullable else ''
        name += f'_{low}_{high}' if high is not None else ''
        nullable = ', .nullable_items = true' if type_.item.nullable else ''
        maximum = c_int(high) if high is not None else 'UINT32_MAX'
        return self._add(name, f'{{SCHEMA_ARRAY, .item = &{item}, .size = sizeof({self.types.item(type_)}), '
                               f'.min = {low}, .max = {maximum}{nullable}}}')

    def _add(self, name, value):
        self.lines[name] = f'static const struct schema_type {name} = {value};'
        return name


def c_int(number):
    return f'INT64_C({number})' if abs(number) > 0x7fffffff else str(number)
