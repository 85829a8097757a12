"""Exact decimals: the range that the precision of a number implies, and sort keys as text.

https://hl7.org/fhir/R4/search.html#number
"""

import re
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, DecimalException, InvalidOperation

_match = re.compile(r"([+-]?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?", re.ASCII).fullmatch
_NINES_COMPLEMENT = str.maketrans("0123456789", "9876543210")
_NEGATIVE_END, _BELOW_NEGATIVE, _ABOVE = "~", "}", " "
"""The last character of a negative number's key, so that -1.5 sorts before -1; of a text just below such a
key; and of a text just above any key.
"""

LOWEST_KEY = ""
HIGHEST_KEY = "~"
"""Sort keys below and above those of all numbers, for open ranges."""


def parse_decimal(text: str) -> Decimal:
    """The exact value of a decimal of any length. Raises `ValueError` for text that is no decimal."""
    if _match(text) is None:
        raise ValueError(text)
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise ValueError(text) from error


def implicit_range(text: str) -> tuple[Decimal, Decimal]:
    """[low, high): half a unit of the last written digit to either side.

    100 is [99.5, 100.5) and 100.00 is [99.995, 100.005). In exponent notation a single digit is read as
    two, because R4 gives [95, 105) for 1e2. Raises `ValueError` for text that is no decimal, and for a value
    too large or too small to calculate with.
    """
    value = parse_decimal(text)
    unit = int(value.as_tuple().exponent)
    if "e" in text.lower() and len(value.as_tuple().digits) == 1:
        unit -= 1
    return _around(value, parse_decimal(f"5e{unit - 1}"))


def approximate_range(value: Decimal) -> tuple[Decimal, Decimal]:
    """[low, high): ten percent to either side, as R4 recommends for `ap`. Raises like `implicit_range`."""
    return _around(value, _exact_context(value, value).multiply(value.copy_abs(), Decimal("0.1")))


def _around(value: Decimal, distance: Decimal) -> tuple[Decimal, Decimal]:
    context = _exact_context(value, distance)
    try:
        return context.subtract(value, distance), context.add(value, distance)
    except DecimalException as error:
        raise ValueError(str(value)) from error


def sort_key(value: Decimal) -> str:
    """A text whose ASCII order is the numeric order, the same for equal values (608, 608.0, 6.08e2).

    A sign, the size of the exponent, the digits; all complemented for negative numbers.
    """
    sign, digits, exponent = value.as_tuple()
    text = "".join(map(str, digits)).lstrip("0")
    if not text:
        return "1"
    magnitude = int(exponent) + len(text) - 1
    text = text.rstrip("0")
    if sign:
        return "0" + _exponent_key(-magnitude) + text.translate(_NINES_COMPLEMENT) + _NEGATIVE_END
    return "2" + _exponent_key(magnitude) + text


def key_below(key: str) -> str:
    """A text between the key of a number and the keys of all smaller numbers."""
    if key.endswith(_NEGATIVE_END):
        return key[:-1] + _BELOW_NEGATIVE
    return key[:-1] + str(int(key[-1]) - 1) + _NEGATIVE_END


def key_above(key: str) -> str:
    """A text between the key of a number and the keys of all greater numbers."""
    return key + _ABOVE


def _exponent_key(exponent: int) -> str:
    """A letter that grows with the sign and length of the exponent, and then its digits."""
    text = str(abs(exponent))
    if exponent >= 0:
        return chr(ord("a") + len(text)) + text
    return chr(ord("Z") - len(text)) + text.translate(_NINES_COMPLEMENT)


def _exact_context(left: Decimal, right: Decimal) -> Context:
    """A context in which the sum, difference and short product of two numbers are not rounded."""
    top = max(left.adjusted(), right.adjusted())
    bottom = min(int(left.as_tuple().exponent), int(right.as_tuple().exponent))
    return Context(prec=max(top - bottom, 0) + 4, Emax=MAX_EMAX, Emin=MIN_EMIN)
