"""E-mail addresses and mobile numbers as nearly everybody writes them, read without the libraries.

The libraries need 20 to 50 µs for a value, and each row of a file of clients has two of them, which are looked at when
the file is read and when the row is written. What is read here comes out exactly as from the libraries, which property
tests hold together; for everything else the answer is None and the library is asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

# Shorter than every limit of length; no two hyphens beside each other, which mark names in other scripts.
_EMAIL = re.compile(
    r"[A-Za-z0-9_]+(?:[.+-][A-Za-z0-9_]+)*@(?:[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*\.)+([A-Za-z]{2,20})"
)
_MAX_EMAIL = 63
# Ends of names that lead nowhere (RFC 6761); whether they count is decided elsewhere.
_RESERVED = frozenset({"arpa", "invalid", "local", "localhost", "onion", "test"})


def plain_email(text: str) -> str | None:
    """The address in lower case when the text is an address of the usual form and nothing else."""
    match = _EMAIL.fullmatch(text) if len(text) <= _MAX_EMAIL else None
    return None if match is None or match[1].lower() in _RESERVED else text.lower()


@dataclass(frozen=True)
class _Mobile:
    """What numbers of a region look like: `code` of the country, `trunk` for calls within it ("8", or "")."""

    code: str
    trunk: str
    abroad: re.Pattern[str]
    number: re.Pattern[str]
    mobile: re.Pattern[str]


def plain_phone(text: str, region: str | None) -> str | None:
    """The number in E.164 when the text is the digits of a mobile number of the region and nothing else, read in the
    only way there is: whole, behind the code of the country (with or without "+") or behind the trunk prefix.
    """
    if region is None or not 8 <= len(text) <= 16 or not text.isascii() or len(set(text[-10:])) == 1:
        return None
    plan = _mobile(region)
    if plan is None:
        return None
    if text[:1] == "+":
        readings = [text[1 + len(plan.code) :]] if text.startswith(plan.code, 1) else []
    elif not text.isdigit() or plan.abroad.match(text):
        return None
    else:
        starts = {"", plan.code, plan.trunk}
        readings = [text[len(start) :] for start in starts if text.startswith(start)]
    numbers = [one for one in readings if plan.number.fullmatch(one)]
    if len(numbers) != 1 or not plan.mobile.fullmatch(numbers[0]):
        return None
    if numbers[0][0] == "0" or (plan.trunk and numbers[0].startswith(plan.trunk)):
        return None
    return f"+{plan.code}{numbers[0]}"


@lru_cache(maxsize=256)
def _mobile(region: str) -> _Mobile | None:
    """None for regions that share their code with a larger one, or whose trunk prefix is more than fixed digits."""
    import phonenumbers

    if region not in phonenumbers.SUPPORTED_REGIONS:
        return None
    plan: Any = phonenumbers.PhoneMetadata.metadata_for_region(region)
    first = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[plan.country_code][0]
    trunk = plan.national_prefix or ""
    mobile = plan.mobile and plan.mobile.national_number_pattern
    if (
        first != region
        or not mobile
        or trunk != (plan.national_prefix_for_parsing or "")
        or plan.national_prefix_transform_rule
    ):
        return None
    number = plan.general_desc.national_number_pattern
    patterns = (re.compile(one, re.ASCII) for one in (plan.international_prefix or "(?!)", number, mobile))
    return _Mobile(str(plan.country_code), trunk, *patterns)
