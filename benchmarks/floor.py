"""The floor, a baseline server: a bare route on the same uvicorn that returns given bytes.

`python -m benchmarks.floor PORT STATUS FILE` answers GET and POST on every path with the bytes of FILE.
"""

import gc
import sys
from pathlib import Path
from typing import Any, cast

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.wire import FHIR_JSON
from fhir_server.cli import http_server
from fhir_server.settings import Settings


def floor(status: int, body: bytes) -> Starlette:
    """An application that reads the request and answers every one with `body`."""
    media_type = FHIR_JSON.decode()

    async def said(_: Request) -> Response:
        return Response(body, status, media_type=media_type)

    async def accepted(request: Request) -> Response:
        await request.body()
        return Response(body, status, media_type=media_type)

    return Starlette(
        routes=[
            Route("/{path:path}", said, methods=["GET"]),
            Route("/{path:path}", accepted, methods=["POST"]),
        ]
    )


def main() -> None:
    """Serve on the port, with the status and the file in the arguments."""
    port, status, file = sys.argv[1:]
    app = floor(int(status), Path(file).read_bytes())
    http_server.exit_on_signals()
    listener = http_server.listen("127.0.0.1", int(port))
    # The product's imports must not make the floor's garbage collection more expensive.
    gc.freeze()
    # Runs like the product, so that both use the same uvicorn settings.
    http_server.run_in_process(cast("Any", app), Settings(), listener)


if __name__ == "__main__":
    main()
