"""What a salon sells: services, goods, gift cards and passes, with their prices.

An item has one name, one type and one unit; a price lives only here, for a branch or for all, from a day on. Plugins that
book, sell or stock items extend them and keep no price of their own.
"""

from parlour.i18n import _
from parlour.plugin.manifest import Plugin

plugin = Plugin(
    name="catalog",
    title=_("Catalogue"),
    summary=_("Services and goods with their prices, per branch and from a day on."),
    description=_(
        "Services, goods, gift cards and passes in categories, with taxes, units, bar codes and names in other languages."
        " A price holds for one branch or for all, from a day on, so that tomorrow's prices are entered today."
    ),
    version="0.1.0",
    icon="tags",
    category="desk",
)
