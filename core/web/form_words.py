"""What colander and deform say about a value by themselves, in words of ours.

Forms of the core name the fault themselves; nodes that plugins declare for their settings often do not. The libraries'
own translations are incomplete and partly wrong, so their messages are exchanged for ours, which are translated here.
"""

from __future__ import annotations

from translationstring import TranslationString

from parlour.i18n import _

DOMAINS = frozenset({"colander", "deform"})
_NEEDED = _("Fill this in.")
_ONE_OF = _("Choose one from the list.")
_SOME_OF = _("Choose from the list.")
_NUMBER = _("This is not a number.")
_NOT_ALLOWED = _("This value is not allowed here.")
_NOT_ALIKE = _("The two are not the same.")
_WORDS: dict[str, TranslationString] = {
    "Required": _NEEDED,
    "Invalid value": _NOT_ALLOWED,
    "String does not match expected pattern": _("This does not have the form that is wanted."),
    "Invalid email address": _("This is not an e-mail address; it looks like name@example.com."),
    "Must be a URL": _("This is not a web address; it looks like https://example.com."),
    "${val} is less than minimum value ${min}": _("At least ${min}."),
    "${val} is greater than maximum value ${max}": _("At most ${max}."),
    "Shorter than minimum length ${min}": _("At least ${min} characters."),
    "Longer than maximum length ${max}": _("At most ${max} characters."),
    '"${val}" is not one of ${choices}': _ONE_OF,
    '"${val}" must not be one of ${choices}': _NOT_ALLOWED,
    "One or more of the choices you made was not acceptable": _SOME_OF,
    '"${val}" is not iterable': _SOME_OF,
    "${cstruct} is not iterable": _SOME_OF,
    '"${val}" is not a number': _NUMBER,
    '"${val}" is not a string': _NOT_ALLOWED,
    "${val} is not a string": _NOT_ALLOWED,
    "${val} is not a string: ${err}": _NOT_ALLOWED,
    "Invalid date": _("This is not a date."),
    "Invalid time": _("This is not a time; it looks like 18:30."),
    "Incomplete date": _("Date and time are needed."),
    "Incomplete time": _("Date and time are needed."),
    "Fields did not match": _NOT_ALIKE,
    "Password did not match confirm": _NOT_ALIKE,
}


def in_our_words(message: TranslationString) -> TranslationString:
    """The message of ours for one of the libraries', with its parameters; any other message as it is."""
    if message.domain not in DOMAINS:
        return message
    ours = _WORDS.get(str(message))
    return message if ours is None else TranslationString(ours, mapping=message.mapping)
