"""The plotly that draws inside the threshold page's own parts: served from the installed package, once a browser."""

from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import Route

# The version is in the name, so a browser may keep the file for good.
_NAME = f"plotly-{version('plotly')}.js"
PLOTLY_ADDRESS = f"./figures/{_NAME}"  # relative: the app may stand below a path


def route() -> Route:
    """Where the app answers with it."""
    return Route(f"/figures/{_NAME}", _plotly)


async def _plotly(_: Request) -> FileResponse:
    package = find_spec("plotly")  # plotly itself is not imported
    if package is None or package.origin is None:
        raise ModuleNotFoundError("expected the package plotly, found none; install requirements.txt")
    file = Path(package.origin).parent / "package_data" / "plotly.min.js"
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return FileResponse(file, media_type="text/javascript", headers=headers)
