"""One transaction per request: committed with the response, undone for every 4xx and 5xx, tried again after a
deadlock.

pyramid_tm commits what a view returns, so answering with an error status needs the veto. The session is
joined as changed: zope.sqlalchemy would roll back statements that it has not seen as ORM changes.
"""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from pyramid_tm import default_commit_veto, maybe_tag_retryable

from parlour.web import health, limits
from parlour.web.api import body, for_programs
from parlour.web.assets import PREFIX

ATTEMPTS = 3


def includeme(config: Configurator) -> None:
    config.add_settings(
        {
            "retry.attempts": ATTEMPTS,
            "retry.activate_hook": attempts,
            "tm.manager_hook": "pyramid_tm.explicit_manager",
            "tm.commit_veto": veto,
            "tm.activate_hook": needs_transaction,
            "tm.annotate_user": False,
        }
    )
    config.include("pyramid_retry")
    config.include("pyramid_tm")


def attempts(request: Request) -> int | None:
    """How often a request is tried; None is as often as usual. A body that is kept for that is read before.

    Limits are looked at before everything is copied: calls of the API are read up to theirs, and what will be refused is
    tried once, unread.
    """
    if for_programs(request):
        body.take(request)
        return None
    return 1 if limits.refuses(request) else None


def veto(request: Request, response: Response) -> bool:
    """Whether what was written is undone: after every 4xx and 5xx.

    pyramid_tm asks here before it looks whether the error behind the response is worth another attempt, and
    would never look after a veto.
    """
    if request.exc_info is not None:
        maybe_tag_retryable(request, request.exc_info)
    return bool(default_commit_veto(request, response))


def needs_transaction(request: Request) -> bool:
    """Files of the program do not touch the database, and who asks after it opens no transaction for that."""
    path = request.environ.get("PATH_INFO", "")
    return not path.startswith(f"{PREFIX}/") and path not in health.PATHS
