"""Carries a plan out: intent committed, call, outcome committed, under the ticket's lock (promises 3 to 7)."""

from plugin.settle.given import Commit, Settled, Settling
from plugin.settle.settler import settle

__all__ = ["Commit", "Settled", "Settling", "settle"]
