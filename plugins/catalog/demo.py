"""The price list of the demo's salon."""

from __future__ import annotations

from datetime import timedelta

from parlour.db.session import Session
from parlour.plugins.catalog.models import Category, Item, Tax
from parlour.records.defaults import defaults_of
from parlour.records.write import Change, open_change_set, write
from parlour.settings import Settings

# Category, name in English and Russian, type, unit, price in roubles.
ITEMS = (
    ("Hair", "Волосы", "Haircut", "Стрижка женская", "service", "visit", 2500),
    ("Hair", "Волосы", "Men's haircut", "Стрижка мужская", "service", "visit", 1500),
    ("Hair", "Волосы", "Colouring, one tone", "Окрашивание в один тон", "service", "visit", 5200),
    ("Hair", "Волосы", "Highlights", "Мелирование", "service", "visit", 6900),
    ("Hair", "Волосы", "Blow-dry", "Укладка", "service", "visit", 1800),
    ("Nails", "Ногти", "Manicure", "Маникюр", "service", "visit", 1400),
    ("Nails", "Ногти", "Manicure with gel polish", "Маникюр с покрытием", "service", "visit", 2300),
    ("Nails", "Ногти", "Pedicure", "Педикюр", "service", "visit", 2600),
    ("Face", "Лицо", "Brows", "Коррекция бровей", "service", "visit", 900),
    ("Face", "Лицо", "Lash lamination", "Ламинирование ресниц", "service", "visit", 2700),
    ("Face", "Лицо", "Facial", "Уход за лицом", "service", "visit", 3900),
    ("Goods", "Товары", "Shampoo, 250 ml", "Шампунь, 250 мл", "goods", "piece", 1290),
    ("Goods", "Товары", "Hair mask, 200 ml", "Маска для волос, 200 мл", "goods", "piece", 1650),
    ("Goods", "Товары", "Cuticle oil", "Масло для кутикулы", "goods", "piece", 590),
    ("Gifts", "Подарки", "Gift card", "Подарочный сертификат", "gift_card", "piece", 5000),
    ("Hair", "Волосы", "Treatment mask", "Маска-уход для волос", "service", "visit", 1200),
    ("Hair", "Волосы", "Styling class", "Мастер-класс по укладке", "service", "visit", 1900),
    ("Face", "Лицо", "Face yoga", "Йога для лица", "service", "visit", 900),
)
# From next month on these cost so much more.
RISE = {"Haircut": 2700, "Manicure": 1500}


def furnish(session: Session, settings: Settings | None = None) -> None:
    """Write the price list into the session's organisation, with two prices that rise next month."""
    defaults = defaults_of(session)
    russian = defaults.locale.startswith("ru")
    change_set = open_change_set(session, label="demo")
    headings = dict.fromkeys(line[:2] for line in ITEMS)
    made = write(
        session,
        Category,
        [Change({"name": pair[russian], "names": [_other(russian, *pair)]}) for pair in headings],
        change_set=change_set,
    )
    categories = {pair[0]: row_id for pair, row_id in zip(headings, made.ids, strict=True)}
    vat = {"name": "НДС 5 %" if russian else "VAT 5 %", "rate": "5"}
    tax = write(session, Tax, [Change(vat)], change_set=change_set).ids[0]
    rise = (defaults.today().replace(day=1) + timedelta(days=32)).replace(day=1)
    changes = []
    for number, (heading, _russian, name, translated, kind, unit, price) in enumerate(ITEMS, 1):
        prices = [{"price": str(price)}]
        if name in RISE:
            prices.append({"price": str(RISE[name]), "since": rise.isoformat()})
        changes.append(
            Change(
                {
                    "name": translated if russian else name,
                    "type": kind,
                    "category": categories[heading],
                    "unit": unit,
                    "tax": tax,
                    "code": f"{number:03}",
                    "prices": prices,
                    "names": [_other(russian, name, translated)],
                }
            )
        )
    write(session, Item, changes, change_set=change_set)


def _other(russian: bool, english: str, translated: str) -> dict[str, str]:
    """What something is called in the language that is not the salon's."""
    return {"text": english, "language": "en"} if russian else {"text": translated, "language": "ru"}
