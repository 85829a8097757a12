"""A cache for a function of texts, such as a parser, for texts that come again and again.

https://docs.python.org/3.11/reference/datamodel.html#object.__missing__
"""

from collections.abc import Callable
from typing import TypeVar

Text = TypeVar("Text", bound=str | bytes)
Result = TypeVar("Result")

LENGTH_MAX = 128
"""The longest text that is cached: clients send texts of any length, and only short ones come again."""


class Memo(dict[Text, Result]):
    """A dict that computes missing values, so that a cached one costs no function call. Emptied when it holds
    `entries_max`.
    """

    __slots__ = ("_compute", "_entries_max", "_length_max")

    def __init__(
        self, compute: Callable[[Text], Result], entries_max: int = 8_192, length_max: int = LENGTH_MAX
    ) -> None:
        super().__init__()
        self._compute = compute
        self._entries_max = entries_max
        self._length_max = length_max

    def __missing__(self, text: Text) -> Result:
        result = self._compute(text)
        if len(text) <= self._length_max:
            if len(self) >= self._entries_max:
                self.clear()
            self[text] = result
        return result
