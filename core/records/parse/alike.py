"""How alike two words are that may be one, misspelt."""

from __future__ import annotations


def ratio(one: str, two: str) -> float:
    """From 0 for nothing in common to 100 for equal."""
    # 4 MB, which only imports and the look for duplicates need.
    from rapidfuzz import fuzz

    return float(fuzz.ratio(one, two))
