"""Templates: which folders they come from, and what every one of them sees.

The theme's folder comes first, then each plugin's `templates`; a plugin's own stand under its name
(`contacts/…`), so no plugin can replace a page of somebody else. What templates see is in `_globals`; parts
that cost a query are worked out only when a template asks for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemBytecodeCache
from jinja2.bccache import Bucket
from markupsafe import Markup
from pyramid.config import Configurator
from pyramid.csrf import get_csrf_token
from pyramid.events import BeforeRender
from pyramid.renderers import render
from pyramid.request import Request
from pyramid_jinja2 import IJinja2Environment

from parlour.errors import Refusal
from parlour.i18n import LANGUAGES, LOCALES, _
from parlour.plugin.discovery import folder_of
from parlour.plugin.registry import current
from parlour.web import flash, forms_renderer, shell
from parlour.web.assets import Assets
from parlour.web.icons import icon
from parlour.web.requests import known, language, readable
from parlour.web.slots import SlotItem
from parlour.web.templates import finalize


def includeme(config: Configurator) -> None:
    settings = config.registry["parlour.settings"]
    theme = settings.theme
    themes = [theme] if theme == "default" else [theme, "default"]
    folders = [str(theme_folder(name) / "templates") for name in themes]
    folders += [str(path) for path in plugin_folders("templates").values()]
    config.add_settings(
        {
            "jinja2.directories": folders,
            "jinja2.finalize": finalize,
            "jinja2.newstyle": True,
            "jinja2.bytecode_caching": Compiled(settings.data / "templates"),
        }
    )
    config.include("pyramid_jinja2")
    config.add_subscriber(_add_globals, BeforeRender)
    config.add_request_method(_form_renderer, "form_renderer", reify=True)
    forms_renderer.take_over()


class Compiled(FileSystemBytecodeCache):
    """Templates as they were compiled before, so that the first pages after a start come as fast as all others."""

    def __init__(self, folder: Path):
        self.folder = folder
        super().__init__(str(folder))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep one where there is room; a page does not need that."""
        with suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            super().dump_bytecode(bucket)


def theme_folder(name: str) -> Path:
    """Where a theme lies. Raises Refusal for one that is not installed."""
    try:
        return Path(str(files(f"parlour.themes.{name}")))
    except (ModuleNotFoundError, ValueError) as error:
        raise Refusal(_("There is no theme ${name}; see PARLOUR_THEME.", mapping={"name": name})) from error


def plugin_folders(name: str) -> dict[str, Path]:
    """The folder `name` of every loaded plugin that has one, by plugin, in load order."""
    found = {plugin: folder_of(item.package) / name for plugin, item in current().loaded.items()}
    return {plugin: path for plugin, path in found.items() if path.is_dir()}


class Later:
    """A value that is worked out when a template first looks at it, and never where none does."""

    def __init__(self, make: Callable[[], Any]):
        self._make = make

    @property
    def value(self) -> Any:
        if "made" not in self.__dict__:
            self.made = self._make()
        return self.made

    def __iter__(self) -> Iterator[Any]:
        return iter(self.value)

    def __len__(self) -> int:
        return len(self.value)

    def __bool__(self) -> bool:
        return bool(self.value)

    def __getitem__(self, key: Any) -> Any:
        return self.value[key]

    def __str__(self) -> str:
        return str(self.value)


def _add_globals(event: BeforeRender) -> None:
    request = event.get("request")
    if request is not None:
        for name, value in _globals(request).items():
            event.setdefault(name, value)


def _globals(request: Request) -> dict[str, Any]:
    """What every template sees. On an error page nothing here may ask the database."""
    failed = request.exception is not None
    loc = language(request)

    def translate(message: Any, **values: Any) -> str:
        return loc.translate(message, values)

    def ask(make: Callable[[Request], Any]) -> Later:
        return Later(lambda: () if failed else make(request))

    return {
        "_": translate,
        "ngettext": loc.plural,
        "loc": loc,
        "icon": icon,
        "url": request.url_of,
        "static": request.static,
        "slot": lambda name, record=None: slot(request, name, record),
        "csrf_token": "" if failed else Later(lambda: get_csrf_token(request)),
        "organisation": readable(request, "organisation") if failed else request.organisation,
        "viewed_as": known(request, "viewed_as"),
        "viewing": not failed and bool(getattr(getattr(request.identity, "login", None), "viewing", None)),
        "user": readable(request, "user") if failed else request.user,
        "flash": ask(flash.take),
        "menus": ask(shell.menus),
        "sections": ask(shell.sections),
        "branches": ask(shell.branches),
        "quick_add": ask(shell.quick_add),
        "needs": ask(shell.needs),
        # Without a token there is no form, so an error page offers no other language.
        "languages": [] if failed else [{"name": name, "title": LANGUAGES[name]} for name in LOCALES],
    }


def slot(request: Request, name: str, subject: Any = None) -> list[Markup]:
    """The parts that plugins put into a slot, rendered, in order. `subject` is the slot's context."""
    return rendered(request, shell.slot_items(request, name, subject), subject)


def rendered(request: Request, items: Iterable[SlotItem], subject: Any = None) -> list[Markup]:
    """Slot items as pieces of a page; those that are data for another part of the theme are left out."""
    return [_part(request, item, subject) for item in items if item.html is not None or item.template]


def _part(request: Request, item: SlotItem, subject: Any) -> Markup:
    if item.html is not None:
        return item.html
    return template(request, item.template, {"subject": subject, **item.context})


def template(request: Request, name: str, values: Mapping[str, Any]) -> Markup:
    """A template rendered for this request."""
    return Markup(render(name, dict(values), request=request))


def once(request: Request, name: str, values: Mapping[str, Any]) -> Any:
    """A page with a secret that is shown this once and kept nowhere, by browsers neither."""
    request.response.headers["Cache-Control"] = "no-store"
    request.response.text = template(request, name, values)
    return request.response


def _form_renderer(request: Request) -> forms_renderer.FormRenderer:
    """The renderer to give to `deform.Form(renderer=...)`."""
    environment = get_environment(request)
    return forms_renderer.renderer(environment, request=request, **_globals(request))


def get_environment(request: Request) -> Environment:
    """The Jinja2 environment of the pages."""
    environment: Environment = request.registry.getUtility(IJinja2Environment, name=".jinja2")
    return environment


def assets_of(request: Request) -> Assets:
    assets: Assets = request.registry["parlour.assets"]
    return assets
