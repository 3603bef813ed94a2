"""Who may do what with the catalogue. These are starting values; people change them in the settings of roles."""

from __future__ import annotations

from parlour.i18n import _

PERMISSIONS = {
    "catalog:item:read": _("See services and goods"),
    "catalog:item:create": _("Add services and goods"),
    "catalog:item:write": _("Change services, goods and prices"),
    "catalog:item:delete": _("Delete services and goods"),
    "catalog:item:merge": _("Merge services and goods"),
    "catalog:item:export": _("Export services and goods"),
    "catalog:category:read": _("See categories of items"),
    "catalog:category:create": _("Add categories of items"),
    "catalog:category:write": _("Change categories of items"),
    "catalog:category:delete": _("Delete categories of items"),
    "catalog:category:merge": _("Merge categories of items"),
    "catalog:category:export": _("Export categories of items"),
    "catalog:tax:read": _("See taxes"),
    "catalog:tax:create": _("Add taxes"),
    "catalog:tax:write": _("Change taxes"),
    "catalog:tax:delete": _("Delete taxes"),
    "catalog:tax:merge": _("Merge taxes"),
    "catalog:tax:export": _("Export taxes"),
}
_READ = ["catalog:item:read", "catalog:category:read", "catalog:tax:read"]

GRANTS = {
    "manager": [*PERMISSIONS],
    "receptionist": _READ,
    "specialist": _READ,
    "accountant": [*_READ, "catalog:item:export"],
    "organiser": [*_READ, "catalog:item:create", "catalog:item:write"],
}
