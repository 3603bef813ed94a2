"""The generic pages of every record: list, preview, card, form, history, bulk work, merge."""

from parlour.web.slots import CardContext

__all__ = ["CardContext"]
