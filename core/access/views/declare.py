"""Pyramid's `view_config`, with types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from pyramid.view import view_config

F = TypeVar("F", bound=Callable[..., Any])


def view(**settings: Any) -> Callable[[F], F]:
    """Declare a view, to be found by `config.scan`."""
    return cast(Callable[[F], F], view_config(**settings))
