"""Forms from what is known about a record: one colander schema, drawn by deform through the theme.

The kinds of the fields check what was typed, in the form as in every other way in; the schema only puts each
value into the box that shows it and each fault beside its box.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Literal

import colander
from colander import SchemaNode, null

from parlour.db.session import Session
from parlour.i18n import Localizer, _
from parlour.records import kinds
from parlour.records.clean import MAX_LINES
from parlour.records.defaults import defaults_of
from parlour.records.form_boxes import OFFERED, Drawing, widget_for, written
from parlour.records.query import titles
from parlour.records.registry import Field, RecordType, fields_of
from parlour.records.values import Fault
from parlour.web import widgets

Mode = Literal["quick", "full"]
VERSION = "version_seen"
ANYWAY = "save_anyway"
_NEEDED = _("This is needed.")


def schema_for(
    session: Session,
    record: RecordType,
    mode: Mode = "full",
    *,
    loc: Localizer,
    names: Collection[str] | None = None,
    suggest_url: Callable[[RecordType], str] | None = None,
) -> SchemaNode:
    """The schema of the fields that this person may write.

    "quick" asks for the quick fields and puts the others behind "more"; "full" shows all in their groups.
    `names` narrows the form to some fields (a panel of the card). Node attributes `group`, `more` and `narrow`
    are for the theme's form template.
    """
    drawing = Drawing(session, loc, defaults_of(session), suggest_url)
    schema = SchemaNode(colander.Mapping(unknown="ignore"), title="")
    schema.add(_hidden(VERSION))
    schema.add(_hidden(ANYWAY))
    fields = [item for item in fields_of(session, record, "write") if names is None or item.name in names]
    some_quick = any(item.quick for item in fields)
    for item in fields:
        node = node_for(item, drawing)
        if node is None:
            continue
        if mode == "quick" and some_quick:
            node.more = not item.quick and not item.needed
        if not (mode == "quick" and some_quick and not node.more) and names is None:
            node.group = record.groups.get(item.group, "")
        schema.add(node)
    first = next((node for node in schema if node.name not in (VERSION, ANYWAY) and not node.more), None)
    if first is not None and mode == "quick":
        first.autofocus = True
    return schema


def schema_of(
    session: Session,
    fields: Sequence[Field],
    *,
    loc: Localizer,
    suggest_url: Callable[[RecordType], str] | None = None,
) -> SchemaNode:
    """The schema of fields that stand on no record, such as an action asks for; the first one gets the focus."""
    drawing = Drawing(session, loc, defaults_of(session), suggest_url)
    schema = SchemaNode(colander.Mapping(unknown="ignore"), title="")
    for item in fields:
        node = node_for(item, drawing)
        assert node is not None, f"{item.name} cannot be filled in"
        schema.add(node)
    if fields:
        schema.children[0].autofocus = True
    return schema


def build_one(session: Session, item: Field, *, loc: Localizer) -> SchemaNode:
    """The node of one field alone, which may stay empty; for setting it on many rows."""
    node = node_for(item, Drawing(session, loc, defaults_of(session)))
    assert node is not None, f"{item.name} cannot be filled in"
    node.missing = None
    return node


def _hidden(name: str) -> SchemaNode:
    return SchemaNode(
        colander.String(),
        name=name,
        title="",
        missing=None,
        widget=widgets.HiddenWidget(),
        more=False,
        group="",
    )


def node_for(item: Field, drawing: Drawing) -> SchemaNode | None:
    """The node of one field; None for one that no form can fill in."""
    if item.storage == "part":
        return _lines_node(item, drawing)
    if item.storage == "links":
        return _links_node(item, drawing)
    if item.storage == "link":
        return _link_node(item, drawing)
    widget = widget_for(item.kind, drawing)
    if widget is None:
        return None
    if isinstance(item.kind, kinds.FileKind):
        return _node(item, widgets.Upload(), widget)
    return _node(item, ValueType(item, drawing), widget)


def _node(item: Field, typ: Any, widget: Any, **more: Any) -> SchemaNode:
    # A yes-or-no box is never missing: an empty one says no.
    needed = item.needed and not isinstance(item.kind, kinds.BooleanKind)
    return SchemaNode(
        typ,
        name=item.name,
        title=item.title,
        description=item.hint or "",
        missing=colander.required if needed else None,
        missing_msg=_NEEDED,
        widget=widget,
        group="",
        more=False,
        narrow=item.kind.name
        in ("phone", "integer", "percent", "money", "date", "moment", "birthday", "choice"),
        item=item,
        **more,
    )


class ValueType(colander.SchemaType):  # type: ignore[misc]
    """One value of a kind: shown as a person writes it, read and checked by the kind itself."""

    def __init__(self, item: Field, drawing: Drawing):
        self.item = item
        self.drawing = drawing

    def serialize(self, node: SchemaNode, appstruct: Any) -> Any:
        if appstruct is null or appstruct is None:
            return null
        return written(self.item.kind, appstruct, self.drawing)

    def deserialize(self, node: SchemaNode, cstruct: Any) -> Any:
        if cstruct is null or cstruct == "":
            return False if isinstance(self.item.kind, kinds.BooleanKind) else null
        try:
            value = self.item.kind.clean(cstruct, self.drawing.defaults)
        except Fault as fault:
            raise colander.Invalid(node, fault.message, cstruct) from fault
        return null if value is None else value


# ---- links and parts


class LinkType(colander.SchemaType):  # type: ignore[misc]
    """The row that a link leads to, by id."""

    def serialize(self, node: SchemaNode, appstruct: Any) -> Any:
        if appstruct is null or appstruct is None:
            return null
        return str(appstruct["id"] if isinstance(appstruct, Mapping) else appstruct)

    def deserialize(self, node: SchemaNode, cstruct: Any) -> Any:
        if cstruct is null or cstruct == "":
            return null
        try:
            return int(cstruct)
        except (TypeError, ValueError) as error:
            raise colander.Invalid(node, _("Choose one from the list."), cstruct) from error


class LinksType(colander.SchemaType):  # type: ignore[misc]
    """Several rows: by id, or by title where a new title makes a row."""

    def __init__(self, by_title: bool):
        self.by_title = by_title

    def serialize(self, node: SchemaNode, appstruct: Any) -> Any:
        if appstruct is null or appstruct is None:
            return null
        return [_link_word(one, self.by_title) for one in appstruct]

    def deserialize(self, node: SchemaNode, cstruct: Any) -> Any:
        if cstruct is null:
            return []
        if self.by_title:
            return [str(one) for one in cstruct]
        try:
            return [int(one) for one in cstruct]
        except (TypeError, ValueError) as error:
            raise colander.Invalid(node, _("Choose from the list."), cstruct) from error


def _link_word(one: Any, by_title: bool) -> str:
    if isinstance(one, Mapping):
        return str(one["title"] if by_title else one["id"])
    return str(one)


def _link_node(item: Field, drawing: Drawing) -> SchemaNode:
    target = item.target
    assert target is not None
    widget = widgets.LinkWidget(values=drawing.offered(target), title_of=_title_of(target, drawing))
    if drawing.suggest_url is not None and len(drawing.offered(target)) >= OFFERED:
        widget.data_url = drawing.suggest_url(target)
    return _node(item, LinkType(), widget)


def _title_of(target: RecordType, drawing: Drawing) -> Callable[[str], str | None]:
    def title_of(row_id: str) -> str | None:
        return titles(drawing.session, target, {int(row_id)}).get(int(row_id)) if row_id.isdigit() else None

    return title_of


def _links_node(item: Field, drawing: Drawing) -> SchemaNode:
    target = item.target
    assert target is not None
    offered = drawing.offered(target)
    if isinstance(item.kind, kinds.LinksKind) and item.kind.create:
        widget: Any = widgets.TagsWidget(suggestions=[title for _id, title in offered])
        if drawing.suggest_url is not None and len(offered) >= OFFERED:
            widget.data_url = drawing.suggest_url(target)
        return _node(item, LinksType(by_title=True), widget)
    if len(offered) <= 12:
        boxes = widgets.CheckboxChoiceWidget(values=offered, inline=True, grouped=True)
        return _node(item, LinksType(by_title=False), boxes)
    size = min(len(offered), 8)
    several = widgets.SelectWidget(values=offered, multiple=True, size=size)
    return _node(item, LinksType(by_title=False), several)


class LinesType(colander.Sequence):  # type: ignore[misc]
    """Lines of a part. The one marked as the main one comes first, which is how the record keeps it."""

    def deserialize(self, node: SchemaNode, cstruct: Any, accept_scalar: Any = None) -> Any:
        lines = super().deserialize(node, cstruct, accept_scalar=accept_scalar)
        if lines is null:
            return null
        ordered = sorted(lines, key=lambda line: not line.get(MAIN))
        return [{name: value for name, value in line.items() if name != MAIN} for line in ordered]

    def serialize(self, node: SchemaNode, appstruct: Any, accept_scalar: Any = None) -> Any:
        if appstruct is null or appstruct is None:
            return null
        marked = [{**line, MAIN: number == 0} for number, line in enumerate(appstruct)]
        return super().serialize(node, marked, accept_scalar=accept_scalar)


MAIN = "main_line"


def _lines_node(item: Field, drawing: Drawing) -> SchemaNode:
    line = SchemaNode(colander.Mapping(unknown="ignore"), name="line", title=item.title)
    for inner in item.lines:
        node = node_for(inner, drawing)
        if node is None:
            continue
        # A line in which nothing stands is dropped before anything is checked.
        node.narrow = inner.kind.name in ("phone", "choice", "date") or _short(inner)
        node.wide = not node.narrow and getattr(inner.kind, "max_length", 0) > 200
        line.add(node)
    several = len(item.lines) > 2
    if not several:
        # Without visible labels the boxes say themselves what they are for.
        for node in line.children[1:]:
            node.widget.placeholder = node.title
    if not item.repeats and not several:
        line.add(
            SchemaNode(
                colander.Boolean(), name=MAIN, title=_("main"), missing=False, widget=widgets.MainWidget()
            )
        )
    widget = widgets.LinesWidget(labels=several, max_len=MAX_LINES, add_title=_("Add another"))
    node = _node(item, LinesType(), widget)
    node.add(line)
    return node


def _short(inner: Field) -> bool:
    return getattr(inner.kind, "max_length", 1000) <= 60


# ---- what was typed


def show_errors(form: Any, errors: Mapping[str, Any], message: Any = None) -> None:
    """Put messages beside the boxes of a form that was filled in; those of no box stand above it."""
    wrong = colander.Invalid(form.schema, message)
    for position, child in enumerate(form.schema.children):
        if child.name in errors:
            wrong.add(colander.Invalid(child, errors[child.name]), position)
    known = {child.name for child in form.schema.children}
    others = [found for name, found in errors.items() if name not in known]
    if others:
        wrong.msg = others
    form.error = None
    form.widget.handle_error(form, wrong)


def values_of(appstruct: Mapping[str, Any], fields: Sequence[Field]) -> dict[str, Any]:
    """What a filled-in form says about the fields, without files, which are stored first."""
    return {
        item.name: appstruct[item.name]
        for item in fields
        if item.name in appstruct and not isinstance(item.kind, kinds.FileKind)
    }


def readable_values(form: Any, pstruct: Any, fields: Sequence[Field]) -> dict[str, Any]:
    """The values of the boxes that can be read so far; for looking for duplicates while somebody types."""
    found: dict[str, Any] = {}
    wanted = {item.name for item in fields if not isinstance(item.kind, kinds.FileKind)}
    for child in form.children:
        if child.name not in wanted:
            continue
        try:
            value = child.schema.deserialize(child.deserialize(pstruct.get(child.name, null)))
        except colander.Invalid:
            continue
        if value not in (None, null, [], ""):
            found[child.name] = value
    return found
