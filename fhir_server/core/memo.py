"""What a function makes of texts, kept for those that come again and again.

https://docs.python.org/3.11/reference/datamodel.html#object.__missing__
"""

from collections.abc import Callable
from typing import TypeVar

Written = TypeVar("Written", bound=str | bytes)
Made = TypeVar("Made")

LENGTH_MAX = 128
"""Clients write texts of any length, and only short ones come again."""


class Memo(dict[Written, Made]):
    """Asked as a dict is, which costs no call for what is known; forgets all when it holds `entries_max`."""

    __slots__ = ("_entries_max", "_length_max", "_make")

    def __init__(
        self, make: Callable[[Written], Made], entries_max: int = 8_192, length_max: int = LENGTH_MAX
    ) -> None:
        super().__init__()
        self._make = make
        self._entries_max = entries_max
        self._length_max = length_max

    def __missing__(self, text: Written) -> Made:
        made = self._make(text)
        if len(text) <= self._length_max:
            if len(self) >= self._entries_max:
                self.clear()
            self[text] = made
        return made
