"""The routes of the plugin's own pages; what they show stands in `frontdesk`."""

from __future__ import annotations

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    config.add_route("bookings.day", "/day")
    # Below the day's address, so that the menu shows where they belong.
    config.add_route("bookings.week", "/day/week")
    config.add_route("bookings.list", "/day/list")
    config.add_route("bookings.free", "/day/free")
    # Another grid is another address.
    config.add_route("bookings.rows", "/rows-5.css")
    config.add_route("bookings.book", "/book")
    config.add_route("bookings.block", "/block")
    config.add_route("bookings.landing", "/landing")
    config.add_route("bookings.repeat", r"/visits/{id:\d{1,18}}/repeat")
    config.add_route("bookings.due", "/due")
    config.add_route("bookings.uncovered", "/uncovered")
    config.add_route("bookings.offer", "/offer")
    config.add_route("bookings.my_day", "/my-day")
    for module in (
        "calendar_pages",
        "calendar_list",
        "desk_pages",
        "due",
        "finding_pages",
        "hand_pages",
        "my_day",
        "repeat_pages",
        "uncovered",
        "waiting_pages",
    ):
        config.scan(f"parlour.plugins.bookings.frontdesk.{module}")
