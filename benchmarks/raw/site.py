"""A bare application: Pyramid, SQLAlchemy Core and a log-in page by Jinja2; a card and a list in JSON, for everybody.

It reads the columns of its tables from the database when it starts; Parlour compares revisions then.
"""

from __future__ import annotations

import os
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from pyramid.config import Configurator
from pyramid.csrf import CookieCSRFStoragePolicy
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.session import SignedCookieSessionFactory
from sqlalchemy import MetaData, create_engine, func, select

COLUMNS = ("id", "name", "phones", "birthday", "source", "tags", "responsible")


def app() -> Any:
    """The application, over the tables of the database as they are."""
    engine = create_engine(
        os.environ["PARLOUR_OWNER_DATABASE_URL"].replace("postgresql:", "postgresql+psycopg:")
    )
    metadata = MetaData()
    wanted = ("contacts_contact", "contacts_phone", "contacts_email", "core_user")
    metadata.reflect(engine, only=wanted, resolve_fks=False)
    engine.dispose()
    contact, phone, email, user = (metadata.tables[name] for name in wanted)
    organisation_id = int(os.environ["BENCH_ORGANISATION"])

    hasher = PasswordHasher()

    def login(request: Request) -> Any:
        with engine.connect() as connection:
            if not connection.execute(select(func.count()).select_from(user)).scalar_one():
                return HTTPSeeOther("/setup")
        return {"user": request.session.get("user"), "wrong": False}

    def enter(request: Request) -> Any:
        asked = select(user.c.id, user.c.password_hash).where(user.c.email == request.POST["email"])
        with engine.connect() as connection:
            found = connection.execute(asked).one_or_none()
        try:
            if found is not None and hasher.verify(found.password_hash, request.POST["password"]):
                request.session["user"] = found.id
                return HTTPSeeOther("/")
        except VerificationError:
            pass
        return {"user": None, "wrong": True}

    def card(request: Request) -> dict[str, Any]:
        row_id = int(request.matchdict["id"])
        with engine.connect() as connection:
            row = connection.execute(
                select(contact).where(contact.c.organisation_id == organisation_id, contact.c.id == row_id)
            ).one()
            values = {name: value for name, value in row._mapping.items() if not name.endswith("_key")}
            for name in ("created_at", "updated_at"):
                values[name] = values[name].isoformat()
            for title, part, column in (("phones", phone, "number"), ("emails", email, "address")):
                lines = connection.execute(
                    select(part.c[column])
                    .where(part.c.organisation_id == organisation_id, part.c.owner_id == row_id)
                    .order_by(part.c.position)
                )
                values[title] = list(lines.scalars())
            return values

    def clients(request: Request) -> dict[str, Any]:
        # Imported with the first call: a bare application that is idle has nothing of Parlour's in its memory.
        import parlour.plugins.contacts.models  # noqa: F401  (brings the tables)
        from benchmarks.raw.tasks import list_statement, read_page

        with engine.connect() as connection:
            statement = list_statement(organisation_id, request.params["q"])
            rows = read_page(connection, organisation_id, statement)
            return {"items": [dict(zip(COLUMNS, row, strict=True)) for row in rows]}

    config = Configurator()
    config.include("pyramid_jinja2")
    config.set_session_factory(SignedCookieSessionFactory(os.environ["PARLOUR_SECRET"]))
    config.set_csrf_storage_policy(CookieCSRFStoragePolicy())
    config.set_default_csrf_options(require_csrf=True)
    config.add_route("login", "/login")
    for view, method in ((login, "GET"), (enter, "POST")):
        config.add_view(
            view, route_name="login", request_method=method, renderer="benchmarks.raw:login.jinja2"
        )
    config.add_route("clients", "/clients")
    config.add_view(clients, route_name="clients", renderer="json")
    config.add_route("card", r"/cards/{id:\d+}")
    config.add_view(card, route_name="card", renderer="json")
    return config.make_wsgi_app()
