"""What the address of a call names, looked up before its view. Who may not call is refused here."""

from __future__ import annotations

from pyramid.request import Request

from parlour.errors import NotFound
from parlour.i18n import _
from parlour.records.registry import RecordType, enabled_record
from parlour.web.api import body, limits
from parlour.web.api.caller import caller_of_request, is_public
from parlour.web.api.problems import Unauthenticated


class CallContext:
    """A call of somebody with a token. Raises Unauthenticated, and ApiProblem for too many calls or too large a body."""

    def __init__(self, request: Request):
        self.request = request
        body.read(request)
        limits.count_address(request)
        if not is_public(request):
            try:
                caller = caller_of_request(request)
            except Unauthenticated:
                limits.charge_address(request)
                raise
            limits.count_token(request, caller)
        self.organisation = request.organisation
        self.user = request.user

    def permission(self, wanted: str) -> str:
        return wanted


class RecordContext(CallContext):
    """A call about a record whose plugin is on. Raises NotFound."""

    record: RecordType

    def __init__(self, request: Request):
        super().__init__(request)
        self.record = enabled_record(request.db, request.matchdict["record"])


class RowContext(RecordContext):
    """A call about one row."""

    def __init__(self, request: Request):
        super().__init__(request)
        digits = request.matchdict["id"]
        if not (digits.isascii() and digits.isdecimal() and len(digits) <= 18):
            raise NotFound(_("There is no such record, or it is not yours to see."))
        self.id = int(digits)
