"""What tools/gen_api.py writes: C, OpenAPI, TypeScript and the reference page, each from the model of api_spec."""
