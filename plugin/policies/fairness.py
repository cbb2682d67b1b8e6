"""No conflict of interest: the person complained about neither owns, assesses, reviews nor closes (C1.4, A6.2).

An agent names him in an internal note, by login: ``About: anna`` (the pack's record says with which words). From then
on his duty as the first person asked passes to the supervisor, what he says on the ticket counts for nothing, and a
closing of his does not stand: the ticket is opened again, and somebody else closes it. Each time the supervisor is
told, or who named him where the pack names no other supervisor.

A rule::

    - policy: fairness
      mode: enforce
      options:
        reopen: true

Options: ``reopen`` (true, false), whether a ticket he closed is opened again; told it is anyway.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from plugin.model.case import COMPLAINED_ABOUT, Case, Complained, known
from plugin.model.decision import Finding, Note, Should, Ticketed, Urgency
from plugin.model.records import Entry, newest
from plugin.model.words import Text, text

CLAUSES = ("C1.4", "A6.2")
AFTER = ("classification",)
ITEM = "about"
"""The record's item that names him."""


@dataclass(frozen=True, slots=True)
class Options:
    """See the module's docstring."""

    reopen: bool = True


def decide(case: Case, options: Options) -> Iterator[Should]:
    if not case.is_complaint:
        return
    named = newest(case.timeline, case.pack.record.items, since=case.matter.starts_at).get(ITEM)
    login = _login(named.value) if named is not None else ""
    if named is None or not login:
        return
    about = Complained(login=login, since=named.at)
    because = text("{login} is complained about.", login=about.login)
    yield Finding(COMPLAINED_ABOUT, about, "C1.4", because)
    case_now = _Named(case, named, about, because)
    yield from case_now.owner()
    yield from case_now.words()
    yield from case_now.closing(options)


def _login(value: str) -> str:
    """``anna``, also written ``@anna`` or ``anna (service)``; empty where no name stands there."""
    words = value.lstrip("@ ").split()
    return words[0].rstrip(",;.").casefold() if words else ""


@dataclass(frozen=True, slots=True)
class _Named:
    """A case whose person complained about is known."""

    case: Case
    entry: Entry
    about: Complained
    because: Text

    def owner(self) -> Iterator[Note]:
        """He neither owns it nor is given it."""
        if self.case.matter.is_closed or not self.about.is_by(self.case.owner):
            return
        owned = self.case.value_of("owner")
        epoch = f"{self.entry.key}-{owned.key if owned else 'owned'}"
        line = text("Give this ticket to somebody else than {login}.", login=self.about.login)
        moment = max(self.about.since, owned.at) if owned else self.about.since
        yield self._note("owner", epoch, line, "A6.2", moment, ends_with=text("another owner"))

    def words(self) -> Iterator[Note]:
        """What he says counts for nothing; whoever may say it instead is told."""
        for word in self.case.said:
            if word.at >= self.case.matter.starts_at and self.about.excludes(word):
                line = text("“{word}” was not taken: somebody else must say it.", word=word.word)
                yield self._note("word", word.key, line, "A6.2", word.at)

    def closing(self, options: Options) -> Iterator[Note | Ticketed]:
        """A closing of his does not stand."""
        closed = self.case.matter.closings[-1] if self.case.matter.is_closed else None
        if closed is None or not self.about.did(closed.by.login, closed.at):
            return
        line = text("Somebody else than {login} must close this ticket.", login=self.about.login)
        yield self._note("closing", closed.key, line, "A6.2", closed.at)
        if options.reopen:
            yield Ticketed("fairness.reopen", closed.key, "open", "A6.2", self.because)

    def _note(
        self, what: str, epoch: str, line: Text, clause: str, moment: datetime, *, ends_with: Text | None = None
    ) -> Note:
        return Note(
            rule=f"fairness.{what}",
            epoch=epoch,
            lines=(line,),
            clause=clause,
            because=self.because,
            moment=moment,
            ends_with=ends_with,
            tell=self.case.supervisors or known((self.entry.by.login,)),
            urgency=Urgency.TELL,
            asked=True,
            about="refusal",
        )
