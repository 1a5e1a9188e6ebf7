"""The contract in api/*.yaml: read with the place of every value, checked, and given out as a model."""
