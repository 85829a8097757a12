"""The texts that start with a prefix, as a range in the order of code points, which an index can seek."""

LAST = "\U0010ffff"
SURROGATES, BEYOND_SURROGATES = 0xD800, "\ue000"
"""No text holds a code point between the two."""


def after_prefix(prefix: str) -> str | None:
    """The first text after all that start with `prefix`; None where there is none."""
    prefix = prefix.rstrip(LAST)
    if not prefix:
        return None
    following = ord(prefix[-1]) + 1
    return prefix[:-1] + (BEYOND_SURROGATES if following == SURROGATES else chr(following))
