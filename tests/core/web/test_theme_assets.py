"""Static files: addresses that change with the content, and nothing beyond the folders that are served."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from parlour.web.assets import PREFIX, Assets, standard_assets

STATIC = Path(__file__).parents[3] / "themes/default/static"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "static").mkdir()
    (tmp_path / "static/one.css").write_text("a { color: red }")
    (tmp_path / "static/deep").mkdir()
    (tmp_path / "static/deep/two.js").write_text("export const two = 2;\n" * 100)
    (tmp_path / "static/secret.py").write_text("key = 1")
    (tmp_path / "outside.css").write_text("b {}")
    return tmp_path / "static"


def assets_of(folder: Path) -> Assets:
    assets = Assets()
    assets.add("plugins/x", folder)
    return assets


def test_an_address_changes_when_a_neighbour_changes(folder: Path) -> None:
    before = assets_of(folder).url("plugins/x/one.css")
    (folder / "deep/two.js").write_text("export const two = 3;")
    assert assets_of(folder).url("plugins/x/one.css") != before


def test_only_the_present_address_may_be_kept_for_ever(folder: Path) -> None:
    assets = assets_of(folder)
    address = assets.url("plugins/x/one.css").removeprefix(f"{PREFIX}/")
    found = assets.get(address)
    old = assets.get("plugins/x/000000000000/one.css")
    assert found is not None
    assert found.lasting
    assert found.content_type == "text/css; charset=utf-8"
    assert old is not None
    assert not old.lasting
    assert old.body == found.body == b"a { color: red }"


@pytest.mark.parametrize(
    "address",
    [
        "plugins/x/v/../outside.css",
        "plugins/x/v/deep/../../outside.css",
        "plugins/x/v//etc/passwd",
        "plugins/x/v/secret.py",
        "plugins/x/v/deep",
        "plugins/x/v/",
        "plugins/x",
        "plugins/y/v/one.css",
        "",
    ],
)
def test_nothing_else_is_served(folder: Path, address: str) -> None:
    assert assets_of(folder).get(address) is None


def test_a_link_out_of_the_folder_is_not_followed(folder: Path) -> None:
    (folder / "link.css").symlink_to(folder.parent / "outside.css")
    assert assets_of(folder).get("plugins/x/v/link.css") is None


def test_long_text_is_sent_packed(folder: Path) -> None:
    found = assets_of(folder).get("plugins/x/v/deep/two.js")
    assert found is not None
    assert found.gzipped is not None
    assert len(found.gzipped) < len(found.body)
    assert gzip.decompress(found.gzipped) == found.body


def test_a_file_that_does_not_exist_is_an_error_where_it_is_named(folder: Path) -> None:
    with pytest.raises(KeyError, match=r"plugins/x/three\.css"):
        assets_of(folder).url("plugins/x/three.css")


def test_of_a_package_only_the_files_named_are_served() -> None:
    assets = standard_assets()
    address = assets.url("bootstrap/bootstrap.min.css").removeprefix(f"{PREFIX}/")
    found = assets.get(address)
    assert found is not None
    assert b"Bootstrap  v5" in found.body
    assert assets.get(address.replace("bootstrap.min.css", "form.css")) is None


def test_what_changes_while_one_watches_is_served_anew(folder: Path) -> None:
    assets = Assets(watch=True)
    assets.add("x", folder)
    before = assets.url("x/one.css")
    (folder / "one.css").write_text("a { color: blue }")
    assert assets.url("x/one.css") != before
    found = assets.get("x/any/one.css")
    assert found is not None
    assert found.body == b"a { color: blue }"
    assert not found.lasting


def test_every_module_finds_the_modules_it_imports() -> None:
    for module in STATIC.glob("*.js"):
        for name in re.findall(r'from "\./([^"]+)"', module.read_text()):
            assert (STATIC / name).is_file(), f"{module.name} imports {name}"
