"""Sending files. Only pictures are shown in place; all else is handed over for saving, whatever it claims."""

from __future__ import annotations

from urllib.parse import quote

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import FileIter, Response
from pyramid.view import view_config

from parlour.access.accesslog import FILE, note_after
from parlour.access.policy import MEMBER
from parlour.errors import NotFound
from parlour.i18n import _
from parlour.records.content import SHOWN, UNKNOWN
from parlour.records.files import File, path_of, readable, thumb_of

# Nothing in a file may do anything, not even when somebody opens it in a tab of its own.
POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"
# Types that are named to the browser; it gets all others as bytes.
SAFE = ("image/", "audio/", "video/", "application/pdf", "application/vnd.", "application/zip")


def includeme(config: Configurator) -> None:
    config.add_route("file", r"/o/{organisation}/files/{id:\d{1,18}}")
    config.add_route("file.named", r"/o/{organisation}/files/{id:\d{1,18}}/{name}")
    config.scan(__name__)


@view_config(route_name="file", request_method="GET", permission=MEMBER)
@view_config(route_name="file.named", request_method="GET", permission=MEMBER)
def send(request: Request) -> Response:
    """A file, or with `size` its small picture. The name in the address is only for people to read."""
    file = readable(request.db, int(request.matchdict["id"]))
    if request.GET.get("size"):
        return _small(request, file)
    note_after(request, FILE, file.record, 1, row_id=file.row_id, detail={"file": file.id, "name": file.name})
    response = _response(request, file, shown=file.content_type in SHOWN)
    response.content_type = file.content_type if file.content_type.startswith(SAFE) else UNKNOWN
    path = path_of(request.settings, file)
    try:
        response.app_iter = FileIter(path.open("rb"))
    except FileNotFoundError as error:
        raise _gone() from error
    response.content_length = file.size
    return response


def _small(request: Request, file: File) -> Response:
    response = _response(request, file, shown=True)
    response.content_type = "image/webp"
    try:
        response.body = thumb_of(request.settings, file).read_bytes()
    except FileNotFoundError as error:
        raise _gone() from error
    # Lists show dozens of these; the content behind a number never changes.
    response.cache_control = "private, max-age=3600"
    return response


def _response(request: Request, file: File, *, shown: bool) -> Response:
    response = Response(conditional_response=True)
    response.etag = f"{file.sha256[:32]}{request.GET.get('size', '')[:10]}"
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    # RFC 6266: the plain name is for programs that do not know the other form.
    plain = "".join(
        char if char.isascii() and char.isprintable() and char not in '"\\%' else "_" for char in file.name
    )
    how = "inline" if shown else "attachment"
    response.headers["Content-Disposition"] = (
        f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(file.name, safe='')}"
    )
    return response


def _gone() -> NotFound:
    return NotFound(
        _("The content of this file is missing on the server. Ask who looks after it for the backup.")
    )
