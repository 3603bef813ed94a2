"""What the policy of pages forbids is found in them, and nothing else."""

import pytest

from parlour.testing.browsers import inline_parts


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        "<style>p { color: red }</style>",
        '<p style="color: red">',
        '<button onclick="go()">',
        '<a href=" JavaScript:go()">',
        '<img src="x" onerror="go()">',
    ],
)
def test_inline_scripts_and_styles_are_found(html: str) -> None:
    assert inline_parts(f"<!doctype html><main>{html}</main>")


@pytest.mark.parametrize(
    "html",
    [
        '<script type="module" src="/static/main.js"></script>',
        '<link rel="stylesheet" href="/static/base.css">',
        '<a href="https://example.com/?on=1">once</a>',
        "<p>style=&quot;color&quot;, onclick</p>",
    ],
)
def test_what_a_page_may_hold_passes(html: str) -> None:
    assert not inline_parts(f"<!doctype html><main>{html}</main>")
