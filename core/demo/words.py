"""What the furnished salon tells its clients about their data. It is made up, and no lawyer has seen it."""

from __future__ import annotations

from datetime import date

_HEALTH = {
    "en": "What you tell us about allergies and health is seen only by those who work with you.",
    "ru": "Что вы рассказали об аллергиях и здоровье, видят только те, кто с вами работает.",
}
_BEFORE = {
    "en": "Jasmine keeps your name, your phone number and the history of your visits, so that we can book you in, "
    "remind you and know what suits you.",
    "ru": "«Жасмин» хранит ваше имя, телефон и историю визитов, чтобы записывать вас, напоминать о визите и помнить, "
    "что вам подходит.",
}
_AFTER = {
    "en": "We tell nobody else, except where the law demands it. We write about offers only if you agreed to it, and "
    "stop when you say so.\n\n"
    "You may ask at the desk what we keep about you, have it corrected, take it with you or have it removed.",
    "ru": "Мы никому не передаём эти сведения, кроме случаев, когда этого требует закон. Об акциях пишем, только если "
    "вы согласились, и перестаём, как только попросите.\n\n"
    "Вы можете узнать у администратора, что мы о вас храним, исправить это, забрать с собой или попросить удалить.",
}

# The day from which a text holds, and the text in each language.
TERMS = {
    date(2024, 3, 1): {locale: f"{_BEFORE[locale]}\n\n{_AFTER[locale]}" for locale in _BEFORE},
    date(2025, 9, 1): {
        locale: f"{_BEFORE[locale]}\n\n{_HEALTH[locale]}\n\n{_AFTER[locale]}" for locale in _BEFORE
    },
}
