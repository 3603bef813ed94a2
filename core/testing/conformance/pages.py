"""Pages: there with permission, refused without, gone where the plugin is off, and without a script of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from pyramid.router import Router
from pyramid.security import NO_PERMISSION_REQUIRED

from parlour.access.models import Organisation
from parlour.access.policy import LOGGED_IN, MEMBER
from parlour.db.session import Session
from parlour.plugin.registry import Loaded
from parlour.records.registry import RecordType
from parlour.records.write import save
from parlour.testing.browsers import Browser, inline_parts
from parlour.testing.conformance.switching import SwitchingChecks
from parlour.testing.site import Enter
from parlour.web.api import PUBLIC
from parlour.web.embedded import PLACE
from parlour.web.plugin_views import prefix_of


@dataclass(frozen=True)
class Door:
    """A page of the plugin's own that can be asked for with nothing but an organisation in its address."""

    route: str
    path: str
    permission: str


class PageChecks(SwitchingChecks):
    """Every page of the plugin and of its records, through the whole site."""

    def pages(self, organisation: str) -> list[str]:
        """Paths of the plugin's pages that have more than the organisation in their address; override to add yours."""
        return []

    @pytest.fixture
    def site(self, app: Router, loaded: Loaded) -> Router:
        """The site, of which the plugin is a part."""
        return app

    @pytest.fixture
    def owner(self, site: Router, login: Enter) -> Browser:
        """The browser of an owner."""
        return login("owner")

    def test_its_pages_and_those_of_its_records_are_there(
        self, site: Router, owner: Browser, session: Session, organisation: Organisation
    ) -> None:
        for path in self._all(site, session, organisation.slug):
            answer = owner.get(path, expect_errors=True)
            assert answer.status_int == 200, f"{path} answers {answer.status} to the owner"
            if answer.content_type == "text/html":
                assert not inline_parts(answer.text), (
                    f"{path} has script or style in it: {inline_parts(answer.text)}"
                )

    def test_its_pages_are_refused_without_permission(
        self, site: Router, login: Enter, session: Session, organisation: Organisation
    ) -> None:
        paths = self._all(site, session, organisation.slug)
        open_to_all = {
            door.path
            for door in self._doors(site, organisation.slug)
            if door.permission in (LOGGED_IN, MEMBER)
        }
        nobody = login(None)
        for path in paths:
            if path not in open_to_all:
                status = nobody.get(path, expect_errors=True).status_int
                assert status == 403, f"{path} answers {status} to somebody without any role"

    def test_its_pages_are_gone_where_it_is_off(
        self, site: Router, owner: Browser, session: Session, organisation: Organisation
    ) -> None:
        paths = self._all(site, session, organisation.slug)
        self._off(session)
        session.commit()
        for path in paths:
            status = owner.get(path, expect_errors=True).status_int
            assert status == 404, f"{path} answers {status} although {self.plugin} is off"

    def test_nobody_sees_its_pages_without_logging_in(
        self, site: Router, owner: Browser, session: Session, organisation: Organisation
    ) -> None:
        stranger = Browser(site)
        for path in self._all(site, session, organisation.slug):
            answer = stranger.get(path, expect_errors=True)
            assert answer.status_int in (302, 303), f"{path} answers {answer.status} to a stranger"
            assert "/login" in answer.location

    def test_every_view_of_its_own_states_a_permission(self, site: Router, session: Session) -> None:
        patterns = self._patterns(site)
        found = [
            route
            for route, permission, _methods in self._views(site)
            # Public calls and pages for other web sites are open by their very address.
            if permission == NO_PERMISSION_REQUIRED
            and not patterns[route].startswith((f"{PUBLIC}/", f"{PLACE}/"))
        ]
        assert set(found) <= {f"{self.plugin}.static"}, f"these are open to everybody: {found}"

    def _all(self, site: Router, session: Session, organisation: str) -> list[str]:
        """Every page: the plugin's own, and those of a row of each of its records."""
        paths = [door.path for door in self._doors(site, organisation)] + self.pages(organisation)
        for record in self.records():
            paths += self._of_record(session, record, f"/o/{organisation}/r/{record.name}")
        session.commit()
        return paths

    def _of_record(self, session: Session, record: RecordType, address: str) -> Iterator[str]:
        row = save(session, record, self.values(session, record, 1))
        yield from (address, f"{address}/{row}", f"{address}/{row}/history")
        for found in record.actions.values():
            if found.fields and found.single:
                yield f"{address}/{row}/do/{found.name}"

    def _patterns(self, site: Router) -> dict[str, str]:
        """The pattern of every route, by its name."""
        return {
            found["introspectable"]["name"]: f"/{found['introspectable']['pattern'].lstrip('/')}"
            for found in site.registry.introspector.get_category("routes") or ()
        }

    def _doors(self, site: Router, organisation: str) -> list[Door]:
        patterns = self._patterns(site)
        doors = []
        for route, permission, methods in self._views(site):
            path = patterns[route].replace("{organisation}", organisation)
            if path.startswith(
                ("/api/", "/widget/")
            ):  # for programs, and for everybody: nobody logs in there
                continue
            plain = "{" not in path and "*" not in path
            if plain and (not methods or "GET" in methods):
                assert path.startswith(prefix_of(self.plugin).replace("{organisation}", organisation)), path
                doors.append(Door(route, path, permission))
        return doors

    def _views(self, site: Router) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        """Route, permission and methods of every view that the plugin registered."""
        introspector = site.registry.introspector
        for found in introspector.get_category("views") or ():
            view = found["introspectable"]
            if (view["route_name"] or "").startswith(f"{self.plugin}."):
                stated = [item["value"] for item in found["related"] if item.category_name == "permissions"]
                methods = view["request_methods"] or ()
                names = (methods,) if isinstance(methods, str) else tuple(methods)
                yield view["route_name"], stated[0] if stated else NO_PERMISSION_REQUIRED, names
