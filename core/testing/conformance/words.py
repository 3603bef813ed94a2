"""What people read: nothing passes the translators by, and a translation that is shipped is whole."""

from __future__ import annotations

from pathlib import Path

from parlour.testing import messages, untranslated
from parlour.testing.conformance.subject import Subject


class WordChecks(Subject):
    """Every text of the plugin can be translated, and is, into the languages that it ships."""

    def test_its_texts_can_be_translated(self, folder: Path) -> None:
        same = {*self.same_in_both_languages, "Parlour", "Enter", "Esc"}
        found = [
            line for file in sorted(folder.rglob("*.jinja2")) for line in untranslated.in_template(file, same)
        ]
        found += [line for file in sorted(folder.rglob("*.js")) for line in untranslated.in_script(file)]
        for file in messages.of_package(folder, self.plugin).files():
            if file.suffix == ".py":
                found += untranslated.in_python(file)
        assert not found, "\n".join(["Wrap these in _():", *found])

    def test_its_translations_are_whole(self, folder: Path) -> None:
        domain = messages.of_package(folder, self.plugin)
        for language in sorted(path.name for path in (folder / "locale").glob("*") if path.is_dir()):
            found = messages.faults(domain, language, self.same_in_both_languages)
            update = f"python -m parlour.testing.messages --package {folder} {self.plugin}"
            assert not found, "\n".join([f"Run `{update}`, then translate:", *found])
