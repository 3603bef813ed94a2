"""Typed settings: PARLOUR_* variables over `parlour.toml` over defaults, each remembering where it came from."""

from __future__ import annotations

import ipaddress
import os
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path

from parlour.errors import Refusal
from parlour.i18n import _

SECRET_FIELDS = {"secret", "metrics_token"}
URL_FIELDS = {"database_url", "owner_database_url", "broker_url", "mail_url"}


@dataclass(frozen=True)
class Settings:
    """Everything an operator may decide. Paths are absolute; URLs are SQLAlchemy's, Celery's or plain ones."""

    data: Path
    database_url: str
    owner_database_url: str
    broker_url: str = ""
    secret: str = ""
    url: str = "http://localhost:6543"
    trusted_proxies: int = 0
    metrics_token: str = ""
    metrics_from: str = ""
    mail_url: str = ""
    mail_from: str = ""
    # The mailbox of that address on this machine, mbox or Maildir, into which mail servers put what came back.
    mail_bounces: str = ""
    theme: str = "default"
    # Calls of the API a minute for each token; 0 is no limit.
    api_calls: int = 6000
    # How much each organisation may keep in files, in MB of 1,000,000 bytes; 0 is any amount.
    files_mb: int = 20_000
    # Whether addresses that organisations type in may lie in a private network.
    outgoing_private: bool = False
    sources: Mapping[str, str] = field(default_factory=dict, compare=False)

    @cached_property
    def metrics_networks(self) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
        """From where figures may be asked for without a token. Raises Refusal for what is no address."""
        try:
            return [
                ipaddress.ip_network(each.strip()) for each in self.metrics_from.split(",") if each.strip()
            ]
        except ValueError as error:
            message = _(
                "PARLOUR_METRICS_FROM must be addresses or networks, as 127.0.0.1,10.0.0.0/8: ${why}",
                mapping={"why": str(error)},
            )
            raise Refusal(message) from error

    @property
    def files(self) -> Path:
        """Where blobs lie."""
        return self.data / "files"

    def shown(self) -> list[tuple[str, str, str]]:
        """Name, value fit for a screen (no secrets, no passwords) and source of every setting."""
        rows = []
        for item in fields(self):
            if item.name == "sources":
                continue
            value = str(getattr(self, item.name))
            if item.name in SECRET_FIELDS and value:
                value = "(set)"
            elif item.name in URL_FIELDS and "@" in value:
                scheme, _sep, rest = value.partition("://")
                credentials, _at, place = rest.rpartition("@")
                value = f"{scheme}://{credentials.partition(':')[0]}:***@{place}"
            rows.append((f"PARLOUR_{item.name.upper()}", value, self.sources.get(item.name, "default")))
        return rows


def load(environ: Mapping[str, str] | None = None, folder: Path | None = None, **given: object) -> Settings:
    """The settings of this process. `given` wins over the environment, that over `parlour.toml`, that over defaults.

    Raises Refusal when a value cannot be understood.
    """
    environ = os.environ if environ is None else environ
    toml = (folder or Path.cwd()) / "parlour.toml"
    from_file: dict[str, object] = {}
    if toml.is_file():
        try:
            from_file = tomllib.loads(toml.read_text("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise Refusal(
                _("${file} is not valid TOML: ${why}", mapping={"file": str(toml), "why": str(error)})
            ) from error
    values: dict[str, object] = {}
    sources: dict[str, str] = {}
    known = [item.name for item in fields(Settings) if item.name != "sources"]
    for name in known:
        variable = f"PARLOUR_{name.upper()}"
        if given.get(name) is not None:
            values[name], sources[name] = given[name], "command line"
        elif environ.get(variable):
            values[name], sources[name] = environ[variable], f"environment {variable}"
        elif name in from_file:
            values[name], sources[name] = from_file[name], str(toml)
    unknown = set(from_file) - set(known)
    if unknown:
        raise Refusal(
            _(
                "${file} names unknown settings: ${names}.",
                mapping={"file": str(toml), "names": ", ".join(sorted(unknown))},
            )
        )
    data = Path(str(values.get("data", "data"))).expanduser().resolve()
    database = str(values.get("database_url") or f"sqlite:///{data / 'parlour.sqlite'}")
    proxies = _whole("PARLOUR_TRUSTED_PROXIES", values.get("trusted_proxies", 0))
    calls = _whole("PARLOUR_API_CALLS", values.get("api_calls", Settings.api_calls))
    files_mb = _whole("PARLOUR_FILES_MB", values.get("files_mb", Settings.files_mb))
    return Settings(
        data=data,
        database_url=with_driver(database),
        owner_database_url=with_driver(str(values.get("owner_database_url") or database)),
        broker_url=str(values.get("broker_url", "")),
        secret=str(values.get("secret") or _kept_secret(data)),
        url=str(values.get("url", "http://localhost:6543")).rstrip("/"),
        trusted_proxies=proxies,
        metrics_token=str(values.get("metrics_token", "")),
        metrics_from=str(values.get("metrics_from", "")),
        files_mb=files_mb,
        mail_url=str(values.get("mail_url", "")),
        mail_from=str(values.get("mail_from", "")),
        mail_bounces=str(values.get("mail_bounces", "")),
        theme=str(values.get("theme", "default")),
        api_calls=calls,
        outgoing_private=_yes("PARLOUR_OUTGOING_PRIVATE", values.get("outgoing_private", False)),
        sources=sources,
    )


def _whole(variable: str, value: object) -> int:
    """Raises Refusal for what is no whole number, or less than none."""
    text = str(value)
    if not (text.isascii() and text.isdecimal()):
        raise Refusal(_("${name} must be a whole number.", mapping={"name": variable}))
    return int(text)


def _yes(variable: str, value: object) -> bool:
    """Raises Refusal for what is neither yes nor no."""
    text = str(value).lower()
    if text in ("1", "true", "yes", "on"):
        return True
    if text in ("0", "false", "no", "off"):
        return False
    raise Refusal(_("${name} must be 1 or 0.", mapping={"name": variable}))


def with_driver(url: str) -> str:
    """`postgresql://` means psycopg 3 here, the one driver that is installed."""
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url[len(prefix) :]
    return url


def _kept_secret(data: Path) -> str:
    """The secret made on first use and kept in the data folder, readable by its owner only. Raises Refusal for a folder
    that cannot be used.
    """
    try:
        return _read_or_made(data / "secret")
    except OSError as error:
        values = {"folder": str(data), "why": error.strerror or str(error)}
        raise Refusal(_("The data folder ${folder} cannot be used: ${why}.", mapping=values)) from error


def _read_or_made(path: Path) -> str:
    try:
        return path.read_text("ascii").strip()
    except FileNotFoundError:
        # Everything that the salon knows comes to lie here.
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = secrets.token_urlsafe(48)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # another process of ours was faster
        return path.read_text("ascii").strip()
    with os.fdopen(handle, "w") as file:
        file.write(made)
    return made
