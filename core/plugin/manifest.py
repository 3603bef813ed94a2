"""The manifest: what a plugin says about itself before any of its other code is imported."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from parlour.i18n import _

GROUP = "parlour.plugins"
# Names start tables, routes and permissions; identifiers end at 63 bytes and revision ids at 32, so the
# prefix stays short.
NAME = re.compile(r"[a-z][a-z0-9_]{1,25}")
RESERVED = frozenset({"core", "parlour", "alembic", "public", "pg"})


def core_version() -> Version:
    """The version of Parlour that runs here."""
    return Version(metadata.version("parlour"))


@dataclass(frozen=True)
class Fault:
    """Why a plugin was put aside: one sentence for a person, and what a programmer wants to see."""

    message: Any
    detail: str = ""

    def __str__(self) -> str:
        interpolate = getattr(self.message, "interpolate", None)
        text = str(interpolate() if interpolate else self.message)
        return f"{text} ({self.detail})" if self.detail else text


@dataclass(frozen=True)
class Plugin:
    """A plugin's declaration: `plugin = Plugin(...)` in the `__init__.py` of its package.

    `requires` holds names with version bounds ("contacts>=1.2"), `core` the bounds on Parlour itself.
    `package` and an empty `description` (the package's docstring) are filled when the plugin is discovered.
    """

    name: str
    title: Any
    summary: Any
    version: str
    requires: tuple[str, ...] = ()
    core: str = ">=0.1"
    icon: str = "puzzle"
    category: Any = ""
    enabled_by_default: bool = False
    description: Any = ""
    package: str = ""

    @cached_property
    def requirements(self) -> dict[str, SpecifierSet]:
        """Required plugin -> version bounds. Raises InvalidRequirement for what cannot be read."""
        read = [Requirement(text) for text in self.requires]
        return {item.name: item.specifier for item in read}

    def fault(self, advertised: str) -> Fault | None:
        """What is wrong with the manifest alone, given the name that its distribution advertises."""
        wrong = _("The plugin's manifest is not valid.")
        if not isinstance(self.name, str) or not NAME.fullmatch(self.name) or self.name in RESERVED:
            return Fault(wrong, f"name {self.name!r} is not allowed")
        if self.name != advertised:
            return Fault(
                wrong, f"the manifest says {self.name!r}, the distribution advertises {advertised!r}"
            )
        try:
            Version(self.version)
            bounds = SpecifierSet(self.core)
            self.requirements  # noqa: B018  (reads every requirement once)
        except (InvalidVersion, InvalidSpecifier, InvalidRequirement, TypeError) as error:
            return Fault(wrong, str(error))
        if self.name in self.requirements:
            return Fault(wrong, "it requires itself")
        here = core_version()
        if not bounds.contains(here, prereleases=True):
            return Fault(
                _(
                    "This plugin needs Parlour ${needed}, and this is ${here}. Update one of the two.",
                    mapping={"needed": self.core, "here": str(here)},
                )
            )
        return None
