"""Static files: the theme's for everybody, a plugin's where the plugin is on. Hashed addresses last for ever."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

from parlour.plugin.registry import Loaded
from parlour.web.assets import PREFIX, standard_assets
from parlour.web.rendering import assets_of, plugin_folders, theme_folder

LASTING = "max-age=31536000, immutable"


def includeme(config: Configurator) -> None:
    assets = standard_assets()
    theme = config.registry["parlour.settings"].theme
    if theme != "default":
        assets.add(f"themes/{theme}", theme_folder(theme) / "static")
    for plugin, folder in plugin_folders("static").items():
        assets.add(plugin, folder)
    config.registry["parlour.assets"] = assets
    config.add_route("static", f"{PREFIX}/*subpath")
    config.add_view(serve, route_name="static", permission=NO_PERMISSION_REQUIRED)


def add_plugin_files(config: Configurator, item: Loaded) -> None:
    """Serve a plugin's own files; called with the plugin's prefix and package, so that the gate knows whose
    they are.
    """
    route = f"{item.name}.static"
    config.add_route(route, "/static/*subpath")
    config.add_view(_serve_of(item.name), route_name=route, permission=NO_PERMISSION_REQUIRED)


def serve(request: Request) -> Response:
    return _answer(request, "/".join(request.matchdict["subpath"]), "public")


def _serve_of(plugin: str) -> Any:
    def serve_plugin(request: Request) -> Response:
        return _answer(request, "/".join((plugin, *request.matchdict["subpath"])), "private")

    return serve_plugin


def _answer(request: Request, address: str, audience: str) -> Response:
    found = assets_of(request).get(address)
    if found is None:
        raise HTTPNotFound()
    packed = found.gzipped if "gzip" in request.accept_encoding else None
    response = Response(body=packed or found.body)
    response.headers["Content-Type"] = found.content_type
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = f"{audience}, {LASTING}" if found.lasting else "no-cache"
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    return response
