"""From api/*.yaml to C, OpenAPI, TypeScript and the reference page; see tools/gen_api.py."""
