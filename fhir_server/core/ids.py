"""Logical ids of resources that are new. https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-7"""

import os
import time

RANDOM_BYTES = 10
DRAWN_TOGETHER = 128
"""Ids for which random bytes are drawn at once: to ask the system for those of one takes longer than all
else."""

_VARIANTS = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))


class NewIds:
    """Makes ids that nobody has used: UUIDs of version 7, whose first digits tell when they were made.

    What is created together then lies together in every index by id. Any thread may ask.
    """

    def __init__(self) -> None:
        self._drawn: list[str] = []
        # A process that begins as a copy of this one must not make the same ids.
        os.register_at_fork(after_in_child=self._drawn.clear)

    def __call__(self) -> str:
        made, random = f"{time.time_ns() // 1_000_000:012x}", self._random()
        return f"{made[:8]}-{made[8:]}-7{random[:3]}-{_VARIANTS[random[3]]}{random[4:7]}-{random[7:19]}"

    def _random(self) -> str:
        try:
            return self._drawn.pop()
        except IndexError:
            first, *others = _draw()
            self._drawn += others
            return first


def _draw() -> list[str]:
    digits, length = os.urandom(RANDOM_BYTES * DRAWN_TOGETHER).hex(), 2 * RANDOM_BYTES
    return [digits[start : start + length] for start in range(0, len(digits), length)]
