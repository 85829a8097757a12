"""Listens on a port and runs the HTTP server, in this process or in several.

https://www.uvicorn.org/settings/
"""

import gc
import logging
import multiprocessing
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, cast

from fhir_server import bootstrap
from fhir_server.cli.errors import CommandError
from fhir_server.settings import Settings

if TYPE_CHECKING:
    import asyncio

    import uvicorn

    from fhir_server.api.app import Application

BACKLOG = 2_048
KEEP_ALIVE_SECONDS = 75
WORKER_SILENCE_SECONDS = 30
COLLECT_AFTER = (10_000, 5, 1)
"""Thresholds of the garbage collector's three generations.

Requests leave next to nothing for it. Each change of a definition leaves some 10,000 objects: validators and
search parameters that were compiled for the definitions before. Collecting these after some ten changes, not
after a hundred, makes each pause about a third as long.
https://docs.python.org/3.11/library/gc.html#gc.set_threshold
"""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises `CommandError` when the address is not available."""
    try:
        listener = _listening(host, port)
    except UnicodeError as error:
        raise CommandError(
            f"cannot listen on {host[:80]}: that is no host name. Name one with --host."
        ) from error
    except OSError as error:
        raise CommandError(
            f"cannot listen on {host} port {port}: {error.strerror}. Choose another with --port."
        ) from error
    listener.set_inheritable(True)
    return listener


def _listening(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def exit_on_signals() -> None:
    """Exit with status 0 on Ctrl-C and SIGTERM, also during the start."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _exit)


def _exit(_number: int, _frame: object) -> NoReturn:
    sys.exit(0)


def run_in_process(application: "Application", settings: Settings, listener: socket.socket) -> None:
    """Serve in this process until stopped; open requests are finished."""
    import uvicorn

    log_to_stderr()
    freeze_garbage_collector()
    server = uvicorn.Server(_config(application, settings))
    server.run(sockets=[listener])
    if not server.started:
        raise CommandError("the server could not start; see the lines above.")


def run_workers(settings: Settings, listener: socket.socket) -> None:
    """Serve in several processes that share `listener`; they are restarted when they die, and end with this
    one.
    """
    from uvicorn.supervisors import Multiprocess

    log_to_stderr()
    freeze_garbage_collector()
    config = _config(partial(worker_application, settings), settings, factory=True)
    Multiprocess(config, sockets=[listener]).run()


def worker_application(settings: Settings) -> "Application":
    """The application of a worker process."""
    log_to_stderr()
    disable_garbage_collector()
    threading.Thread(target=_end_with_parent, name="parent-watch", daemon=True).start()
    application = bootstrap.application(bootstrap.build(settings))
    freeze_garbage_collector()
    return application


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


def log_to_stderr() -> None:
    """Log warnings and errors to standard error; requests have their own log."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")


def disable_garbage_collector() -> None:
    """Disable garbage collection during the start, which leaves little garbage; it would take a tenth of the
    time.
    """
    gc.disable()


def freeze_garbage_collector() -> None:
    """Exclude everything built so far from garbage collection, and enable it with a higher threshold.

    A collection that scans the definitions would block all requests for some 20 ms. The objects of a request
    are freed by reference counting, so collecting after every 700 objects, half a request's, is unnecessary.
    """
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    gc.enable()


def _config(application: Callable[..., Any], settings: Settings, factory: bool = False) -> "uvicorn.Config":
    import uvicorn

    from fhir_server.api.protocol import FhirProtocol

    return uvicorn.Config(
        application,
        factory=factory,
        workers=settings.workers,
        loop="auto",
        http=cast("type[asyncio.Protocol]", partial(FhirProtocol, settings.request_timeout_seconds)),
        ws="none",
        lifespan="on",
        interface="asgi3",
        log_config=None,
        # The access log would print query strings, and with them names and identifiers.
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=settings.shutdown_timeout_seconds,
        timeout_worker_healthcheck=WORKER_SILENCE_SECONDS,
    )
