"""Tables of access.

Organisations, users, memberships, log-ins and tokens belong to no organisation: they answer which one a
request may enter, and the named functions of this package are the only way to them. Everything else is
scoped.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ColumnElement,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    and_,
    or_,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from parlour.db.base import METADATA, BigId, Json, Moment, Scoped, SystemBase, now, table_args

SYSTEM_INFO = {"info": {"owner": "core", "scoped": False}}


class Base(Scoped, DeclarativeBase):
    """Scoped tables of access; written out, where `scoped_base` would do, for type checkers to follow."""

    metadata = METADATA
    __parlour_owner__ = "core"


def _link(
    table: str, column: str, target: str, ondelete: str = "CASCADE", key: str = "id"
) -> ForeignKeyConstraint:
    """A link that cannot leave the organisation."""
    return ForeignKeyConstraint(
        ["organisation_id", column],
        [f"{target}.organisation_id", f"{target}.{key}"],
        name=f"fk_{table}_{column}",
        ondelete=ondelete,
    )


class Organisation(SystemBase):
    """A salon or an organiser of events. `slug` is its place in addresses and never changes by itself."""

    __tablename__ = "core_organisation"
    __table_args__ = SYSTEM_INFO

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    country: Mapped[str] = mapped_column(String(2))
    zone: Mapped[str] = mapped_column(String(64))
    currency: Mapped[str] = mapped_column(String(3))
    # How phone numbers without a country code are read; nearly always the country.
    region: Mapped[str] = mapped_column(String(2))
    locale: Mapped[str] = mapped_column(String(10))
    settings: Mapped[dict[str, Any]] = mapped_column(Json, default=dict, nullable=False)
    # Raised by every switch of a plugin, so that each process notices with the next session.
    plugins_version: Mapped[int] = mapped_column(Integer, default=1, server_default=text("1"))
    created_at: Mapped[datetime] = mapped_column(Moment, default=now)
    archived_at: Mapped[datetime | None] = mapped_column(Moment)


class User(SystemBase):
    """A person who logs in; one for all organisations they work in."""

    __tablename__ = "core_user"
    __table_args__ = SYSTEM_INFO

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    password_hash: Mapped[str] = mapped_column(String(255))
    # Somebody else chose the password: the person is asked for an own one.
    password_temporary: Mapped[bool] = mapped_column(Boolean, default=False, server_default=text("false"))
    # None: the language of the organisation they work in.
    locale: Mapped[str | None] = mapped_column(String(10))
    theme: Mapped[str] = mapped_column(String(10), default="", server_default=text("''"))
    active: Mapped[bool] = mapped_column(Boolean, default=True, server_default=text("true"))
    created_at: Mapped[datetime] = mapped_column(Moment, default=now)
    # The secret of the second factor, encrypted, and the last time step whose code was taken: a code works once.
    totp_secret: Mapped[str | None] = mapped_column(String(255))
    totp_step: Mapped[int | None] = mapped_column(BigId)


class Membership(SystemBase):
    """A user works in an organisation, or did. Which roles they have there is in MembershipRole."""

    __tablename__ = "core_membership"
    __table_args__ = (
        UniqueConstraint("organisation_id", "user_id", name="uq_core_membership_user"),
        SYSTEM_INFO,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    organisation_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("core_organisation.id", ondelete="CASCADE")
    )
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("core_user.id", ondelete="CASCADE"), index=True)
    active: Mapped[bool] = mapped_column(Boolean, default=True, server_default=text("true"))
    created_at: Mapped[datetime] = mapped_column(Moment, default=now)
    # From this moment on they cannot come in any more; None is without an end.
    ends_at: Mapped[datetime | None] = mapped_column(Moment)
    # Not listed any more, and not active. The row stays, for the name of who did something.
    removed_at: Mapped[datetime | None] = mapped_column(Moment)

    def works(self, at: datetime) -> bool:
        """Whether the person may come in at this moment."""
        return self.active and (self.ends_at is None or self.ends_at > at)

    @classmethod
    def working(cls, at: Any) -> ColumnElement[bool]:
        """The condition for `works`."""
        return and_(cls.active, or_(cls.ends_at.is_(None), cls.ends_at > at))


class LoginSession(SystemBase):
    """One log-in. Only the hash of its token is here: who reads the database cannot become anybody."""

    __tablename__ = "core_session"
    __table_args__ = SYSTEM_INFO

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("core_user.id", ondelete="CASCADE"), index=True)
    csrf: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(Moment, default=now)
    seen_at: Mapped[datetime] = mapped_column(Moment, default=now)
    expires_at: Mapped[datetime] = mapped_column(Moment, index=True)
    # Seconds without a request after which it ends.
    idle: Mapped[int] = mapped_column(Integer, default=7 * 86400, server_default=text("604800"))
    ip: Mapped[str] = mapped_column(String(45), default="")
    agent: Mapped[str] = mapped_column(String(300), default="")
    # Organisation id (as text, it is JSON) -> the branch chosen at the top of the page.
    branches: Mapped[dict[str, int]] = mapped_column(Json, default=dict, nullable=False)
    # As whom an owner looks at an organisation, see `access.viewing`.
    viewing: Mapped[dict[str, int] | None] = mapped_column(Json)


class RecoveryCode(SystemBase):
    """One way in without the second factor. Hashed, and deleted by its use."""

    __tablename__ = "core_recovery_code"
    __table_args__ = SYSTEM_INFO

    user_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("core_user.id", ondelete="CASCADE"), primary_key=True
    )
    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)


class PasswordReset(SystemBase):
    """A link by which somebody who forgot their password sets a new one. Deleted by its use."""

    __tablename__ = "core_password_reset"
    __table_args__ = SYSTEM_INFO

    user_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("core_user.id", ondelete="CASCADE"), primary_key=True
    )
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(Moment, default=now)
    expires_at: Mapped[datetime] = mapped_column(Moment)


class Invitation(SystemBase):
    """Somebody may come to work in an organisation. Deleted when they do, and when it is taken back."""

    __tablename__ = "core_invitation"
    __table_args__ = (
        UniqueConstraint("organisation_id", "email_key", name="uq_core_invitation_email"),
        SYSTEM_INFO,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    organisation_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("core_organisation.id", ondelete="CASCADE")
    )
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(254))
    name: Mapped[str] = mapped_column(String(200), default="")
    # [[role id, branch id or null], ...]
    duties: Mapped[list[list[int | None]]] = mapped_column(Json, nullable=False)
    # Who answers for it; it works for as long as they may invite. None is the operator.
    invited_by: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("core_user.id", ondelete="CASCADE"), index=True
    )
    # None until a link was made.
    token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    # The job that sends the letter last asked for; it tells how that went.
    job_id: Mapped[int | None] = mapped_column(BigId)
    created_at: Mapped[datetime] = mapped_column(Moment, default=now)
    expires_at: Mapped[datetime] = mapped_column(Moment, index=True)


class ApiToken(SystemBase):
    """A key for programs; acts as its user in one organisation. Only its hash is here."""

    __tablename__ = "core_token"
    __table_args__ = SYSTEM_INFO

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    # How its text begins, for people to tell their tokens apart.
    begins: Mapped[str] = mapped_column(String(20), default="", server_default=text("''"))
    organisation_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("core_organisation.id", ondelete="CASCADE"), index=True
    )
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("core_user.id", ondelete="CASCADE"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    # What it is narrowed to, see `access.scopes`; None is all that its person may.
    scopes: Mapped[list[str] | None] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(Moment, default=now)
    used_at: Mapped[datetime | None] = mapped_column(Moment)
    expires_at: Mapped[datetime | None] = mapped_column(Moment)


class ApiAnswer(Base):
    """What a POST with an Idempotency-Key was answered, to be said again to who repeats it within a day."""

    __tablename__ = "core_api_answer"
    __table_args__ = table_args(
        "core",
        "core_api_answer",
        UniqueConstraint("organisation_id", "caller", "key", name="uq_core_api_answer_key"),
        Index("ix_core_api_answer_at", "organisation_id", "at"),
    )

    # The token, or for who has none whatever the view tells callers apart by.
    caller: Mapped[str] = mapped_column(String(80))
    key: Mapped[str] = mapped_column(String(64))
    # A hash of method, address and body: the same key for something else is a mistake.
    fingerprint: Mapped[str] = mapped_column(String(64))
    status: Mapped[int] = mapped_column(Integer)
    headers: Mapped[dict[str, str]] = mapped_column(Json)
    body: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Moment, default=now)


class Throttle(SystemBase):
    """How often something was done lately, per key ("login:user:…", "api:token:…"; the end of most is hashed)."""

    __tablename__ = "core_throttle"
    __table_args__ = SYSTEM_INFO

    key: Mapped[str] = mapped_column(String(120), primary_key=True)
    count: Mapped[int] = mapped_column(Integer)
    last_at: Mapped[datetime] = mapped_column(Moment)
    # Nothing is let through before this moment.
    until: Mapped[datetime] = mapped_column(Moment, index=True)


class Branch(Base):
    """A place of work. An organisation always has one that is not archived."""

    __tablename__ = "core_branch"
    __table_args__ = table_args("core", "core_branch")

    name: Mapped[str] = mapped_column(String(200))
    zone: Mapped[str] = mapped_column(String(64))
    address: Mapped[str] = mapped_column(String(500), default="")
    phone: Mapped[str] = mapped_column(String(20), default="")
    created_at: Mapped[datetime] = mapped_column(Moment, default=now)
    archived_at: Mapped[datetime | None] = mapped_column(Moment)


class Role(Base):
    """What several people may do alike. A ready-made role without a title shows its translated one."""

    __tablename__ = "core_role"
    __table_args__ = table_args(
        "core", "core_role", UniqueConstraint("organisation_id", "code", name="uq_core_role_code")
    )

    code: Mapped[str] = mapped_column(String(60))
    title: Mapped[str] = mapped_column(String(200), default="")
    builtin: Mapped[bool] = mapped_column(Boolean, default=False, server_default=text("false"))
    # How many rows somebody in this role may export at once, and within a day; None is any number.
    export_rows: Mapped[int | None] = mapped_column(Integer)
    export_rows_day: Mapped[int | None] = mapped_column(Integer)


class MembershipRole(Base):
    """A member has a role, in one branch or, without one, everywhere."""

    __tablename__ = "core_membership_role"
    __table_args__ = table_args(
        "core",
        "core_membership_role",
        _link("core_membership_role", "user_id", "core_membership", key="user_id"),
        _link("core_membership_role", "role_id", "core_role"),
        _link("core_membership_role", "branch_id", "core_branch"),
        UniqueConstraint(
            "organisation_id", "user_id", "role_id", "branch_id", name="uq_core_membership_role_branch"
        ),
        # NULLs are distinct in a unique constraint, so the role that holds everywhere needs its own.
        Index(
            "uq_core_membership_role_everywhere",
            "organisation_id",
            "user_id",
            "role_id",
            unique=True,
            sqlite_where=text("branch_id IS NULL"),
            postgresql_where=text("branch_id IS NULL"),
        ),
    )

    user_id: Mapped[int] = mapped_column(BigId)
    role_id: Mapped[int] = mapped_column(BigId)
    branch_id: Mapped[int | None] = mapped_column(BigId)


class Rule(Base):
    """A permission gives (any one is enough), a restriction takes away (every one holds)."""

    __tablename__ = "core_rule"
    __table_args__ = table_args(
        "core",
        "core_rule",
        _link("core_rule", "role_id", "core_role"),
        UniqueConstraint(
            "organisation_id",
            "role_id",
            "kind",
            "permission",
            "source",
            "number",
            name="uq_core_rule_identity",
        ),
        CheckConstraint("kind IN ('permission', 'restriction')", name="kind"),
        CheckConstraint("role_id IS NOT NULL OR kind = 'restriction'", name="everyone"),
    )

    # None: everyone; restrictions only.
    role_id: Mapped[int | None] = mapped_column(BigId)
    kind: Mapped[str] = mapped_column(String(12))
    permission: Mapped[str] = mapped_column(String(120))
    # Which rows; None is all of them.
    filter: Mapped[dict[str, Any] | None] = mapped_column(Json)
    # Which fields it does not show (permission) or hides (restriction).
    fields_except: Mapped[list[str] | None] = mapped_column(Json)
    # The plugin that granted it, or "owner" for what people decided here.
    source: Mapped[str] = mapped_column(String(60))
    # Several grants of one plugin for one role and permission are told apart by their position.
    number: Mapped[int] = mapped_column(Integer, default=0, server_default=text("0"))
    # A grant that was taken away stays as an inactive row, or the plugin would give it again.
    active: Mapped[bool] = mapped_column(Boolean, default=True, server_default=text("true"))


class AccessLog(Base):
    """Who looked at personal data, which data left, and who changed what protects them; see `access.accesslog`."""

    __tablename__ = "core_access_log"
    __table_args__ = table_args(
        "core",
        "core_access_log",
        Index("ix_core_access_log_at", "organisation_id", "at"),
        Index("ix_core_access_log_row", "organisation_id", "record", "row_id", "at"),
    )

    what: Mapped[str] = mapped_column(String(20))
    record: Mapped[str] = mapped_column(String(120))
    # The row, where it was one: a card, a file, a person.
    row_id: Mapped[int | None] = mapped_column(BigId)
    row_count: Mapped[int] = mapped_column(Integer)
    fields: Mapped[list[str] | None] = mapped_column(Json)
    # The format and filter of an export, the name of a file.
    detail: Mapped[dict[str, Any] | None] = mapped_column(Json)
    user_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("core_user.id", ondelete="SET NULL"))
    at: Mapped[datetime] = mapped_column(Moment, default=now)
    ip: Mapped[str] = mapped_column(String(45), default="")


class TermsVersion(Base):
    """One revision of what an organisation tells people about their data; consents name it by `name`.

    `texts` maps languages to plain text. What has come into effect is never changed.
    """

    __tablename__ = "core_terms"
    __table_args__ = table_args(
        "core", "core_terms", UniqueConstraint("organisation_id", "name", name="uq_core_terms_name")
    )

    name: Mapped[str] = mapped_column(String(20))
    effective_on: Mapped[date] = mapped_column(Date)
    texts: Mapped[dict[str, str]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(Moment, default=now)
    created_by: Mapped[int | None] = mapped_column(BigId)
