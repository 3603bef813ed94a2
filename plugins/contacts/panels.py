"""The parts that the plugin puts on pages: loud lines and figures of a card, panels beside it, birthdays of the week."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import select

from parlour.access import terms
from parlour.access.rules import allows
from parlour.db.session import Session
from parlour.i18n import _
from parlour.plugins.contacts import services
from parlour.plugins.contacts.derived import missing
from parlour.plugins.contacts.happenings import SOURCE_TITLES, consent_words
from parlour.plugins.contacts.lists import PLACES
from parlour.plugins.contacts.models import Contact
from parlour.records.defaults import defaults_of
from parlour.web.slots import (
    CARD_FIGURES,
    CARD_LOUD,
    CARD_MAIN,
    CARD_SIDE,
    TODAY,
    CardContext,
    Figure,
    LoudLine,
    PageContext,
    SlotItem,
)

LOUD_LENGTH = 160
BIRTHDAY_DAYS = 7
_PLACE_TITLES = dict(PLACES)


def parts_of(session: Session, slot: str, context: Any) -> list[SlotItem]:
    """Everything that the plugin puts into a slot."""
    if slot == TODAY:
        return _today(session, context)
    make = _ON_CARDS.get(slot)
    if make is None or not isinstance(context, CardContext) or context.record.cls is not Contact:
        return []
    return make(session, context)


# ---- the card of a client


def _loud(session: Session, context: CardContext) -> list[SlotItem]:
    """What staff must not miss. A field that the reader may not see is not in the row."""
    row = context.row
    lines: list[SlotItem] = []
    if row.get("must_know"):
        lines.append(LoudLine(text=row["must_know"], icon="megaphone", sequence=10))
    if row.get("health_notes"):
        lines.append(LoudLine(text=_shortened(row["health_notes"]), icon="heart-pulse", sequence=20))
    if row.get("blocked"):
        reason = row.get("blocked_reason")
        text = (
            _("On the block-list: ${reason}", mapping={"reason": reason})
            if reason
            else _("On the block-list")
        )
        lines.append(LoudLine(text=text, icon="ban", sequence=30))
    if row.get("silent"):
        lines.append(LoudLine(text=_("Wants no advertising"), icon="bell-off", sequence=40))
    return lines


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LOUD_LENGTH else f"{line[: LOUD_LENGTH - 1].rstrip()}…"


def _figures(session: Session, context: CardContext) -> list[SlotItem]:
    loc, row = context.loc, context.row
    figures: list[SlotItem] = []
    since = row.get("client_since")
    if since is None:
        since = session.execute(
            select(Contact.created_at).where(Contact.id == context.id)
        ).scalar_one_or_none()
    if since is not None:
        figures.append(Figure(title=_("Client since"), value=loc.date(since), sequence=10))
    if row.get("birthday"):
        figures.append(_birthday_figure(session, context, row["birthday"]))
    if row.get("spent_before") and row["spent_before"].amount:
        spent = row["spent_before"]
        value = loc.money(spent.amount, spent.currency)
        figures.append(Figure(title=_("Spent before"), value=value, sub=_("before Parlour"), sequence=90))
    if "complete" in row and not row["complete"]:
        titles = [context.record.field(name).title for name in missing(row) if name in row]
        lacking = ", ".join(loc.translate(title) for title in titles)
        if lacking:
            figures.append(
                Figure(title=_("Card"), value=_("Incomplete"), sub=lacking, tone="warn", sequence=95)
            )
    return figures


def _birthday_figure(session: Session, context: CardContext, born: str) -> SlotItem:
    today = defaults_of(session).today()
    coming = services.next_birthday(born, today)
    days = (coming - today).days
    age = None if born.startswith("--") else today.year - int(born[:4]) - (f"{today:%m-%d}" < born[-5:])
    when = (
        _("today")
        if days == 0
        else _("tomorrow")
        if days == 1
        else context.loc.day_month(coming.month, coming.day)
    )
    if age is None:
        return Figure(title=_("Birthday"), value=when, sequence=20)
    value = context.loc.plural("${n} year", "${n} years", age)
    return Figure(title=_("Age"), value=value, sub=_("birthday ${when}", mapping={"when": when}), sequence=20)


def _main(session: Session, context: CardContext) -> list[SlotItem]:
    if not allows(session, "contacts:note:create"):
        return []
    return [SlotItem(template="contacts/add_note.jinja2", context={"contact_id": context.id}, sequence=10)]


def _side(session: Session, context: CardContext) -> list[SlotItem]:
    parts: list[SlotItem] = []
    if allows(session, "contacts:position:read"):
        company = context.row.get("kind") == "company"
        find: Callable[..., list[dict[str, Any]]] = services.people_of if company else services.companies_of
        places = [
            _place(context, row, "person" if company else "company") for row in find(session, context.id)
        ]
        may_add = allows(session, "contacts:position:create")
        if places or (company and may_add):
            values = {"places": places, "company": company, "may_add": may_add, "contact_id": context.id}
            parts.append(SlotItem(template="contacts/places.jinja2", context=values, sequence=20))
    if allows(session, "contacts:consent:read") and context.row.get("kind") != "company":
        published = {one.name for one in terms.in_effect(session)}
        agreed = [
            {
                "words": consent_words(one.purpose, one.channel),
                "given": one.given,
                "when": context.loc.date(one.at),
                "source": SOURCE_TITLES.get(one.source, one.source),
                "version": one.version_of_text,
                "published": one.version_of_text in published,
            }
            for one in services.consents_of(session, context.id)
        ]
        values = {
            "agreed": agreed,
            "may_add": allows(session, "contacts:consent:create"),
            "contact_id": context.id,
        }
        parts.append(SlotItem(template="contacts/consents.jinja2", context=values, sequence=30))
    return parts


def _place(context: CardContext, row: Mapping[str, Any], side: str) -> dict[str, Any]:
    """A contact person (or a company) as the panel shows it."""
    loc = context.loc
    other = row[side]
    ended = row.get("until")
    return {
        "id": other["id"],
        "title": other["title"],
        "url": context.url("record.card", record="contacts.contact", id=other["id"]),
        "edit_url": context.url("record.edit", record="contacts.position", id=row["id"]),
        "job": row.get("title") or "",
        "category": _PLACE_TITLES.get(row.get("category") or "", ""),
        "main": row.get("category") in ("decision_maker", "main"),
        "phone": loc.phone(row["work_phone"]) if row.get("work_phone") else "",
        "phone_url": f"tel:{row['work_phone']}" if row.get("work_phone") else "",
        "email": row.get("work_email") or "",
        "until": loc.date(ended) if ended else "",
    }


# ---- today


def _today(session: Session, context: PageContext) -> list[SlotItem]:
    if not allows(session, "contacts:contact:read"):
        return []
    parts: list[SlotItem] = []
    near = [birthday_item(context, one) for one in services.birthdays(session, BIRTHDAY_DAYS, limit=8)]
    if near:
        values = {"birthdays": near}
        parts.append(SlotItem(template="contacts/today_birthdays.jinja2", context=values, sequence=60))
    newest = [
        {
            "id": one.id,
            "title": one.name,
            "url": context.url("record.card", record="contacts.contact", id=one.id),
            "sub": context.loc.phone(one.phone) if one.phone else "",
            "when": context.loc.ago(one.at),
            "exactly": context.loc.moment(one.at, "long"),
        }
        for one in services.newcomers(session, limit=8)
    ]
    if newest:
        values = {"newest": newest}
        parts.append(SlotItem(template="contacts/today_newest.jinja2", context=values, sequence=70))
    return parts


def birthday_item(context: PageContext, one: services.Birthday) -> dict[str, Any]:
    """A birthday as lists of birthdays show it."""
    loc = context.loc
    when = (
        _("today")
        if one.days == 0
        else _("tomorrow")
        if one.days == 1
        else loc.day_month(one.day.month, one.day.day)
    )
    return {
        "id": one.id,
        "title": one.name,
        "url": context.url("record.card", record="contacts.contact", id=one.id),
        "when": loc.translate(when),
        "today": one.days == 0,
        "turns": loc.plural("turns ${n}", "turns ${n}", one.turns) if one.turns else "",
    }


_ON_CARDS: dict[str, Callable[[Session, CardContext], list[SlotItem]]] = {
    CARD_LOUD: _loud,
    CARD_FIGURES: _figures,
    CARD_MAIN: _main,
    CARD_SIDE: _side,
}
