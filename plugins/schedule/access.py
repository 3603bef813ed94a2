"""Who may do what with the schedule. These are starting values; people change them in the settings of roles."""

from __future__ import annotations

from parlour.i18n import _

PERMISSIONS = {
    "schedule:staff:read": _("See specialists and their hours"),
    "schedule:staff:create": _("Add specialists"),
    "schedule:staff:write": _("Change specialists and their hours"),
    "schedule:staff:delete": _("Delete specialists"),
    "schedule:staff:merge": _("Merge specialists"),
    "schedule:staff:export": _("Export specialists"),
    "schedule:resource:read": _("See rooms and equipment"),
    "schedule:resource:create": _("Add rooms and equipment"),
    "schedule:resource:write": _("Change rooms and equipment"),
    "schedule:resource:delete": _("Delete rooms and equipment"),
    "schedule:resource:merge": _("Merge rooms and equipment"),
    "schedule:resource:export": _("Export rooms and equipment"),
    "schedule:resource_type:read": _("See types of resources"),
    "schedule:resource_type:create": _("Add types of resources"),
    "schedule:resource_type:write": _("Change types of resources"),
    "schedule:resource_type:delete": _("Delete types of resources"),
    "schedule:resource_type:merge": _("Merge types of resources"),
    "schedule:resource_type:export": _("Export types of resources"),
    "schedule:grade:read": _("See grades"),
    "schedule:grade:create": _("Add grades"),
    "schedule:grade:write": _("Change grades"),
    "schedule:grade:delete": _("Delete grades"),
    "schedule:grade:merge": _("Merge grades"),
    "schedule:grade:export": _("Export grades"),
    "schedule:shift:read": _("See shifts"),
    "schedule:shift:create": _("Add shifts"),
    "schedule:shift:write": _("Change shifts"),
    "schedule:shift:delete": _("Delete shifts"),
    "schedule:shift:merge": _("Merge shifts"),
    "schedule:shift:export": _("Export shifts"),
    "schedule:absence:read": _("See absences and holidays"),
    "schedule:absence:create": _("Add absences and holidays"),
    "schedule:absence:write": _("Change absences and holidays"),
    "schedule:absence:delete": _("Delete absences and holidays"),
    "schedule:absence:merge": _("Merge absences"),
    "schedule:absence:export": _("Export absences and holidays"),
    "schedule:calendar:share": _("Give out secret links to the calendars of specialists and rooms"),
    "schedule:calendar:read": _("See which outside calendars are read"),
    "schedule:calendar:create": _("Add outside calendars"),
    "schedule:calendar:write": _("Change outside calendars"),
    "schedule:calendar:delete": _("Delete outside calendars"),
    "schedule:calendar:merge": _("Merge outside calendars"),
    "schedule:calendar:export": _("Export outside calendars"),
    "schedule:calendar.url:read": _("See addresses of outside calendars"),
    "schedule:calendar.url:write": _("Write addresses of outside calendars"),
}
_READ = [each for each in PERMISSIONS if each.endswith(":read")]
_DESK = ["schedule:absence:create", "schedule:absence:write", "schedule:absence:delete"]

GRANTS = {
    "manager": [*PERMISSIONS],
    "receptionist": [*_READ, *_DESK],
    "specialist": _READ,
    "accountant": [*_READ, "schedule:staff:export", "schedule:shift:export", "schedule:absence:export"],
    "organiser": _READ,
}
