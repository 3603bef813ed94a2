"""Several processes of one site agree with each other at once: what one has switched, the others show at the next request."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import Any

from sqlalchemy import Engine

from parlour.access.models import Organisation
from parlour.access.policy import COOKIE
from parlour.settings import Settings
from parlour.testing.site import Enter
from tests.core.cli.process import environment, running

HERE = "/o/jasmine"


def test_a_plugin_switched_in_one_process_is_seen_by_another_at_its_next_request(
    organisation: Organisation, settings: Settings, engine: Engine, login: Enter
) -> None:
    """The switch is thrown on the Plugins page of this process; the other one is a `parlour serve`."""
    owner = login("owner")
    cookie = next(each.value for each in owner.cookiejar if each.name == COOKIE)
    with running("serve", "--port", "0", "--workers", "1", environ=environment(settings)) as other:
        url = other.line().split()[-1]

        def seen() -> int:
            asked = urllib.request.Request(
                f"{url}{HERE}/r/visitors.visitor", headers={"Cookie": f"{COOKIE}={cookie}"}
            )
            try:
                with urllib.request.urlopen(asked, timeout=30) as answer:
                    return int(answer.status)
            except urllib.error.HTTPError as error:
                return error.code

        assert seen() == 200
        for _round in range(3):
            switch(owner, "off")
            assert seen() == 404
            switch(owner, "on")
            assert seen() == 200


def switch(owner: Any, to: str) -> None:
    owner.post(f"{HERE}/plugins", {"name": "visitors", "switch": to}, status=303)
