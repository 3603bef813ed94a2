"""Secrets that have to be read again, encrypted with keys that follow from PARLOUR_SECRET.

A copy of the database alone opens nothing; a copy that is restored elsewhere needs the same PARLOUR_SECRET.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

# A process that seals nothing keeps the 7 MB of cryptography out of its memory.
if TYPE_CHECKING:
    from cryptography.fernet import Fernet


def seal(secret: str, purpose: str, value: Any) -> str:
    """Plain JSON, encrypted and signed; only `unseal` with the same purpose opens it."""
    return _box(secret, purpose).encrypt(json.dumps(value).encode()).decode()


def unseal(secret: str, purpose: str, sealed: str, *, seconds: int | None = None) -> Any:
    """What was sealed, or None for anything else: another key, another purpose, changed, or older than `seconds`."""
    from cryptography.fernet import InvalidToken

    try:
        opened = _box(secret, purpose).decrypt(sealed.encode("utf-8", "replace"), ttl=seconds)
    except InvalidToken:
        return None
    return json.loads(opened)


def digest(secret: str, purpose: str, text: str) -> str:
    """A hash that cannot be tried out without PARLOUR_SECRET, for short texts that somebody might guess."""
    return hmac.new(_key(secret, purpose), text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def _box(secret: str, purpose: str) -> Fernet:
    from cryptography.fernet import Fernet

    return Fernet(base64.urlsafe_b64encode(_key(secret, purpose)))


@lru_cache(maxsize=32)
def _key(secret: str, purpose: str) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"parlour:{purpose}".encode()).derive(
        secret.encode()
    )
