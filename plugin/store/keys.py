"""Keys of the store: one store key wraps a data key per case, so that dropping a data key erases what it sealed."""

from __future__ import annotations

import hashlib
import hmac
import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
KEY_BYTES = 32


class WrongKey(Exception):
    """The key does not open what it was given."""


@dataclass(frozen=True, slots=True, repr=False)
class Key:
    """An AES-256-GCM key. ``purpose`` is bound into what is sealed, so that nothing opens in another's place."""

    secret: bytes

    @classmethod
    def fresh(cls) -> Key:
        return cls(os.urandom(KEY_BYTES))

    @classmethod
    def from_setting(cls, text: bytes) -> Key:
        """The key made from ``STEWARD_SECRET_KEY``; that is long and random, so one hash is enough."""
        return cls(hashlib.sha256(b"steward store key\0" + text).digest())

    def seal(self, plain: bytes, *, purpose: str) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + AESGCM(self.secret).encrypt(nonce, plain, purpose.encode())

    def open(self, sealed: bytes, *, purpose: str) -> bytes:
        """Raises WrongKey where key, purpose or a bit of ``sealed`` differs."""
        try:
            return AESGCM(self.secret).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], purpose.encode())
        except (InvalidTag, ValueError) as wrong:
            raise WrongKey(purpose) from wrong

    def digest(self, plain: bytes) -> str:
        """A keyed digest: once the key is dropped, nobody can guess what it was made over."""
        return hmac.digest(self.secret, plain, "sha256").hex()
