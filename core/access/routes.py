"""The pages of access."""

from __future__ import annotations

from pyramid.config import Configurator

from parlour.access.settings_nav import SettingsPage
from parlour.i18n import _
from parlour.web.slots import MenuItem

SETTINGS = "/o/{organisation}/settings"
PAGES = (
    SettingsPage(
        title=_("Organisation"),
        route="settings.organisation",
        permission="core:settings:read",
        icon="store",
        group="place",
        sequence=10,
    ),
    SettingsPage(
        title=_("Branches"),
        route="settings.branches",
        permission="core:settings:read",
        icon="map-pin",
        group="place",
        sequence=20,
    ),
    SettingsPage(
        title=_("Personal data"),
        route="settings.terms",
        permission="core:settings:read",
        icon="scroll-text",
        group="place",
        sequence=30,
    ),
    SettingsPage(
        title=_("Who works here"),
        route="settings.members",
        permission="core:users:read",
        icon="users",
        group="people",
        sequence=10,
    ),
    SettingsPage(
        title=_("Roles"),
        route="settings.roles",
        permission="core:users:read",
        icon="key-round",
        group="people",
        sequence=20,
    ),
    SettingsPage(
        title=_("Logging in"),
        route="settings.security",
        permission="core:users:read",
        icon="shield-check",
        group="people",
        sequence=90,
    ),
    SettingsPage(
        title=_("Tokens for programs"),
        route="settings.tokens",
        permission="core:tokens:write",
        icon="plug",
        group="work",
        sequence=80,
    ),
    SettingsPage(
        title=_("Explain rights"),
        route="settings.explain",
        permission="core:roles:write",
        icon="circle-question-mark",
        group="people",
        sequence=30,
    ),
    SettingsPage(
        title=_("Protection"),
        route="settings.safety",
        permission="core:roles:write",
        icon="shield",
        group="people",
        sequence=40,
    ),
    SettingsPage(
        title=_("Who saw what"),
        route="settings.log",
        permission="core:log:read",
        icon="eye",
        group="people",
        sequence=50,
    ),
)


def includeme(config: Configurator) -> None:
    # In and out.
    config.add_route("home", "/")
    config.add_route("login", "/login")
    config.add_route("login.code", "/login/code")
    config.add_route("logout", "/logout")
    config.add_route("setup", "/setup")
    config.add_route("forgot", "/forgot")
    config.add_route("reset", "/reset/{token}")
    # What everybody may read. No organisation is entered by these addresses.
    config.add_route("terms", "/terms/{salon}")
    config.add_route("cookies", "/cookies")
    config.add_route("colours", r"/colours/{colour:[0-9a-f]{6}}.css")
    config.add_route("join", "/join/{token}")
    # What a person decides about themselves.
    config.add_route("me", "/me")
    config.add_route("me.password", "/me/password")
    config.add_route("me.logouts", "/me/logouts")
    config.add_route("me.logout", r"/me/logouts/{mark:[0-9a-f]{20}}")
    config.add_route("me.factor", "/me/factor")
    config.add_route("me.factor.codes", "/me/factor/codes")
    config.add_route("me.factor.off", "/me/factor/off")
    config.add_route("language", "/language")
    config.add_route("theme", "/theme")
    config.add_route("branch", "/o/{organisation}/branch")
    # What an organisation decides.
    config.add_route("settings", SETTINGS)
    config.add_route("settings.organisation", f"{SETTINGS}/organisation")
    config.add_route("settings.colour", f"{SETTINGS}/organisation/colour")
    config.add_route("settings.terms", f"{SETTINGS}/terms")
    config.add_route("settings.terms.new", f"{SETTINGS}/terms/new")
    config.add_route("settings.terms.version", rf"{SETTINGS}/terms/{{id:\d{{1,18}}}}")
    config.add_route("settings.terms.remove", rf"{SETTINGS}/terms/{{id:\d{{1,18}}}}/remove")
    config.add_route("settings.branches", f"{SETTINGS}/branches")
    config.add_route("settings.branch.new", f"{SETTINGS}/branches/new")
    config.add_route("settings.branch", rf"{SETTINGS}/branches/{{id:\d{{1,18}}}}")
    config.add_route("settings.branch.archive", rf"{SETTINGS}/branches/{{id:\d{{1,18}}}}/archive")
    config.add_route("settings.members", f"{SETTINGS}/members")
    config.add_route("settings.member.new", f"{SETTINGS}/members/new")
    config.add_route("settings.member", rf"{SETTINGS}/members/{{id:\d{{1,18}}}}")
    config.add_route("settings.member.active", rf"{SETTINGS}/members/{{id:\d{{1,18}}}}/active")
    config.add_route("settings.member.remove", rf"{SETTINGS}/members/{{id:\d{{1,18}}}}/remove")
    config.add_route("settings.member.password", rf"{SETTINGS}/members/{{id:\d{{1,18}}}}/password")
    config.add_route("settings.member.factor", rf"{SETTINGS}/members/{{id:\d{{1,18}}}}/factor")
    config.add_route("settings.invite", f"{SETTINGS}/members/invite")
    config.add_route("settings.invitation", rf"{SETTINGS}/members/invitations/{{id:\d{{1,18}}}}")
    config.add_route("settings.security", f"{SETTINGS}/security")
    config.add_route("settings.roles", f"{SETTINGS}/roles")
    config.add_route("settings.role.new", f"{SETTINGS}/roles/new")
    config.add_route("settings.role", rf"{SETTINGS}/roles/{{id:\d{{1,18}}}}")
    role = rf"{SETTINGS}/roles/{{id:\d{{1,18}}}}"
    for verb in ("reset", "compare", "view"):
        config.add_route(f"settings.role.{verb}", f"{role}/{verb}")
    config.add_route("settings.role.record", f"{role}/r/{{record}}")
    config.add_route("settings.role.rows", f"{role}/r/{{record}}/rows")
    config.add_route("settings.role.lift", rf"{role}/restrictions/{{rule:\d{{1,18}}}}/lift")
    config.add_route("settings.member.view", rf"{SETTINGS}/members/{{id:\d{{1,18}}}}/view")
    config.add_route("settings.explain", f"{SETTINGS}/explain")
    config.add_route("settings.safety", f"{SETTINGS}/safety")
    config.add_route("viewing.stop", "/viewing/stop")
    config.add_route("settings.role.remove", rf"{SETTINGS}/roles/{{id:\d{{1,18}}}}/remove")
    config.add_route("settings.tokens", f"{SETTINGS}/tokens")
    config.add_route("settings.token.revoke", rf"{SETTINGS}/tokens/{{id:\d{{1,18}}}}/revoke")
    config.add_route("settings.plugin", f"{SETTINGS}/plugins/{{plugin}}")
    config.add_route("settings.log", f"{SETTINGS}/log")
    for page in PAGES:
        config.add_settings_page(page)
    config.add_menu_item(
        MenuItem(
            title=_("Settings"),
            route="settings",
            icon="settings-2",
            group="settings",
            permission="core:settings:read",
            sequence=900,
        )
    )
    config.scan("parlour.access.views")
    config.add_request_method("parlour.access.views.roles.permission_titles", reify=True)
