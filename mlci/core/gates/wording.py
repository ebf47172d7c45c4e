"""Numbers in the sentences of gates."""

from __future__ import annotations


def signed(value: float, limit: float) -> str:
    """Return a difference with its sign and a true minus, in enough digits to tell it from LIMIT.

    >>> signed(0.0123, 0.0), signed(-0.5, 0.0), signed(-0.00004, 0.0), signed(-0.0, 0.0)
    ('+0.012', '−0.500', '−0.00004', '0.000')
    """
    digits = _digits(value, limit)
    return f"{value:+.{digits}f}".replace("-", "−") if round(value, digits) else f"{0:.{digits}f}"


def number(value: float, limit: float) -> str:
    """Return a value in enough digits to tell it from LIMIT.

    >>> number(0.70004, 0.7)
    '0.70004'
    """
    return f"{value:.{_digits(value, limit)}f}"


def counted(count: int, word: str) -> str:
    """Return a count with its word.

    >>> counted(1, "slice"), counted(1200, "slice")
    ('1 slice', '1,200 slices')
    """
    return f"{count:,} {word}{'s' if count != 1 else ''}"


def _digits(value: float, limit: float) -> int:
    """Return how many digits after the point tell VALUE from LIMIT: three, more if they must, three if none can."""
    return next((digits for digits in range(3, 10) if round(value, digits) != round(limit, digits)), 3)
