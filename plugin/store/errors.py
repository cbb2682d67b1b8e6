"""What can be wrong with the store, by what the caller can do about it."""

from __future__ import annotations

from plugin.model.errors import StewardError, Unavailable


class StoreError(StewardError):
    """Do not start: the message is one line that names the store, what is wrong and the way out."""


class StoreUnavailable(Unavailable):
    """Later: the disk is full, the database locked, gone or read-only. Nothing was committed."""
