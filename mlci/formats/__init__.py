"""Model files: loading them where they can do no harm, and the one form in which they are stored.

This folder is also a program: `python -I -B mlci/formats` is the child that loads a hostile model. So every module
here imports the standard library, numpy and its siblings (by relative imports) only, and heavy libraries when they are
needed; `archive`, `canonical` and `model_file`, which serve the parent, also import `mlci.errors`.
"""
