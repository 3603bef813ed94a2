"""Yes and no, sex, tags, and cells as text."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from parlour.records.parse import means_nothing, sex, tags, text_of, yes_no


@pytest.mark.parametrize("text", ["да", "Да.", "yes", "Y", "true", "1", "+", "✓", True, 1, 1.0])
def test_yes(text: object) -> None:
    assert yes_no(text) is True  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["нет", "Нет", "no", "FALSE", "0", "-", False, 0])
def test_no(text: object) -> None:
    assert yes_no(text) is False  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["", None, "может быть", "2"])
def test_neither(text: object) -> None:
    assert yes_no(text) is None  # type: ignore[arg-type]


def test_sex() -> None:
    assert {sex(word) for word in ("м", "М.", "муж", "мужской", "male", "M")} == {"male"}
    assert {sex(word) for word in ("ж", "Жен.", "женский", "FEMALE", "f", "woman")} == {"female"}
    assert sex("?") is None


def test_tags_come_apart_and_stand_once() -> None:
    assert tags("постоянный, VIP; vip|невеста\nстудент") == ["постоянный", "VIP", "невеста", "студент"]
    assert tags("") == []
    assert tags(["a, b", {"name": "c"}]) == ["a, b", "c"]


def test_groups_of_google_lose_their_star() -> None:
    assert tags("* myContacts ::: постоянный ::: * friends") == ["постоянный", "friends"]
    assert tags("myContacts") == ["myContacts"]


def test_cells_as_text() -> None:
    assert text_of(79227833359.0) == "79227833359"
    assert text_of(12.5) == "12.5"
    assert text_of(datetime(1956, 4, 8)) == "1956-04-08"  # noqa: DTZ001 - cells have no zone
    assert text_of(datetime(1956, 4, 8, 12, 30)) == "1956-04-08 12:30:00"  # noqa: DTZ001 - cells have no zone
    assert text_of(date(1956, 4, 8)) == "1956-04-08"
    assert text_of(None) == ""
    assert text_of(["a", {"number": "1", "label": ""}]) == "a\nnumber: 1"


def test_words_that_say_that_there_is_nothing() -> None:
    assert all(map(means_nothing, ("", " ", "-", "—", "нет", "Нет.", "N/A", "не указан", "null", "н/д")))
    assert not any(map(means_nothing, ("нет денег", "0", "Аня", "+")))
