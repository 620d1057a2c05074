"""The page on REST: Swagger UI from this machine's own files; nothing is asked of any other."""

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import compile_path

from posecore.api.problems import ApiProblem, Problem

# Swagger UI sets styles as it goes, and its icons are data; it runs no script that is not a file.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
_FILES: Final = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "favicon.png": "image/png",
}
_PAGE: Final = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>posecore: REST</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
<link rel="icon" href="docs/favicon.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""
_START: Final = """const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();
SwaggerUIBundle({
  url: new URL("openapi.json", document.baseURI).href,
  dom_id: "#swagger-ui",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  tryItOutEnabled: false,
  // The badge would be fetched from elsewhere.
  validatorUrl: null,
  syntaxHighlight: { activated: false },
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
});
"""


def add_docs(api: FastAPI, models: tuple[Any, ...]) -> None:
    """Serve the page and what it reads.

    Parameters
    ----------
    api : FastAPI
    models : tuple of pydantic models
        That no endpoint has in its signature, but its description names.
    """

    async def answer_page(_request: Request) -> Response:
        return HTMLResponse(_PAGE, headers=_HEADERS)

    async def answer_file(request: Request) -> Response:
        name = request.path_params["name"]
        if name == "start.js":
            return Response(_START, media_type="text/javascript", headers=_HEADERS)
        if name not in _FILES:
            raise ApiProblem(404, "There is no such file of the page on REST; reload the page.")
        return FileResponse(_find_folder() / name, media_type=_FILES[name], headers=_HEADERS)

    async def answer_description(request: Request) -> Response:
        root = request.scope.get("root_path", "").rstrip("/")
        return JSONResponse(describe(api, models) | {"servers": [{"url": root or "/"}]})

    api.add_route("/docs", answer_page, include_in_schema=False)
    api.add_route("/docs/{name}", answer_file, include_in_schema=False)
    api.add_route("/openapi.json", answer_description, include_in_schema=False)


def describe(api: FastAPI, models: tuple[Any, ...]) -> dict[str, Any]:
    """Describe the interface as OpenAPI."""
    if api.openapi_schema is None:
        found = get_openapi(
            title=api.title, version=api.version, description=api.description, routes=api.routes
        )
        _simplify_queries(found)
        components = found.setdefault("components", {})
        for model in (Problem, *models):
            _add_model(components.setdefault("schemas", {}), model)
        components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        # Where nobody signs in, no token is needed.
        found["security"] = [{}, {"token": []}]
        api.openapi_schema = found
    return api.openapi_schema


def _simplify_queries(description: dict[str, Any]) -> None:
    """Leave out that a part of a query may be null: there it is left out instead."""
    for operations in description["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", []):
                schema = parameter["schema"]
                kinds = [each for each in schema.get("anyOf", []) if each != {"type": "null"}]
                if len(kinds) == 1:
                    del schema["anyOf"]
                    parameter["schema"] = kinds[0] | schema


def list_methods(description: dict[str, Any]) -> list[tuple[re.Pattern[str], list[str]]]:
    """List the methods of each address."""
    return [
        (compile_path(path)[0], sorted(method.upper() for method in operations))
        for path, operations in description["paths"].items()
    ]


def _add_model(schemas: dict[str, Any], model: Any) -> None:
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= schema.pop("$defs", {})
    schemas[model.__name__] = schema


def _find_folder() -> Path:
    # Found, not imported: the package would bring an application of its own.
    spec = find_spec("fastapi_offline")
    if spec is None or spec.origin is None:
        raise ApiProblem(404, "The page on REST is not installed; install requirements.txt again.")
    return Path(spec.origin).parent / "static"
