"""Steward keeps the promises of a service standard on a Zammad helpdesk."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def create_app() -> Flask:
    """The web side alone, for a WSGI server of your own; settings come from the environment.

    ``steward serve``, ``web`` and ``worker`` need no such server. Raises SettingsError, PackError or StoreError.
    """
    from plugin.service import Service
    from plugin.settings import Settings

    service = Service.open(Settings.from_environ(os.environ), web=True, worker=False)
    assert service.app is not None
    return service.app
