"""Every language is complete: a text that is missing, doubtful or stale in a translation fails here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from parlour.i18n import LOCALES
from parlour.testing import messages, untranslated
from parlour.testing.messages import Domain

ROOT = Path(__file__).parents[1]
DOMAINS = [
    *messages.of_repository(ROOT),
    messages.of_package(ROOT / "tests/vendor_sample/parlour_visitors", "visitors"),
]
SAME = messages.allowed(ROOT / "tests/same_in_both_languages.txt")
TRANSLATIONS = [locale for locale in LOCALES if locale != messages.SOURCE_LOCALE]


def _ours(pattern: str) -> Iterator[Path]:
    for domain in DOMAINS:
        for folder in domain.folders:
            yield from sorted(folder.rglob(pattern))


@pytest.mark.parametrize("locale", TRANSLATIONS)
@pytest.mark.parametrize("domain", DOMAINS, ids=lambda domain: domain.name)
def test_every_text_is_translated_once_and_for_good(domain: Domain, locale: str) -> None:
    found = messages.faults(domain, locale, SAME)
    assert not found, "\n".join(["Run `make messages`, then translate:", *found])


@pytest.mark.parametrize("locale", TRANSLATIONS)
def test_a_text_reads_the_same_wherever_it_is_used(locale: str) -> None:
    """Catalogues are merged, so a second translation of one text would never be seen."""
    seen: dict[tuple[object, object], tuple[str, object]] = {}
    for domain in DOMAINS:
        for item in messages.read(domain.po(locale), locale):
            if item.id and item.string:
                key = (item.id, item.context)
                name, string = seen.setdefault(key, (domain.name, item.string))
                assert string == item.string, f"{item.id!r} in {name} and {domain.name}"


def test_no_template_speaks_past_the_translators() -> None:
    found = [line for file in _ours("*.jinja2") for line in untranslated.in_template(file, SAME)]
    assert not found, "\n".join(["Wrap these in _():", *found])


def test_no_module_speaks_past_the_translators() -> None:
    files = [file for domain in DOMAINS for file in domain.files() if file.suffix == ".py"]
    found = [line for file in files for line in untranslated.in_python(file)]
    assert not found, "\n".join(found)


def test_no_script_has_words_of_its_own() -> None:
    found = [line for file in _ours("*.js") for line in untranslated.in_script(file)]
    assert not found, "\n".join(["Let the page bring these words:", *found])


def test_the_list_of_equal_texts_holds_nothing_that_is_gone() -> None:
    used = {item.id for domain in DOMAINS for item in messages.extract(domain)}
    shown = "\n".join(file.read_text("utf-8") for file in _ours("*.jinja2"))
    assert not [text for text in SAME if text not in used and text not in shown]


@pytest.fixture
def package(tmp_path: Path) -> Domain:
    """A package with one text of each kind, and its translation."""
    folder = tmp_path / "shop"
    (folder / "templates").mkdir(parents=True)
    (folder / "views.py").write_text(
        'title = _("Shop")\nfull = _("Sold ${what}", mapping={"what": 1})\nloc.plural("${n} hat", "${n} hats", 2)\n'
    )
    (folder / "templates/page.jinja2").write_text('<h1>{{ _("Hats") }}</h1>{{ _("By ${name}", name=n) }}\n')
    domain = messages.of_package(folder, "shop")
    messages.update(domain, "ru")
    _translate(
        domain,
        {
            "Shop": "Лавка",
            "Sold ${what}": "Продано: ${what}",
            "Hats": "Шляпы",
            "By ${name}": "Сделал ${name}",
            "${n} hat": ("${n} шляпа", "${n} шляпы", "${n} шляп"),
        },
    )
    return domain


def _catalogue(domain: Domain) -> Catalog:
    return messages.read(domain.po("ru"), "ru")


def _translate(domain: Domain, strings: dict[str, object]) -> None:
    catalog = _catalogue(domain)
    for item in catalog:
        key = item.id[0] if isinstance(item.id, tuple) else item.id
        if key in strings:
            item.string = strings[key]
    domain.po("ru").write_bytes(messages.render(catalog))


def test_texts_are_collected_from_python_and_from_templates(package: Domain) -> None:
    assert not messages.faults(package, "ru")
    texts = {item.id for item in _catalogue(package)}
    assert {"Shop", "Sold ${what}", "Hats", "By ${name}", ("${n} hat", "${n} hats")} <= texts


def test_bringing_an_up_to_date_file_up_to_date_changes_nothing(package: Domain) -> None:
    assert not messages.update(package, "ru")


def test_a_line_that_moves_changes_no_translation_file(package: Domain) -> None:
    file = package.folders[0] / "views.py"
    file.write_text("\n\n" + file.read_text())
    assert not messages.update(package, "ru")


@pytest.mark.parametrize(
    ("text", "string", "fault"),
    [
        ("Shop", "", "missing"),
        ("Shop", "Shop", "equal to its source"),
        ("Sold ${what}", "Продано: ${that}", "other placeholders"),
        ("Sold ${what}", "Продано", "other placeholders"),
        ("Sold ${what}", "Продано: ${what} за $", "a stray $"),
        ("Shop", "Лавка ", "other space"),
        ("${n} hat", ("${n} шляпа", "", ""), "missing"),
        ("${n} hat", ("одна шляпа", "${n} шляпы", "${n} шляп"), "other placeholders"),
    ],
)
def test_a_translation_is_refused_when_it_is(package: Domain, text: str, string: object, fault: str) -> None:
    _translate(package, {text: string})
    found = messages.faults(package, "ru")
    assert found, f"{string!r} passed"
    assert fault in found[0]


def test_a_fuzzy_translation_is_refused(package: Domain) -> None:
    file = package.po("ru")
    file.write_text(file.read_text("utf-8").replace('msgid "Shop"', '#, fuzzy\nmsgid "Shop"'), "utf-8")
    assert messages.faults(package, "ru") == ["shop/ru: fuzzy: 'Shop'"]


def test_a_text_that_is_new_or_gone_is_noticed(package: Domain) -> None:
    (package.folders[0] / "views.py").write_text('_("Store")\n')
    found = messages.faults(package, "ru")
    assert "shop/ru: not collected: 'Store'" in found
    assert "shop/ru: obsolete: 'Shop'" in found
    messages.update(package, "ru")
    assert messages.faults(package, "ru") == ["shop/ru: missing: 'Store'"]


def test_a_text_may_be_equal_to_its_source_when_it_is_listed(package: Domain) -> None:
    _translate(package, {"Shop": "Shop"})
    assert not messages.faults(package, "ru", {"Shop"})


def test_a_new_text_takes_the_translation_that_another_owner_has(package: Domain, tmp_path: Path) -> None:
    other = tmp_path / "bar"
    other.mkdir()
    (other / "views.py").write_text('_("Shop")\n')
    domain = messages.of_package(other, "bar")
    messages.update(domain, "ru", known=_catalogue(package))
    assert not messages.faults(domain, "ru")


@pytest.mark.parametrize(
    "source",
    [
        "<p>Hello</p>",
        '<img alt="A hat">',
        '<a title="Open {{ name }}">{{ name }}</a>',
        '<input type="submit" value="Save">',
        '{{ "Nothing here" }}',
        '{{ title or "Untitled" }}',
        '<button data-confirm="Really">{{ _("Delete") }}</button>',
    ],
)
def test_bare_words_in_a_template_are_found(source: str, tmp_path: Path) -> None:
    file = tmp_path / "page.jinja2"
    file.write_text(source)
    assert untranslated.in_template(file)


@pytest.mark.parametrize(
    "source",
    [
        '<p class="lead">{{ _("Hello") }}</p>',
        "{# A comment #}<b>&times; 12</b>",
        '<kbd>Esc</kbd><code translate="no">pip install</code>',
        '<span translate="no">Parlour <b>desk</b></span>',
        '{% if kind == "Mapping" %}–{% endif %}',
        '{{ ngettext("${n} client", "${n} clients", count) }}',
    ],
)
def test_a_template_without_bare_words_passes(source: str, tmp_path: Path) -> None:
    file = tmp_path / "page.jinja2"
    file.write_text(source)
    assert not untranslated.in_template(file)


@pytest.mark.parametrize(
    "source", ['raise Refusal("No")', '_(f"Hello {name}")', '_("a" + name)', 'Slot(title="Clients")']
)
def test_bare_words_in_python_are_found(source: str, tmp_path: Path) -> None:
    file = tmp_path / "views.py"
    file.write_text(source)
    assert untranslated.in_python(file)
