"""What is special about the ticket of an example; everything else is plain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from plugin.model.pack import People, Tier
from plugin.packs.examples.moments import Moment


@dataclass(frozen=True, slots=True)
class Given:
    """A plain ticket comes by mail from a customer who is no VIP, and the pack's people are nobody in particular."""

    vip: bool = False
    group: str | None = None
    """None: a group in which the pack's rules hold."""
    channel: str = "email"
    address: str = "customer@customer.example"
    people: People = field(default_factory=People)
    """In place of those the pack names, so that an example says the same whoever is named there."""
    handlers: Mapping[Tier, tuple[str, ...]] = field(default_factory=dict)
    customer_mail: bool = False
    """Whether messages to customers are switched on."""
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By policy, options that differ from what the pack says: to show what comes of them."""
    written: Mapping[str, int] = field(default_factory=dict)
    """By policy, to how many other tickets its rule wrote within the last 24 hours: what its limit then holds back."""
    enforced_since: Moment | None = None
    """When the rules were switched on; None: before the story."""
