"""The floor: the least that a Python server can do on the same uvicorn, a bare route that says given bytes.

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
    """An application that reads the request and answers with `body`, whatever was asked."""
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
    """Serve on the port that the arguments name, with the status and the file that they name."""
    port, status, file = sys.argv[1:]
    app = floor(int(status), Path(file).read_bytes())
    http_server.exit_on_signals()
    listener = http_server.listen("127.0.0.1", int(port))
    # What the import of the product brought along must not make the floor's garbage collection dearer.
    gc.freeze()
    # Run as the product runs itself, so that both have the same uvicorn under them.
    http_server.run_in_process(cast("Any", app), Settings(), listener)


if __name__ == "__main__":
    main()
