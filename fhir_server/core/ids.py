"""Logical ids for new resources. https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-7"""

import os
import time

RANDOM_BYTES = 10
BATCH = 128
"""Ids for which random bytes are read at once: reading them for one id takes longer than all other steps."""

_VARIANTS = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))


class IdGenerator:
    """Generates UUIDs of version 7, which start with the time of their creation.

    Resources created together are therefore neighbours in every index by id. Thread-safe.
    """

    def __init__(self) -> None:
        self._random_digits: list[str] = []
        # A forked process must not generate the same ids.
        os.register_at_fork(after_in_child=self._random_digits.clear)

    def __call__(self) -> str:
        created, random = f"{time.time_ns() // 1_000_000:012x}", self._random()
        return f"{created[:8]}-{created[8:]}-7{random[:3]}-{_VARIANTS[random[3]]}{random[4:7]}-{random[7:19]}"

    def _random(self) -> str:
        try:
            return self._random_digits.pop()
        except IndexError:
            first, *others = _read_random()
            self._random_digits += others
            return first


def _read_random() -> list[str]:
    digits, length = os.urandom(RANDOM_BYTES * BATCH).hex(), 2 * RANDOM_BYTES
    return [digits[start : start + length] for start in range(0, len(digits), length)]
