"""Generations, the numbers of the definitions by which a store's resources are indexed."""

from secrets import randbits

_BITS = 62
"""As many as fit in one integer of every backend."""


def new_generation() -> int:
    """A random number, so that it was never a generation before, not even in a unit that was rolled back."""
    return randbits(_BITS) or 1
