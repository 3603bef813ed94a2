"""The plugin has no pages of its own yet; its box for times of day is the browser's."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator

from parlour.plugins.schedule.kinds import ClockKind
from parlour.records.form_boxes import Drawing, widget_for
from parlour.web import widgets


def includeme(config: Configurator) -> None:
    pass


@widget_for.register
def _clock(kind: ClockKind, drawing: Drawing) -> Any:
    return widgets.TimeWidget()
