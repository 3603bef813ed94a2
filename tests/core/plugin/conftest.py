"""Plugins that exist for one test only."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from parlour.plugin.registry import Plugins, boot
from tests.support.distributions import write_plugin


@pytest.fixture
def thrown(tmp_path: Path, plugins: Plugins) -> Iterator[Callable[..., Plugins]]:
    """`thrown({"alpha": {...files}, ...}, beta=("alpha",))` loads these plugins beside the real ones, for this test."""
    folder = tmp_path / "thrown"
    folder.mkdir()

    def load(files: dict[str, dict[str, str]], **requires: tuple[str, ...]) -> Plugins:
        for name, written in files.items():
            write_plugin(folder, name, written, requires=requires.get(name, ()))
        sys.path.insert(0, str(folder))
        importlib.invalidate_caches()
        found = boot()
        assert not found.quarantined, {name: str(fault) for name, fault in found.quarantined.items()}
        return found

    yield load
    if str(folder) in sys.path:
        sys.path.remove(str(folder))
    from parlour.plugin.mapping import discard
    from parlour.plugin.registry import current

    for name, item in reversed(list(current().loaded.items())):
        if item.package.startswith("thrown_"):
            discard(name, item.package, item.made)
    for name in [name for name in sys.modules if name.startswith("thrown_")]:
        del sys.modules[name]
    boot()
