"""Static files with addresses that change with their content, and colours that stay readable.

An address is `/static/<root>/<hash>/<path>`: one hash over a whole root, because ES modules and style sheets name their
neighbours relatively and must find them under the same hash. Whatever carries the right hash may be cached for ever.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

PREFIX = "/static"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
}
_TEXT = {".css", ".js", ".svg", ".json", ".webmanifest"}


@dataclass(frozen=True)
class StaticFile:
    """One file as it is sent: its body, the same gzipped where that pays, its type, and whether it may be kept for ever."""

    body: bytes
    gzipped: bytes | None
    content_type: str
    lasting: bool


@dataclass
class _Root:
    folder: Path
    only: frozenset[str] | None
    version: str = ""
    kept: dict[str, tuple[bytes, bytes | None]] = field(default_factory=dict)


class Assets:
    """The static folders of the themes, the plugins and the packages they use, by name.

    With `watch`, files are read anew each time: for development.
    """

    def __init__(self, watch: bool = False) -> None:
        self._roots: dict[str, _Root] = {}
        self._watch = watch
        # A page asks for some twenty addresses, and looking for each file took a tenth of the page's time.
        self._urls: dict[str, str] = {}

    def add(self, name: str, folder: Path, only: Collection[str] | None = None) -> None:
        """Serve `folder` under `name` ("themes/default"); with `only`, just these files of it."""
        root = _Root(folder.resolve(), None if only is None else frozenset(only))
        root.version = self._version(root)
        self._roots[name] = root
        self._urls.clear()

    def _files(self, root: _Root) -> Iterable[Path]:
        if root.only is not None:
            return (root.folder / name for name in sorted(root.only))
        return (path for path in sorted(root.folder.rglob("*")) if path.is_file())

    def _version(self, root: _Root) -> str:
        digest = hashlib.sha256()
        for path in self._files(root):
            digest.update(path.relative_to(root.folder).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()[:12]

    def _split(self, spec: str) -> tuple[str, str]:
        """Root name and path inside it: the longest root that fits. KeyError when there is none."""
        for name in sorted(self._roots, key=len, reverse=True):
            if spec.startswith(f"{name}/"):
                return name, spec[len(name) + 1 :]
        raise KeyError(f"There are no static files under {spec!r}")

    def url(self, spec: str) -> str:
        """The address of "themes/default/tokens.css". KeyError when the file does not exist."""
        if not self._watch and spec in self._urls:
            return self._urls[spec]
        name, path = self._split(spec)
        root = self._roots[name]
        if self._find(root, path) is None:
            raise KeyError(f"There is no static file {spec!r}")
        version = self._version(root) if self._watch else root.version
        self._urls[spec] = f"{PREFIX}/{name}/{version}/{path}"
        return self._urls[spec]

    def _find(self, root: _Root, path: str) -> Path | None:
        if root.only is not None:
            return root.folder / path if path in root.only else None
        found = (root.folder / path).resolve()
        return (
            found if found.is_relative_to(root.folder) and found.is_file() and found.suffix in TYPES else None
        )

    def get(self, address: str) -> StaticFile | None:
        """The file under what follows `/static/` in an address, or None. Any hash is answered; only the right one lasts."""
        try:
            name, rest = self._split(address)
        except KeyError:
            return None
        version, _slash, path = rest.partition("/")
        root = self._roots[name]
        found = self._find(root, path)
        if found is None:
            return None
        if path not in root.kept or self._watch:
            body = found.read_bytes()
            packed = gzip.compress(body, 9, mtime=0) if found.suffix in _TEXT and len(body) > 500 else None
            root.kept[path] = body, packed
        body, packed = root.kept[path]
        return StaticFile(body, packed, TYPES[found.suffix], version == root.version and not self._watch)


def standard_assets(watch: bool = False) -> Assets:
    """The default theme and the style sheet of Bootstrap, which ships inside deform; plugins add theirs."""
    assets = Assets(watch)
    assets.add("themes/default", Path(str(files("parlour.themes.default"))) / "static")
    assets.add("bootstrap", Path(str(files("deform"))) / "static" / "css", only={"bootstrap.min.css"})
    return assets


# ---- colours

AA = 4.5
# Where accent text stands, by scheme; the same values as in tokens.css, which a test compares.
BACKGROUNDS = {"light": ("#faf8f6", "#ffffff"), "dark": ("#171316", "#211b20")}
# The theme's own accent, which an organisation that chose nothing has.
OWN_COLOUR = "#8a3b6a"
QUIET = {"light": "#655c62", "dark": "#a89ca4"}


def luminance(colour: str) -> float:
    """Relative luminance of "#rrggbb", 0 to 1 (WCAG 2.2, "relative luminance")."""
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2, "contrast ratio")."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def mix(one: str, other: str, share: float) -> str:
    """`share` (0 to 1) of `other` in `one`, mixed in sRGB."""
    pairs = ((int(one[at : at + 2], 16), int(other[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def readable(colour: str, backgrounds: Collection[str], ratio: float = AA) -> str:
    """`colour` ("#rrggbb"), or the nearest shift of it towards black or white that reads on every background.

    ValueError when neither black nor white would do, or the colour is not written that way.
    """
    colour = _checked(colour)

    def passes(candidate: str) -> bool:
        return all(contrast(candidate, background) >= ratio for background in backgrounds)

    if passes(colour):
        return colour
    shifts = [
        (share, candidate)
        for pole in ("#000000", "#ffffff")
        if passes(pole)
        for share in (step / 200 for step in range(1, 201))
        if passes(candidate := mix(colour, pole, share))
    ]
    if not shifts:
        raise ValueError(f"No shade of {colour} reads on {', '.join(backgrounds)}")
    return min(shifts)[1]


def _checked(colour: str) -> str:
    text = colour.strip().lower()
    if len(text) != 7 or text[0] != "#" or any(c not in "0123456789abcdef" for c in text[1:]):
        raise ValueError(f"A colour is written like #8a3b6a, not {colour!r}")
    return text


def _soft(colour: str, surface: str, quiet: str) -> str:
    """A breath of `colour` on `surface`, light enough for the quiet text colour."""
    shares = (0.18 - step * 0.01 for step in range(18))
    return next(
        (soft for share in shares if contrast(soft := mix(surface, colour, share), quiet) >= AA), surface
    )


def organisation_tokens(colour: str) -> Mapping[str, Mapping[str, str]]:
    """The accent tokens of an organisation's own colour, per scheme, each readable where it is used."""
    tokens = {}
    for scheme, (paper, surface) in BACKGROUNDS.items():
        soft = _soft(_checked(colour), surface, QUIET[scheme])
        accent = readable(colour, (paper, surface, soft))
        pole = "#000000" if scheme == "light" else "#ffffff"
        on_accent = "#ffffff" if contrast("#ffffff", accent) >= contrast(paper, accent) else paper
        tokens[scheme] = {
            "accent": accent,
            "accent-strong": mix(accent, pole, 0.16),
            "accent-soft": soft,
            "on-accent": on_accent if contrast(on_accent, accent) >= AA else readable(on_accent, (accent,)),
        }
    return tokens


def organisation_stylesheet(colour: str) -> str:
    """The style sheet that puts an organisation's colour in the place of the theme's accent."""
    blocks = {
        scheme: " ".join(f"--{name}: {value};" for name, value in tokens.items())
        for scheme, tokens in organisation_tokens(colour).items()
    }
    return (
        f':root, [data-theme="light"] {{ {blocks["light"]} }}\n'
        f'@media (prefers-color-scheme: dark) {{ :root:not([data-theme="light"]) {{ {blocks["dark"]} }} }}\n'
        f'[data-theme="dark"] {{ {blocks["dark"]} }}\n'
    )
