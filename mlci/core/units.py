"""Units of measurement, as far as one can be mistaken for another by a constant factor."""

from __future__ import annotations

import math
from typing import Final

SAME_RATIO: Final = 1e-6
"""Two ratios that differ by less than this part are one: what printing a value with seven digits may cost."""

# (what is measured, factor to its first unit, spellings: British, American, symbol, second symbol)
_UNITS: Final[tuple[tuple[str, float, tuple[str, ...]], ...]] = (
    ("length", 1.0, ("metre", "meter", "m")),
    ("length", 1e-9, ("nanometre", "nanometer", "nm")),
    ("length", 1e-6, ("micrometre", "micrometer", "µm", "um")),
    ("length", 1e-3, ("millimetre", "millimeter", "mm")),
    ("length", 1e-2, ("centimetre", "centimeter", "cm")),
    ("length", 1e-1, ("decimetre", "decimeter", "dm")),
    ("length", 1e3, ("kilometre", "kilometer", "km")),
    ("length", 0.0254, ("inch", "inch", "in")),
    ("length", 0.3048, ("foot", "foot", "ft")),
    ("length", 0.9144, ("yard", "yard", "yd")),
    ("length", 1609.344, ("mile", "mile", "mi")),
    ("mass", 1.0, ("gram", "gram", "g")),
    ("mass", 1e-6, ("microgram", "microgram", "µg", "ug")),
    ("mass", 1e-3, ("milligram", "milligram", "mg")),
    ("mass", 1e3, ("kilogram", "kilogram", "kg")),
    ("mass", 1e6, ("tonne", "metric ton", "t")),
    ("mass", 28.349523125, ("ounce", "ounce", "oz")),
    ("mass", 453.59237, ("pound", "pound", "lb")),
    ("time", 1.0, ("second", "second", "s")),
    ("time", 1e-9, ("nanosecond", "nanosecond", "ns")),
    ("time", 1e-6, ("microsecond", "microsecond", "µs", "us")),
    ("time", 1e-3, ("millisecond", "millisecond", "ms")),
    ("time", 60.0, ("minute", "minute", "min")),
    ("time", 3600.0, ("hour", "hour", "h")),
    ("time", 86400.0, ("day", "day", "d")),
    ("volume", 1.0, ("litre", "liter", "l")),
    ("volume", 1e-6, ("microlitre", "microliter", "µl", "ul")),
    ("volume", 1e-3, ("millilitre", "milliliter", "ml")),
    ("volume", 1e3, ("cubic metre", "cubic meter", "m3")),
    ("part", 1.0, ("fraction", "fraction", "1")),
    ("part", 1e-2, ("percent", "percent", "%")),
    ("part", 1e-3, ("per mille", "per mille", "‰")),
)


def delivered_unit(declared: str | None, ratio: float) -> str | None:
    """Return the unit in which values would be RATIO times what they are in DECLARED, in the same spelling.

    None where the unit is unknown or no unit fits. Scales that also shift (degrees) are no matter of a ratio.

    >>> delivered_unit("micrometre", 1000), delivered_unit("in", 25.4), delivered_unit("metre", 1.7)
    ('nanometre', 'mm', None)
    """
    if declared is None:
        return None
    spelling = _plain(declared)
    for measures, factor, names in _UNITS:
        if spelling in names:
            place = names.index(spelling)
            for other, other_factor, other_names in _UNITS:
                if other == measures and math.isclose(factor / other_factor, ratio, rel_tol=SAME_RATIO):
                    return other_names[min(place, len(other_names) - 1)]
    return None


def _plain(unit: str) -> str:
    """Return the unit in the spelling of the table: one sign for micro, no plural of words."""
    text = unit.strip().replace("\N{GREEK SMALL LETTER MU}", "\N{MICRO SIGN}")
    irregular = {"inches": "inch", "feet": "foot"}
    singular = text[:-1] if text.endswith("s") and len(text) > 3 else text  # noqa: PLR2004 - `ms` and `min` are no plurals
    return irregular.get(text, singular)
