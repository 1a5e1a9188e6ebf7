"""The route table, as the generator wrote it: gen/api/openapi.json."""
import json
import pathlib
import re
import sys
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'tests/oracle'))
METHODS = ('get', 'post', 'put', 'patch', 'delete')


@dataclass(frozen=True)
class Route:
    method: str
    path: str          # from the root, such as /api/assets/{id}
    operation: str
    permission: str    # 'any', 'all', a name, or None where nobody is asked
    public: bool
    admin: bool
    api_keys: bool     # whether API keys may call it at all
    links: bool        # whether shared links may call it
    built: bool
    successes: tuple   # status codes

    @property
    def parameters(self):
        return re.findall(r'\{(\w+)\}', self.path)

    def fill(self, **values):
        """The path with its parameters put in."""
        return re.sub(r'\{(\w+)\}', lambda match: str(values[match.group(1)]), self.path)


def read_routes():
    document = json.loads((ROOT / 'gen/api/openapi.json').read_text())
    routes = []
    for path, item in document['paths'].items():
        base = item.get('servers', document['servers'])[0]['url'].rstrip('/')
        for method in METHODS:
            operation = item.get(method)
            if not operation:
                continue
            schemes = {name for scheme in operation.get('security', []) for name in scheme}
            routes.append(Route(
                method.upper(), base + path, operation['operationId'], operation.get('x-permission'), not schemes,
                operation.get('x-admin', False), 'apiKey' in schemes, 'shareKey' in schemes,
                operation.get('x-status') != 'planned', tuple(int(code) for code in operation['responses'] if code.isdigit())))
    return routes


ROUTES = read_routes()
BUILT = [route for route in ROUTES if route.built]
PLANNED = [route for route in ROUTES if not route.built]
ROUTE = {route.operation: route for route in ROUTES}


def find_route(method, path):
    """The route that a request belongs to: words win over parameters, as in the server. None: no route."""
    segments = path.split('?')[0].split('/')
    best = None
    for route in ROUTES:
        pattern = route.path.split('/')
        if route.method != method or len(pattern) != len(segments):
            continue
        literal = [not part.startswith('{') for part in pattern]
        if all(segment == part or not fixed for segment, part, fixed in zip(segments, pattern, literal)):
            if best is None or literal > best[0]:
                best = (literal, route)
    return best[1] if best else None
