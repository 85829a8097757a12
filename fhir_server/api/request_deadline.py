"""The deadline for sending a request, so that slow clients do not hold connections open.

https://www.rfc-editor.org/rfc/rfc9110#section-15.5.9
"""

from msgspec import Struct

SLOWEST_BYTES_PER_SECOND = 500
"""A request that arrives at this average rate or faster never misses its deadline."""


class RequestDeadline(Struct):
    """`seconds` for any request, extended for each byte received.

    `since` is the loop time at which the incomplete request began, None while there is none; `received` is
    the number of its bytes so far.
    """

    seconds: float
    since: float | None = None
    received: int = 0

    def add_bytes(self, received: int, now: float) -> None:
        """Count bytes of an incomplete request."""
        if self.since is None:
            self.since, self.received = now, 0
        self.received += received

    def seconds_left(self, since: float, now: float) -> float:
        """The seconds left to receive the rest of a request that began at `since`."""
        return since + self.seconds + self.received / SLOWEST_BYTES_PER_SECOND - now
