"""Something tried: what it returned, or what its failure amounts to."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from plugin.model.errors import StewardError, Unavailable, Unknown, Unreadable
from plugin.model.work import Outcome, Verdict
from plugin.store.errors import StoreUnavailable
from plugin.zammad.fence import Overtaken

Result = TypeVar("Result")


def attempt(call: Callable[[], Result]) -> tuple[Result | None, Verdict]:
    """What ``call`` returns, with a verdict: done, or what its failure amounts to."""
    try:
        return call(), Verdict()
    except Unreadable as failure:
        return None, Verdict(outcome=Outcome.UNREADABLE, reason=str(failure))
    except (StoreUnavailable, Overtaken) as failure:
        return None, Verdict(outcome=Outcome.UNAVAILABLE, reason=str(failure), our_trouble=True)
    except Unavailable as failure:
        return None, Verdict(outcome=Outcome.UNAVAILABLE, reason=str(failure), retry_after=failure.retry_after)
    except Unknown as failure:
        return None, Verdict(outcome=Outcome.UNAVAILABLE, reason=str(failure))
    except StewardError as failure:
        return None, Verdict(outcome=Outcome.FAILED, reason=str(failure))
    except Exception as failure:  # noqa: BLE001 - the only one: what a policy raises parks its case and stops nothing else
        return None, Verdict(outcome=Outcome.FAILED, reason=_where(failure))


def _where(failure: Exception) -> str:
    """What kind of mistake and where, without its message: that may hold customer text."""
    frames = traceback.extract_tb(failure.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(failure).__name__}{place}"
