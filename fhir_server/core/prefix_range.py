"""Texts that start with a prefix as a range [prefix, upper bound) of code points, which an index can seek."""

LAST = "\U0010ffff"
SURROGATES, BEYOND_SURROGATES = 0xD800, "\ue000"
"""No text has a code point from the first to before the second."""


def prefix_upper_bound(prefix: str) -> str | None:
    """The smallest text above all texts that start with `prefix`; None if there is none."""
    prefix = prefix.rstrip(LAST)
    if not prefix:
        return None
    following = ord(prefix[-1]) + 1
    return prefix[:-1] + (BEYOND_SURROGATES if following == SURROGATES else chr(following))
