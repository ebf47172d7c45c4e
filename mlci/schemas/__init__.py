"""JSON Schemas of the files that people write, for editors and other tools, and the reference in `docs/`.

Both are generated from the models in `core`: `make schemas` writes them, a test asserts that they are up to date.
"""
