"""An ASGI application that is built by its first request, or before that in a thread.

The web framework takes half of the server's import time, and no FHIR request needs it.
"""

import asyncio
from collections.abc import Callable
from functools import cached_property
from threading import Lock

from fhir_server.api.asgi import AsgiApp, Receive, Scope, Send


class LazyApplication:
    """Builds the application by `make` when it is first needed."""

    def __init__(self, make: Callable[[], AsgiApp]) -> None:
        self._make = make
        self._lock = Lock()

    @cached_property
    def _application(self) -> AsgiApp:
        return self._make()

    def prepare(self) -> AsgiApp:
        """Build the application, once. Thread-safe."""
        with self._lock:
            return self._application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        application = await asyncio.to_thread(self.prepare)
        await application(scope, receive, send)
