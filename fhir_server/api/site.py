"""The pages beside the FHIR base, by FastAPI: welcome page, API description, health checks."""

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, JSONResponse, Response
from fastapi.staticfiles import StaticFiles

SCRIPTS = "/docs/static"
"""The path of Swagger UI's files, served locally: a foreign script could read whatever its user may read."""

OWN_FILES_ALONE = {"Content-Security-Policy": "default-src 'self' 'unsafe-inline'; img-src 'self' data:"}

WELCOME = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>body{{font:1rem/1.5 system-ui;max-width:40rem;margin:3rem auto;padding:0 1rem}}</style>
<h1>{title}</h1>
<p>A FHIR R4 server. <span lang="fr">Un serveur FHIR R4.</span></p>
<ul>
<li><a href="/fhir/metadata?_pretty=true">/fhir/metadata</a>: what it can do
(<span lang="fr">ce qu'il sait faire</span>)</li>
<li><a href="/docs">/docs</a>: its requests (<span lang="fr">ses requêtes</span>)</li>
<li><a href="/health/ready">/health/ready</a>: its health (<span lang="fr">sa santé</span>)</li>
</ul></html>
"""


@dataclass(frozen=True, slots=True)
class SiteOptions:
    """`openapi` gives the API's description as JSON; `probe` raises when the store cannot be read or
    written."""

    title: str
    version: str
    openapi: Callable[[], bytes]
    probe: Callable[[], object]


def site(options: SiteOptions) -> FastAPI:
    """The pages beside the FHIR base."""
    pages = FastAPI(title=options.title, version=options.version, openapi_url=None)
    reads = ["GET", "HEAD"]
    welcome_page = WELCOME.format(title=options.title)

    @pages.api_route("/", methods=reads)
    async def welcome() -> HTMLResponse:
        return HTMLResponse(welcome_page)

    @pages.api_route("/openapi.json", methods=reads)
    async def openapi() -> Response:
        return Response(options.openapi(), media_type="application/json")

    @pages.api_route("/docs", methods=reads)
    async def docs() -> HTMLResponse:
        page = get_swagger_ui_html(
            openapi_url="/openapi.json",
            title=options.title,
            swagger_js_url=f"{SCRIPTS}/swagger-ui-bundle.js",
            swagger_css_url=f"{SCRIPTS}/swagger-ui.css",
            swagger_favicon_url=f"{SCRIPTS}/favicon.png",
        )
        page.headers.update(OWN_FILES_ALONE)
        return page

    pages.mount(SCRIPTS, StaticFiles(packages=[("fastapi_offline", "static")]))

    @pages.api_route("/health/live", methods=reads)
    async def live() -> dict[str, str]:
        return {"status": "live"}

    @pages.api_route("/health/ready", methods=reads)
    def ready() -> JSONResponse:
        try:
            options.probe()
        except Exception:
            return JSONResponse({"status": "store unavailable"}, status_code=503)
        return JSONResponse({"status": "ready"})

    return pages
