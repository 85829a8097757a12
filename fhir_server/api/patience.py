"""How long a client may take to send one request, so that nobody holds connections open for nothing.

https://www.rfc-editor.org/rfc/rfc9110#section-15.5.9
"""

from msgspec import Struct

SLOWEST_BYTES_PER_SECOND = 500
"""What comes faster than this on the whole may take as long as it is."""


class Patience(Struct):
    """`seconds` for any request, and more for a long one.

    `since` is when the unfinished one was first seen, by the clock of the loop, None while there is none;
    `received` is how many bytes have come of it.
    """

    seconds: float
    since: float | None = None
    received: int = 0

    def note(self, received: int, now: float) -> None:
        """More has come, and it is not all."""
        if self.since is None:
            self.since, self.received = now, 0
        self.received += received

    def left(self, since: float, now: float) -> float:
        """For how many seconds to wait for the rest of what has been coming since then."""
        return since + self.seconds + self.received / SLOWEST_BYTES_PER_SECOND - now
