"""What the pack may set for classification."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from plugin.model.amounts import Amount
from plugin.model.durations import Duration, Unit
from plugin.model.severity import Weights


@dataclass(frozen=True, slots=True)
class Options:
    """See the policy's docstring. Raises ValueError for an amount that is none, and for points below nothing."""

    confirm_after: Duration = Duration(1, Unit.WORKING_DAYS)
    serious_from: int = 50
    weight_serious_words: int = 50
    weight_vip: int = 50
    weight_large_loss: int = 50
    weight_reach: int = 20
    weight_urgency: int = 10
    weight_repeated: int = 20
    weight_mood: int = 10
    weight_difficulty: int = 10
    large_losses: tuple[str, ...] = ("5000 EUR", "5000 USD", "5000 GBP", "5000 CHF", "40000 CNY", "160000 TWD")
    calm_first: bool = True

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if name.startswith("weight_") and getattr(self, name) < 0:
                raise ValueError(f"found {name}: {getattr(self, name)}, allowed weights from 0 points")
        if self.serious_from < 1:
            raise ValueError(f"found serious_from: {self.serious_from}, allowed 1 point or more")
        weights(self)


@cache
def weights(options: Options) -> Weights:
    return Weights(
        serious_from=options.serious_from,
        serious_words=options.weight_serious_words,
        vip=options.weight_vip,
        large_loss=options.weight_large_loss,
        reach=options.weight_reach,
        urgency=options.weight_urgency,
        repeated=options.weight_repeated,
        mood=options.weight_mood,
        difficulty=options.weight_difficulty,
        large_losses=tuple(Amount.parse(one) for one in options.large_losses),
    )
