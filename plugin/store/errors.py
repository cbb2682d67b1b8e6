"""What can be wrong with the store, by what the caller can do about it."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import InterfaceError, InternalError, OperationalError

from plugin.model.errors import StewardError, Unavailable

TROUBLE = (
    OperationalError,
    InterfaceError,
    InternalError,
    sqlite3.OperationalError,
    sqlite3.InterfaceError,
    sqlite3.InternalError,
)
"""What a database raises that is in trouble itself: afterwards nobody knows what the connection still believes."""
PAUSE_SECONDS = 1.0
"""After trouble of the store, until it is tried again: whatever failed would fail again at once."""


class StoreError(StewardError):
    """Do not start: the message is one line that names the store, what is wrong and the way out."""


class StoreUnavailable(Unavailable):
    """Later: the disk is full, the database locked, gone or read-only. Nothing was committed."""
