"""Items, what they are called elsewhere, what they cost, and the lists that they are sorted by."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Mapped

from parlour.i18n import LANGUAGES, _
from parlour.records.declare import branch, choice, day, image, link, money, percent, record_base, spelt, text

Record = record_base("catalog")

TYPES = (
    ("service", _("Service")),
    ("goods", _("Goods")),
    ("gift_card", _("Gift card")),
    ("pass", _("Pass")),
)
# How files say it besides.
TYPE_SPELLINGS = spelt(
    {
        "service": "услуга, услуги, работа, процедура, services",
        "goods": "товар, товары, материал, косметика, product, products, item",
        "gift_card": "сертификат, подарочный сертификат, certificate, gift certificate, voucher",
        "pass": "абонемент, абонементы, membership, subscription, course",
    }
)
UNITS = (
    ("piece", _("pcs")),
    ("pack", _("pack")),
    ("minute", _("min")),
    ("hour", _("h")),
    ("visit", _("visit")),
    ("gram", _("g")),
    ("kilogram", _("kg")),
    ("millilitre", _("ml")),
    ("litre", _("l")),
    ("metre", _("m")),
)
UNIT_SPELLINGS = spelt(
    {
        "piece": "шт., штука, piece, pc, each",
        "pack": "уп, уп., упак, упаковка",
        "minute": "минута, минут, minute, minutes",
        "hour": "ч, ч., час, hour, hours",
        "visit": "сеанс, session",
        "gram": "гр, гр., грамм, gram",
        "kilogram": "килограмм, kilogram",
        "millilitre": "миллилитр, millilitre, milliliter",
        "litre": "литр, litre, liter",
        "metre": "метр, metre, meter",
    }
)


class Category(
    Record,
    name="catalog.category",
    title=_("Category of items"),
    plural=_("Categories of items"),
    new_title=_("New category of items"),
    icon="folder-tree",
    lookup=True,
):
    """A heading of the price list: haircuts, colouring, goods for hair."""

    name: Mapped[str] = text(
        _("Title"), required=True, unique=True, search=True, sort=True, listed=True, quick=True, sequence=10
    )


class Tax(
    Record,
    name="catalog.tax",
    title=_("Tax"),
    plural=_("Taxes"),
    new_title=_("New tax"),
    icon="percent",
    lookup=True,
):
    """A tax that is contained in prices."""

    name: Mapped[str] = text(
        _("Title"), required=True, unique=True, search=True, sort=True, listed=True, quick=True, sequence=10
    )
    rate: Mapped[Decimal] = percent(_("Rate"), required=True, listed=True, quick=True, sequence=11)


class Item(
    Record,
    name="catalog.item",
    title=_("Item"),
    plural=_("Services and goods"),
    new_title=_("New service or goods"),
    icon="tags",
):
    """Something that is sold. What else is known about it (how long a service takes, what is in stock), other plugins add."""

    name: Mapped[str] = text(
        _("Title"),
        required=True,
        search=True,
        sort=True,
        listed=True,
        quick=True,
        sequence=10,
        aliases=("name", "услуга", "наименование", "номенклатура", "товар", "service", "product"),
    )
    type: Mapped[str] = choice(
        _("Type"),
        TYPES,
        spellings=TYPE_SPELLINGS,
        required=True,
        default="service",
        listed=True,
        quick=True,
        sequence=11,
    )
    category: Mapped[Category | None] = link(
        Category,
        _("Category"),
        reverse="items",
        search=True,
        listed=True,
        quick=True,
        sequence=12,
        aliases=("группа", "раздел", "group"),
    )
    unit: Mapped[str | None] = choice(
        _("Unit"), UNITS, spellings=UNIT_SPELLINGS, sequence=14, aliases=("ед. изм.", "единица измерения")
    )
    tax: Mapped[Tax | None] = link(
        Tax,
        _("Tax"),
        reverse="items",
        sequence=15,
        hint=_("It is contained in the price."),
        aliases=("ндс", "vat"),
    )
    code: Mapped[str | None] = text(
        _("Code"),
        search=True,
        sort=True,
        unique=True,
        max_length=60,
        sequence=16,
        hint=_("Your own number for it; a file that is imported again finds it by that."),
        aliases=("артикул", "sku"),
    )
    barcode: Mapped[str | None] = text(
        _("Bar code"), search=True, unique=True, max_length=60, sequence=17, aliases=("штрихкод", "ean")
    )
    photo = image(_("Photo"), sequence=18)
    description: Mapped[str | None] = text(
        _("Description"), multiline=True, sequence=19, hint=_("Clients read it where they choose.")
    )


class ItemPrice(
    Record,
    name="catalog.price",
    part_of=Item,
    field="prices",
    title=_("Prices"),
    options={
        "listed": True,
        "quick": True,
        "repeats": True,
        "sequence": 13,
        "aliases": ("цена", "стоимость", "price"),
    },
):
    """What an item costs from a day on, in one branch or everywhere; see `services.prices_of`."""

    price = money(_("Price"), required=True, sequence=10)
    since: Mapped[date | None] = day(_("Begins on"), sequence=11, hint=_("Empty: it always was so."))
    branch: Mapped[int | None] = branch(_("Branch"), sequence=12, hint=_("Empty: everywhere."))


class ItemName(
    Record,
    name="catalog.name",
    part_of=Item,
    field="names",
    title=_("Name in other languages"),
    options={"search": True, "repeats": True, "sequence": 20},
):
    """What an item is called for clients who read another language."""

    text: Mapped[str] = text(_("Title"), required=True, search=True, sequence=10)
    language: Mapped[str] = choice(_("Language"), tuple(LANGUAGES.items()), required=True, sequence=11)


class CategoryName(
    Record,
    name="catalog.category_name",
    part_of=Category,
    field="names",
    title=_("Name in other languages"),
    options={"repeats": True, "sequence": 20},
):
    """What a heading of the price list is called for clients who read another language."""

    text: Mapped[str] = text(_("Title"), required=True, sequence=10)
    language: Mapped[str] = choice(_("Language"), tuple(LANGUAGES.items()), required=True, sequence=11)
