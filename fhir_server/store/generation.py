"""What names the definitions by which a store's resources are indexed."""

from secrets import randbits

_BITS = 62
"""As many as every backend keeps in one integer."""


def new_generation() -> int:
    """A number that was never a generation before, not even one whose commit was undone."""
    return randbits(_BITS) or 1
