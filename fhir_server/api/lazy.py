"""An application that is made by the first request to it, or before that in a thread of its own.

The web framework takes as long to import as half of the server, and no FHIR request needs it.
"""

import asyncio
from collections.abc import Callable
from functools import cached_property
from threading import Lock

from fhir_server.api.asgi import AsgiApp, Receive, Scope, Send


class LazyApplication:
    """Stands for the application that `make` makes."""

    def __init__(self, make: Callable[[], AsgiApp]) -> None:
        self._make = make
        self._lock = Lock()

    @cached_property
    def _application(self) -> AsgiApp:
        return self._make()

    def prepare(self) -> AsgiApp:
        """Make it now, unless it is made; safe in any thread."""
        with self._lock:
            return self._application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        application = await asyncio.to_thread(self.prepare)
        await application(scope, receive, send)
