"""Who may do what with visits. These are starting values; people change them in the settings of roles."""

from __future__ import annotations

from parlour.i18n import _

PERMISSIONS = {
    "bookings:appointment:read": _("See visits"),
    "bookings:appointment:create": _("Book visits"),
    "bookings:appointment:write": _("Change, move and cancel visits"),
    "bookings:appointment:force": _("Put a visit over another"),
    "bookings:appointment:delete": _("Delete visits"),
    "bookings:appointment:merge": _("Merge visits"),
    "bookings:appointment:export": _("Export visits"),
    "bookings:mine:write": _("Say what becomes of one's own visits, on one's own day"),
    "bookings:line:read": _("See the services of visits"),
    "bookings:line:create": _("Add services to visits"),
    "bookings:line:write": _("Change services of visits"),
    "bookings:line:delete": _("Delete services of visits"),
    "bookings:line:merge": _("Merge services of visits"),
    "bookings:line:export": _("Export services of visits"),
    "bookings:group:read": _("See group sessions"),
    "bookings:group:create": _("Add group sessions"),
    "bookings:group:write": _("Change group sessions"),
    "bookings:group:delete": _("Delete group sessions"),
    "bookings:group:merge": _("Merge group sessions"),
    "bookings:group:export": _("Export group sessions"),
    "bookings:waiting:read": _("See the waiting list"),
    "bookings:waiting:create": _("Add to the waiting list"),
    "bookings:waiting:write": _("Change the waiting list"),
    "bookings:waiting:delete": _("Delete from the waiting list"),
    "bookings:waiting:merge": _("Merge waiting list entries"),
    "bookings:waiting:export": _("Export the waiting list"),
    "bookings:review:read": _("See reviews"),
    "bookings:review:create": _("Add reviews"),
    "bookings:review:write": _("Publish and answer reviews"),
    "bookings:review:delete": _("Delete reviews"),
    "bookings:review:merge": _("Merge reviews"),
    "bookings:review:export": _("Export reviews"),
    "bookings:treatment:read": _("See technical notes and photos of visits"),
    "bookings:treatment:create": _("Write technical notes"),
    "bookings:treatment:write": _("Change technical notes"),
    "bookings:treatment:delete": _("Delete technical notes"),
    "bookings:treatment:merge": _("Merge technical notes"),
    "bookings:treatment:export": _("Export technical notes"),
    "bookings:skill:read": _("See who does what"),
    "bookings:skill:create": _("Say who does what"),
    "bookings:skill:write": _("Change who does what"),
    "bookings:skill:delete": _("Delete who does what"),
    "bookings:skill:merge": _("Merge lines of who does what"),
    "bookings:skill:export": _("Export who does what"),
    "bookings:grade_price:read": _("See prices of grades"),
    "bookings:grade_price:create": _("Add prices of grades"),
    "bookings:grade_price:write": _("Change prices of grades"),
    "bookings:grade_price:delete": _("Delete prices of grades"),
    "bookings:grade_price:merge": _("Merge prices of grades"),
    "bookings:grade_price:export": _("Export prices of grades"),
    "bookings:need:read": _("See where services are done"),
    "bookings:need:create": _("Say where services are done"),
    "bookings:need:write": _("Change where services are done"),
    "bookings:need:delete": _("Delete where services are done"),
    "bookings:need:merge": _("Merge lines of where services are done"),
    "bookings:need:export": _("Export where services are done"),
}
# What is written about a client's hair or skin is for those who see to it.
_NOTES = "bookings:treatment:"
_READ = [each for each in PERMISSIONS if each.endswith(":read") and not each.startswith(_NOTES)]
_NOTING = [f"{_NOTES}{act}" for act in ("read", "create", "write")]
_DESK = [
    "bookings:waiting:create",
    "bookings:waiting:write",
    "bookings:appointment:create",
    "bookings:appointment:write",
    "bookings:line:create",
    "bookings:line:write",
]

GRANTS = {
    "manager": [*PERMISSIONS],
    "receptionist": [*_READ, *_DESK, *_NOTING],
    "specialist": [*_READ, *_NOTING, "bookings:mine:write"],
    "accountant": [*_READ, "bookings:appointment:export", "bookings:line:export"],
    "organiser": _READ,
}
