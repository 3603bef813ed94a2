"""Values that go along with a file: for every row, or for rows in which the file has none, each in its field's own box."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import colander
import deform
import peppercorn
from markupsafe import Markup
from pyramid.httpexceptions import HTTPBadRequest
from pyramid.request import Request

from parlour.errors import Invalid
from parlour.i18n import _
from parlour.records.clean import clean_one, to_json
from parlour.records.defaults import defaults_of
from parlour.records.form_boxes import Drawing
from parlour.records.forms import node_for, show_errors
from parlour.records.importing.plan import Plan, importable
from parlour.records.pages.addresses import reader_of
from parlour.records.pages.shown import show
from parlour.records.query import titles
from parlour.records.registry import Field, RecordType
from parlour.records.values import Fault

FIXED, DEFAULT = "fixed", "default"
MODES = ((FIXED, _("For every row")), (DEFAULT, _("Where the file has none")))
VALUE, MODE = "value-", "mode-"


class Given:
    """The boxes of one page. `modes` says for each field that has one when its value holds."""

    def __init__(self, request: Request, record: RecordType, modes: Mapping[str, str], fresh: str = ""):
        fields = {item.name: item for item in importable(request.db, record)}
        self.request, self.fields, self.fresh = request, fields, fresh
        self.modes = {name: mode for name, mode in modes.items() if name in fields}
        drawing = Drawing(request.db, request.loc, defaults_of(request.db))
        schema = colander.SchemaNode(colander.Mapping(unknown="ignore"), title="")
        for name in self.modes:
            node = node_for(fields[name], drawing)
            assert node is not None, f"{name} cannot be filled in"
            node.name, node.missing, node.autofocus = VALUE + name, None, name == fresh
            schema.add(node)
        self.form = deform.Form(schema, formid="given", renderer=request.form_renderer)

    @classmethod
    def of_plan(cls, request: Request, record: RecordType, plan: Plan) -> Given:
        """The boxes with what a plan says."""
        modes = dict.fromkeys(plan.fixed, FIXED) | dict.fromkeys(plan.defaults, DEFAULT)
        found = cls(request, record, modes)
        kept = {**plan.fixed, **plan.defaults}
        values = {name: value_of(request, found.fields[name], kept[name]) for name in found.modes}
        filled = {VALUE + name: colander.null if value is None else value for name, value in values.items()}
        found.form.cstruct = found.form.schema.serialize(filled)
        return found

    @classmethod
    def of_form(cls, request: Request, record: RecordType, *, add: str = "", drop: str = "") -> Given:
        """The boxes as they were filled in, with a new one for the field `add` and without that of `drop`."""
        modes = {
            name.removeprefix(MODE): FIXED if mode == FIXED else DEFAULT
            for name, mode in request.POST.items()
            if name.startswith(MODE) and name != MODE + drop
        }
        if add and add not in modes:
            modes[add] = DEFAULT
        return cls(request, record, modes, fresh=add)

    def read(self) -> dict[str, Any]:
        """What was filled in, by field, as JSON. Raises Invalid; the boxes keep what was typed."""
        pairs = [pair for pair in self.request.POST.items() if pair[0] != "csrf_token"]
        try:
            typed = self.form.validate_pstruct(peppercorn.parse(pairs))
        except deform.ValidationFailure as failure:
            faults = {child.name: child.error.msg for child in self.form.children if child.error is not None}
            raise Invalid(_("Not saved yet."), {0: faults}) from failure
        except (ValueError, KeyError, TypeError, AttributeError) as error:  # not what a form of ours sends
            raise HTTPBadRequest() from error
        found, faults = {}, {}
        for name in self.modes:
            value = typed[VALUE + name]
            if value in (None, "", []):
                faults[VALUE + name] = _("This is needed.")
            else:
                found[name] = self._plain(self.fields[name], value)
        if faults:
            show_errors(self.form, faults)
            raise Invalid(_("Not saved yet."), {0: faults})
        return found

    def keep(self) -> None:
        """Take over what was typed without finding fault with it: a box was added or taken away."""
        try:
            self.read()
        except Invalid:
            for child in self.form.children:
                child.error = None

    def put_into(self, plan: Plan) -> None:
        """Write the values into a plan, in place of those that it has. Raises Invalid."""
        found = self.read()
        plan.fixed = {name: value for name, value in found.items() if self.modes[name] == FIXED}
        plan.defaults = {name: value for name, value in found.items() if self.modes[name] == DEFAULT}

    def _plain(self, item: Field, value: Any) -> Any:
        """A value as a job keeps it. Rows of other records travel with their titles, which is how files name them."""
        if item.storage not in ("link", "links"):
            return to_json(item, value)
        assert item.target is not None
        rows = value if isinstance(value, list) else [value]
        named = titles(self.request.db, item.target, {one for one in rows if isinstance(one, int)})
        both = [
            {"id": one, "title": named.get(one, "")} if isinstance(one, int) else {"title": one}
            for one in rows
        ]
        return both if item.storage == "links" else both[0]

    def drawn(self) -> dict[str, Any]:
        """What the page shows: a line for each value, and the fields that have none yet."""
        say = self.request.loc.translate
        item_template = self.form.widget.item_template
        lines = [
            {
                "name": name,
                "title": self.fields[name].title,
                "mode": mode,
                "box": Markup(self.form[VALUE + name].render_template(item_template)),
            }
            for name, mode in self.modes.items()
        ]
        return {
            "lines": lines,
            "modes": MODES,
            "fields": [
                (name, say(item.title)) for name, item in self.fields.items() if name not in self.modes
            ],
            "open": bool(lines or self.fresh),
        }


def value_of(request: Request, item: Field, kept: Any) -> Any:
    """A kept value as a row would hold it; None for one that fits no longer."""
    if item.storage == "links":
        return [one if isinstance(one, Mapping) else {"title": str(one)} for one in kept]
    if item.storage == "link":
        return kept if isinstance(kept, Mapping) and "id" in kept else None
    try:
        return clean_one(item, kept, defaults_of(request.db))
    except Fault:
        return None


def said(request: Request, record: RecordType, plan: Plan) -> Sequence[Mapping[str, Any]]:
    """What goes along with the file, for reading: a title that says when and into which field, and the value shown."""
    fields = {item.name: item for item in importable(request.db, record)}
    reader = reader_of(request)
    found = []
    for mode, values in ((FIXED, plan.fixed), (DEFAULT, plan.defaults)):
        for name, kept in values.items():
            if name in fields:
                value = show(fields[name], value_of(request, fields[name], kept), reader)
                found.append(
                    {
                        "when": dict(MODES)[mode],
                        "title": fields[name].title,
                        # A box that is not ticked has nothing to show elsewhere; here it says something.
                        "value": value or _("No"),
                    }
                )
    return found
