"""No conflict of interest: the person complained about neither owns, assesses, reviews nor closes (C1.4, A6.2).

An agent names him in an internal note, by login, mail address or full name: ``About: anna`` (the pack's record says
with which words); where nobody alone answers to that, who wrote it is told once. From then on his duty as the first
person asked passes to the supervisor, what he says on the ticket, of its kind and tier too and by hand in their fields,
counts for nothing, and a closing of his does not stand: the ticket is opened again, and somebody else closes it. Each
time the supervisor is told, or who named him where the pack names no other supervisor. Whatever the rule's ``when``
says: that it is no complaint, or less grave, is nothing he could say.

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

from plugin.model import records
from plugin.model.case import COMPLAINED_ABOUT, UNHEARD, Case, Complained, known
from plugin.model.decision import Finding, Note, Should, Ticketed, Urgency
from plugin.model.named import ABOUT, Name, names
from plugin.model.records import Entry
from plugin.model.refusals import unread
from plugin.model.words import Text, listed, text

CLAUSES = ("C1.4", "A6.2")
AFTER = ("classification",)


@dataclass(frozen=True, slots=True)
class Options:
    """See the module's docstring."""

    reopen: bool = True


def beforehand(case: Case) -> Iterator[Finding]:
    """Whose words count for nothing."""
    named, _ = _read(case)
    if named is not None:
        yield Finding(UNHEARD, named.about, "A6.2", named.because)


def decide(case: Case, options: Options) -> Iterator[Should]:
    named, unclear = _read(case)
    if case.is_complaint:
        yield from (_nobody_alone(case, name) for name in unclear)
    if named is None:
        return
    yield from named.words()
    if case.is_complaint:
        yield Finding(COMPLAINED_ABOUT, named.about, "C1.4", named.because)
        yield from named.owner()
        yield from named.closing(options)


def _read(case: Case) -> tuple[_Named | None, tuple[Name, ...]]:
    """Who was named last, and what was written since and names nobody; he does not name another in his place."""
    named: _Named | None = None
    unclear: dict[str, Name] = {}
    for name in names(case.timeline, case.pack.record.items):
        entry = name.entry
        by_himself = named is not None and named.about.did(entry.by.login, entry.at)
        if entry.at < case.matter.starts_at or by_himself:
            continue
        if name.is_unclear:
            unclear[entry.key] = name
            continue
        unclear.clear()
        about = Complained(login=name.login, since=entry.at)
        because = text("{login} is complained about.", login=about.login)
        named = _Named(case, entry, about, because) if about.login else None
    return named, tuple(unclear.values())


def _nobody_alone(case: Case, name: Name) -> Note:
    """Whoever wrote it learns that it names nobody, or several: his words may hold anything, and are not repeated."""
    label = records.label(case.pack, ABOUT)
    several = listed(name.logins or ())
    if name.logins:
        line = text(
            "“{label}: …” names more than one: {logins}. Write a login or a mail address.", label=label, logins=several
        )
    else:
        line = text(
            "“{label}: …” names nobody who works here. Write a login, a mail address or a full name.", label=label
        )
    return unread("fairness.named", name.entry, line, clause="A6.2")


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
