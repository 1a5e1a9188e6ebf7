#!/usr/bin/python3
"""Writes all that follows from the contract in api/*.yaml; see CONTRIBUTING.md, "An endpoint".

  gen/api/*.c *.h          structs, constant tables, the route table       (gen_api/c_source.py)
  gen/api/openapi.json     the OpenAPI 3.1 document                        (gen_api/openapi.py)
  web/src/lib/api/client.ts  the client of the web app                     (gen_api/typescript.py)
  docs/api.md status.md    the reference, and all operations by state      (gen_api/reference.py)

Usage: tools/gen_api.py [--check]. With --check nothing is written; the exit code is 1 when a file is not as it would be
written. What the specification must not say is refused with file and line, exit code 2.
"""
import argparse
import os
import sys

from gen_api import c_source, openapi, reference, typescript
from api_spec.read import read_api
from api_spec.source import SpecError

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def outputs(api):
    """{path below the root: text}"""
    result = {f'gen/api/{name}': text for name, text in c_source.files(api).items()}
    result['gen/api/openapi.json'] = openapi.file_text(api)
    result['gen/api/openapi.h'] = openapi.header_text(result['gen/api/openapi.json'])
    result['web/src/lib/api/client.ts'] = typescript.file_text(api)
    result['docs/api.md'] = reference.file_text(api)
    result['docs/status.md'] = reference.status_text(api)
    return result


def stale(root, wanted):
    """Generated files that nothing asks for any more."""
    folder = os.path.join(root, 'gen/api')
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return sorted(f'gen/api/{name}' for name in names if f'gen/api/{name}' not in wanted)


def differing(root, wanted):
    for path, text in sorted(wanted.items()):
        try:
            with open(os.path.join(root, path), encoding='utf-8') as file:
                if file.read() == text:
                    continue
        except FileNotFoundError:
            pass
        yield path


def write(root, wanted):
    for path in differing(root, wanted):
        os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
        with open(os.path.join(root, path), 'w', encoding='utf-8') as file:
            file.write(wanted[path])
    for path in stale(root, wanted):
        os.remove(os.path.join(root, path))


def main(arguments):
    parser = argparse.ArgumentParser(description='Generates code and documents from api/*.yaml.')
    parser.add_argument('--check', action='store_true', help='write nothing; fail if something would change')
    parser.add_argument('--root', default=ROOT, help='the source tree')
    options = parser.parse_args(arguments)
    try:
        wanted = outputs(read_api(os.path.join(options.root, 'api')))
    except SpecError as error:
        print(f'gen_api: {error}', file=sys.stderr)
        return 2
    if not options.check:
        write(options.root, wanted)
        return 0
    changed = list(differing(options.root, wanted)) + stale(options.root, wanted)
    for path in changed:
        print(f'gen_api: {path} is not what api/*.yaml says; run `make gen`', file=sys.stderr)
    return 1 if changed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
