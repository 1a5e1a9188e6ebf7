"""The specification as objects: tags, operations, schemas, types. No checks here; read.py makes them."""
import re
from dataclasses import dataclass, field
from typing import List, Optional, Tuple

# Scalars by the name that they have in the specification.
SCALARS = ('boolean', 'integer', 'duration', 'number', 'string', 'email', 'date', 'date-time', 'uuid', 'json', 'binary')
METHODS = ('get', 'post', 'put', 'patch', 'delete')
C_KEYWORDS = set('auto break case char const continue default do double else enum extern float for goto if inline int long '
                 'register return short signed sizeof static struct switch typedef union unsigned void volatile while'
                 .split())


def snake(name):
    """getMyUser -> get_my_user, startOAuth -> start_oauth, x-immich-checksum -> x_immich_checksum."""
    name = name.replace('OAuth', 'Oauth')
    name = re.sub(r'([a-z0-9])([A-Z])', r'\1_\2', name)
    name = re.sub(r'([A-Z]+)([A-Z][a-z])', r'\1_\2', name)
    name = re.sub(r'[^A-Za-z0-9]+', '_', name).lower().strip('_')
    return name + '_' if name in C_KEYWORDS else name


def schema_snake(name):
    return snake(re.sub(r'Dto$', '', name))


@dataclass(frozen=True)
class Type:
    """kind: one of SCALARS, 'array' or 'schema' (an object or enum, by its name)."""
    kind: str
    schema: Optional[str] = None
    item: Optional['Type'] = None
    nullable: bool = False
    minimum: Optional[int] = None
    maximum: Optional[int] = None


@dataclass
class Field:
    name: str
    type: Type
    required: bool
    place: str
    description: Optional[str] = None

    @property
    def c_name(self):
        return snake(self.name)


@dataclass
class Schema:
    name: str
    file: str
    place: str
    description: Optional[str] = None
    values: Optional[List[str]] = None      # of an enum
    fields: Optional[List[Field]] = None    # of an object
    in_request: bool = False
    in_response: bool = False

    @property
    def c_name(self):
        return schema_snake(self.name)


@dataclass
class Operation:
    id: str
    file: str
    place: str
    method: str
    path: str                               # with its prefix: /api/albums/{id}
    summary: str
    built: bool
    deprecated: bool
    auth: str
    permission: Optional[str]
    path_params: List[Field]
    query: List[Field]
    header: List[Field]
    body: Optional[Type] = None
    body_kind: str = 'none'                 # none, json, multipart
    body_required: bool = True
    body_max_bytes: int = 0
    deadline_ms: int = 0
    answers: List[Tuple[int, object]] = field(default_factory=list)  # (status, Type, 'document' or None)

    @property
    def c_name(self):
        return snake(self.id)

    @property
    def params(self):
        return self.path_params + self.query + self.header

    @property
    def answer(self):
        """The type of every success; None: no content."""
        return next((type_ for _, type_ in self.answers if type_), None)

    @property
    def answers_json(self):
        return isinstance(self.answer, Type) and self.answer.kind != 'binary'

    @property
    def streamed(self):
        return self.body_kind == 'multipart'


@dataclass
class Tag:
    name: str
    file: str                               # 'albums'
    about: str
    operations: List[Operation] = field(default_factory=list)
    schemas: List[Schema] = field(default_factory=list)


@dataclass
class Api:
    tags: List[Tag]

    def __post_init__(self):
        self.schemas = {schema.name: schema for tag in self.tags for schema in tag.schemas}
        self.operations = [operation for tag in self.tags for operation in tag.operations]
