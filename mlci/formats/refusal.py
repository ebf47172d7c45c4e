"""The one error that the child answers with instead of a result."""

from __future__ import annotations


class RefusalError(Exception):
    """The child will not, or cannot, do what it was asked; `code` is a slug such as `model-forbidden-type`."""

    def __init__(self, code: str, message: str) -> None:
        """Keep the slug and the sentence that goes to the parent."""
        super().__init__(message)
        self.code = code
        self.message = message
