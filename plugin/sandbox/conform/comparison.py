"""Whether an answer or a delivery of the sandbox says what the recorded one said.

Ids, numbers and server-made tokens are mapped (``identities``), times may differ by less than the recorder's own
uncertainty, rows no recorded step made are left aside and counted. Everything else must be equal.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, tee
from typing import Any

from plugin.sandbox.conform.deviations import BY_LUCK, Deviation
from plugin.sandbox.conform.identities import FIXED, Identities
from plugin.sandbox.conform.kinds import COUNTS, MADE_BY_STEPS, NAMES_BESIDE, ORDERED, TICKET_COUNTS
from plugin.sandbox.conform.likeness import (
    are_alike,
    are_named_alike,
    are_rows,
    counterparts,
    has_name,
    have_same_members,
    in_common,
    is_id,
    is_keyed_by_id,
    is_left_out,
    short,
)
from plugin.sandbox.conform.moments import TIME, Moments, time_of
from plugin.sandbox.conform.partial import CUT, beginning, is_cut
from plugin.sandbox.conform.places import Place, inner_place
from plugin.sandbox.conform.requests import API, own_address
from plugin.sandbox.conform.unrecorded import KINDS, SIGNED, Unrecorded


@dataclass(frozen=True, slots=True)
class Manner:
    """How strictly to compare.

    ``projected`` bodies show a part, ``foreign`` lists hold strangers' rows, and of what was ``raced`` nobody
    knows who wrote last.
    """

    projected: bool = False
    foreign: bool = False
    raced: bool = False


@dataclass(slots=True)
class Comparison:
    """Compares bodies; ``ignored`` counts rows that no recorded step made."""

    identities: Identities
    moments: Moments
    manner: Manner = Manner()
    unrecorded: Unrecorded | None = None
    phantoms: bool = False
    """Whether a thread's luck has sent a webhook in this story, and with it notices to agents."""
    ignored: int = 0
    _record: tuple[str, str] | None = None
    _taken_over: set[tuple[str, str, str]] = field(default_factory=set)

    def bodies(self, recorded: object, own: object, *, kind: str | None = None) -> Iterator[Deviation]:
        """What deviates in the body of a success; ``kind`` is that of the object, or rows, answered."""
        yield from self._values(recorded, own, Place(objects=kind, ids=kind))

    def _values(self, recorded: Any, own: Any, place: Place) -> Iterator[Deviation]:
        if is_cut(recorded):
            yield from self._cut(recorded, own, place)
        elif is_left_out(recorded) or (not place.path and recorded in (None, "") and own in (None, "")):
            return
        elif isinstance(recorded, dict) and isinstance(own, dict):
            yield from self._objects(recorded, own, place)
        elif isinstance(recorded, list) and isinstance(own, list):
            yield from self._lists(recorded, own, place)
        elif not self._same(recorded, own, place):
            yield Deviation(path=place.path, what="value", recorded=recorded, own=own)

    def _cut(self, recorded: Mapping[str, Any], own: Any, place: Place) -> Iterator[Deviation]:
        text = recorded[CUT]
        if isinstance(own, str) and not text.startswith(("{", "[")):
            if not own.startswith(text):
                yield Deviation(path=place.path, what="beginning", recorded=text, own=own)
            return
        manner = Manner(projected=True, foreign=self.manner.foreign)
        rest = Comparison(self.identities, self.moments, manner, self.unrecorded)
        yield from rest._values(beginning(text), own, place)
        self.ignored += rest.ignored

    def _objects(self, recorded: dict[str, Any], own: dict[str, Any], place: Place) -> Iterator[Deviation]:
        if place.objects is not None and (is_keyed_by_id(recorded) or (is_keyed_by_id(own) and not recorded)):
            yield from self._by_id(recorded, own, place)
        elif self.unrecorded is not None and place.objects in KINDS and "id" in recorded:
            yield from self._records(self.unrecorded, recorded, own, place)
        else:
            yield from self._fields(recorded, own, place)

    def _records(
        self, unrecorded: Unrecorded, recorded: dict[str, Any], own: dict[str, Any], place: Place
    ) -> Iterator[Deviation]:
        """A person or a group, whom others than the recorder can have changed."""
        kind, record = place.objects or "", str(recorded["id"])
        self._record = (kind, record)
        found = [(_column(deviation, place), deviation) for deviation in self._fields(recorded, own, place)]
        uncaused = unrecorded.causes(
            kind, recorded, [column for column, what in found if _is_a_value(what, place, recorded)]
        )
        for column, deviation in found:
            known = (kind, record, column) in self._taken_over or unrecorded.is_listed(kind, recorded, column)
            if not known and not (self.manner.raced and column in SIGNED):
                yield replace(deviation, no_cause=uncaused.get(column, ""))
        unrecorded.take_over(kind, recorded, set(uncaused))
        self._taken_over.update((kind, record, column) for column in uncaused)
        unrecorded.see(kind, record, recorded)

    def _fields(self, recorded: dict[str, Any], own: dict[str, Any], place: Place) -> Iterator[Deviation]:
        for key, value in recorded.items():
            inner = inner_place(key, recorded, place)
            if key in NAMES_BESIDE and key in own and NAMES_BESIDE[key] in recorded:
                value = self._without_strangers(value, own[key], recorded[NAMES_BESIDE[key]])
            if key in own:
                if not self._counts_strangers(key, value, own[key], recorded):
                    yield from self._values(value, own[key], inner)
            elif not (self.manner.projected and value is None):
                yield Deviation(path=inner.path, what="missing", recorded=value, own=None)
        if not self.manner.projected:
            for key in own.keys() - recorded.keys():
                yield Deviation(path=f"{place.path}.{key}", what="not recorded", recorded=None, own=own[key])

    def _without_strangers(self, recorded: list[Any], own: list[Any], ids: list[Any]) -> list[Any]:
        """Names of people without those, as many as the ids beside them tell, whom no recorded step made."""
        strangers = sum(self._made_by_nobody("User", value) for value in ids)
        surplus = list((Counter(recorded) - Counter(own)).elements())
        if not 0 < len(surplus) <= strangers:
            return recorded
        return list((Counter(recorded) - Counter(surplus)).elements())

    def _counts_strangers(self, key: str, recorded: Any, own: Any, around: Mapping[str, Any]) -> bool:
        """Whether a number may be higher than ours because it counts tickets no recorded step made."""
        if not (isinstance(recorded, int) and isinstance(own, int)):
            return False
        if key in TICKET_COUNTS and self.unrecorded is not None and self._record is not None:
            return self.unrecorded.is_known_surplus(self._record, key, recorded - own)
        of_overview = key == "count" and {"prio", "link"} <= around.keys()
        return key in COUNTS and (self.manner.foreign or (of_overview and recorded >= own))

    def _by_id(self, recorded: dict[str, Any], own: dict[str, Any], place: Place) -> Iterator[Deviation]:
        kind = place.objects or "unknown"
        paired = set()
        for key, value in recorded.items():
            ours = self.identities.own(kind, key) or self._namesake(kind, key, value, own)
            if ours in own:
                paired.add(ours)
                yield from self._values(value, own[ours], place.under(key, ids=None, objects=kind))
            elif kind in MADE_BY_STEPS and (kind, key) not in self.identities.made:
                self.ignored += 1
            else:
                yield Deviation(path=f"{place.path}.{key}", what="missing", recorded=short(value), own=None)
        if not (self.manner.projected or self.manner.foreign):
            for key in own.keys() - paired:
                if not self._stranger(kind, key):
                    path = f"{place.path}.{key}"
                    yield Deviation(path=path, what="not recorded", recorded=None, own=short(own[key]))

    def _namesake(self, kind: str, key: str, value: Any, own: Mapping[str, Any]) -> str | None:
        """The object that is the recorded one under another id: same name, or the only one that is left."""
        left = [ours for ours in own if self.identities.recorded(kind, ours) is None]
        alike = [ours for ours in left if are_named_alike(value, own[ours])]
        nameless = [] if has_name(value) else left
        candidates = alike or (nameless[:1] if kind not in MADE_BY_STEPS or len(nameless) == 1 else [])
        if len(candidates) == 1 and self.identities.match(kind, recorded=key, own=candidates[0]):
            return candidates[0]
        return None

    def _stranger(self, kind: str, own: object) -> bool:
        recorded = self.identities.recorded(kind, own)
        return kind in MADE_BY_STEPS and (recorded is None or (kind, recorded) not in self.identities.made)

    def _lists(self, recorded: list[Any], own: list[Any], place: Place) -> Iterator[Deviation]:
        if are_rows(recorded) and are_rows(own) and place.objects is not None:
            yield from self._row_lists(recorded, own, place)
        elif place.ids is not None and all(is_id(value) or value == "" for value in recorded + own):
            if recorded.count("") != own.count(""):
                yield Deviation(path=place.path, what="blank", recorded=recorded, own=own)
            recorded, own = ([value for value in values if value != ""] for values in (recorded, own))
            yield from self._id_lists(recorded, own, place)
        elif place.unordered and all(isinstance(value, str) for value in recorded + own):
            if not have_same_members(recorded, own, doubled=place.key == "tags"):
                yield Deviation(path=place.path, what="members", recorded=recorded, own=own)
        elif self.manner.projected and len(recorded) < len(own):
            rows = recorded and all(isinstance(row, dict) for row in recorded + own)
            chosen = counterparts(recorded, own) if rows else own[: len(recorded)]
            yield from self._in_turn(recorded, chosen, place)
        else:
            yield from self._in_turn(recorded, own, place)

    def _in_turn(self, recorded: Sequence[Any], own: Sequence[Any], place: Place) -> Iterator[Deviation]:
        if len(recorded) != len(own):
            yield Deviation(path=place.path, what="length", recorded=len(recorded), own=len(own))
        for index, (theirs, ours) in enumerate(zip(recorded, own, strict=False)):
            yield from self._values(theirs, ours, place.item(index))

    def _row_lists(self, recorded: list[Any], own: list[Any], place: Place) -> Iterator[Deviation]:
        kind = place.objects or "unknown"
        if kind not in MADE_BY_STEPS:
            yield from self._rows_in_turn(recorded, own, place)
            return
        known = [row for row in recorded if self._is_known(kind, row, own)]
        self.ignored += len(recorded) - len(known)
        ours_by_id = {str(row["id"]): (index, row) for index, row in enumerate(own)}
        last = -1
        for index, row in enumerate(known):
            found = ours_by_id.get(self.identities.own(kind, row["id"]) or "")
            if found is None:
                yield Deviation(path=f"{place.path}[{index}]", what="missing", recorded=short(row), own=None)
                continue
            if found[0] < last:
                yield Deviation(path=f"{place.path}[{index}]", what="order", recorded=short(row), own=found[0])
            last = max(last, found[0])
            yield from self._values(row, found[1], place.item(index))
        yield from self._unrecorded_rows(recorded, own, place)

    def _unrecorded_rows(self, recorded: list[Any], own: list[Any], place: Place) -> Iterator[Deviation]:
        if self.manner.projected or self.manner.foreign:
            return
        kind = place.objects or "unknown"
        listed = {self.identities.own(kind, row["id"]) for row in recorded}
        for row in own:
            if str(row["id"]) not in listed and not self._stranger(kind, row["id"]):
                yield Deviation(path=place.path, what="not recorded", recorded=None, own=short(row))

    def _is_known(self, kind: str, row: Mapping[str, Any], own: Sequence[Mapping[str, Any]]) -> bool:
        if kind in FIXED or (kind, str(row["id"])) in self.identities.made:
            return True
        if self.identities.own(kind, row["id"]) is None:
            self._namesake(kind, str(row["id"]), row, {str(ours["id"]): ours for ours in own})
        return False

    def _rows_in_turn(self, recorded: list[Any], own: list[Any], place: Place) -> Iterator[Deviation]:
        """Rows that come of themselves: the first to the first, or, where strangers' rows mix in, by their ids."""
        if self.manner.foreign and all("o_id" in row for row in recorded + own):
            yield from self._notices(recorded, own, place)
            return
        partial = self.manner.projected or self.manner.foreign
        if len(recorded) != len(own) and not (partial and len(recorded) < len(own)):
            yield from self._rows_aligned(recorded, own, place)
            return
        if len(recorded) < len(own):
            own = counterparts(recorded, own)
        for index, (theirs, ours) in enumerate(zip(recorded, own, strict=False)):
            yield from self._values(theirs, ours, place.item(index))

    def _rows_aligned(self, recorded: list[Any], own: list[Any], place: Place) -> Iterator[Deviation]:
        """Rows of which one side has more: those that say the same are compared, the others named."""
        before, own_before = 0, 0
        for index, own_index in [*in_common(recorded, own, self._same_row), (len(recorded), len(own))]:
            both = min(index - before, own_index - own_before)
            yield from self._rows_only_there(recorded, (before + both, index), place)
            for row in own[own_before + both : own_index]:
                yield Deviation(path=place.path, what="not recorded", recorded=None, own=short(row))
            pairs = [(before + offset, own_before + offset) for offset in range(both)]
            if index < len(recorded):
                pairs.append((index, own_index))
            for here, there in pairs:
                yield from self._values(recorded[here], own[there], place.item(here))
            before, own_before = index + 1, own_index + 1

    def _rows_only_there(self, recorded: list[Any], span: tuple[int, int], place: Place) -> Iterator[Deviation]:
        for index in range(*span):
            row, path = recorded[index], f"{place.path}[{index}]"
            by_luck = BY_LUCK if self.phantoms and row.get("type") == "notification" else ""
            yield Deviation(path=path, what="missing", recorded=short(row), own=None, no_cause=by_luck)

    def _same_row(self, recorded: Mapping[str, Any], own: Mapping[str, Any]) -> bool:
        if not are_alike(recorded, own):
            return False
        times = [str(row.get("created_at")) for row in (recorded, own)]
        return not all(map(TIME.fullmatch, times)) or self.moments.same(*map(time_of, times))

    def _notices(self, recorded: list[Any], own: list[Any], place: Place) -> Iterator[Deviation]:
        """Notices and activities: those of this story's tickets are all there, of others those that are."""
        rest = iter(own)
        for index, row in enumerate(recorded):
            if str(row["o_id"]) in self.identities.unwatched:
                self.ignored += 1
                continue
            begun, rest = tee(rest)
            ours = next((other for other in begun if self._is_same_notice(row, other)), None)
            if ours is not None:
                rest = begun
                yield from self._values(row, ours, place.item(index))
            elif str(row["o_id"]) in self.identities.made_now:
                yield Deviation(path=f"{place.path}[{index}]", what="missing", recorded=short(row), own=None)
            else:
                self.ignored += 1

    def _is_same_notice(self, recorded: Mapping[str, Any], own: Mapping[str, Any]) -> bool:
        ids = (("Ticket", "o_id"), ("User", "created_by_id"))
        if any(
            self.identities.own(kind, recorded.get(key)) != str(own.get(key)) for kind, key in ids if key in recorded
        ):
            return False
        if recorded.get("activity_stream_object_id") != own.get("activity_stream_object_id"):
            return False
        times = [row.get("created_at") for row in (recorded, own)]
        return None in times or self.moments.same(time_of(str(times[0])), time_of(str(times[1])))

    def _id_lists(self, recorded: list[Any], own: list[Any], place: Place) -> Iterator[Deviation]:
        kind = place.ids or "unknown"
        theirs = [value for value in recorded if not self._ignorable(kind, value, place)]
        self.ignored += len(recorded) - len(theirs)
        if place.key in ORDERED:
            ours = own
            if self.manner.foreign:
                expected = {self.identities.own(kind, value) for value in theirs}
                ours = [value for value in own if str(value) in expected]
            if self.manner.projected:
                ours = ours[: len(theirs)]
            if not self._same_turn(kind, theirs, ours):
                yield Deviation(path=place.path, what="ids", recorded=theirs, own=ours)
        elif not self._same_ids(kind, theirs, own):
            yield Deviation(path=place.path, what="ids", recorded=theirs, own=own)

    def _same_turn(self, kind: str, recorded: Sequence[Any], own: Sequence[Any]) -> bool:
        """Whether both name the same in the same order, but for tickets of which luck decides who is first."""
        if len(recorded) != len(own):
            return False
        if all(self.identities.match(kind, recorded=a, own=b) for a, b in zip(recorded, own, strict=True)):
            return True
        turns = {str(value): turn for turn, value in enumerate(own)}
        order = [turns.get(self.identities.own(kind, value) or "") for value in recorded]
        if kind != "Ticket" or self.unrecorded is None or None in order:
            return False
        turned = (
            (a, b) for (a, x), (b, y) in combinations(zip(recorded, order, strict=True), 2) if (x or 0) > (y or 0)
        )
        return all(self.unrecorded.is_luck_which_is_first(first, second) for first, second in turned)

    def _ignorable(self, kind: str, value: object, place: Place) -> bool:
        return kind == "Ticket" and place.key in ORDERED and (kind, str(value)) not in self.identities.made

    def _same_ids(self, kind: str, recorded: Sequence[Any], own: Sequence[Any]) -> bool:
        left = [str(value) for value in own]
        unknown = []
        for value in recorded:
            ours = self.identities.own(kind, value)
            if ours is None:
                unknown.append(value)
            elif ours in left:
                left.remove(ours)
            elif not self.manner.foreign or (kind, str(value)) in self.identities.made:
                return False
        surplus = len(unknown) - len(left)
        if self.manner.projected and surplus <= 0:
            return True
        if len(unknown) == len(left) == 1:
            return self.identities.match(kind, recorded=unknown[0], own=left[0])
        if not self.manner.projected and any(self.identities.recorded(kind, value) for value in left):
            return False
        if not 0 <= surplus <= sum(self._made_by_nobody(kind, value) for value in unknown):
            return False
        self.ignored += surplus
        return True

    def _made_by_nobody(self, kind: str, recorded: object) -> bool:
        """Whether a recorded thing is of a kind that requests make, and no recorded request made it."""
        known = (kind, str(recorded)) in self.identities.made or self.identities.own(kind, recorded) is not None
        return kind in MADE_BY_STEPS and not known

    def _same(self, recorded: Any, own: Any, place: Place) -> bool:
        if isinstance(recorded, bool) or recorded is None or isinstance(own, bool) or own is None:
            return recorded is own
        if place.ids is not None and is_id(recorded) and isinstance(own, type(recorded)):
            return is_id(own) and self.identities.match(place.ids, recorded=recorded, own=own)
        if isinstance(recorded, str) and isinstance(own, str):
            return self._same_text(recorded, own)
        return isinstance(recorded, type(own)) and bool(recorded == own)

    def _same_text(self, recorded: str, own: str) -> bool:
        if TIME.fullmatch(recorded) and TIME.fullmatch(own):
            return self.moments.same(time_of(recorded), time_of(own))
        if recorded == own or self.identities.match_text(recorded=recorded, own=own):
            return True
        if API in recorded and own == own_address(recorded, self.identities):
            return True
        return self.manner.projected and len(recorded) >= 20 and own.startswith(recorded)


def _is_a_value(deviation: Deviation, place: Place, recorded: Mapping[str, Any]) -> bool:
    """Whether somebody else can have brought a deviation about: no one adds or drops a column of a record.

    Names of what a record points at are there or not as it points at something.
    """
    if deviation.what not in ("missing", "not recorded"):
        return True
    name, *deeper = re.split(r"[.\[]", deviation.path.removeprefix(place.path).lstrip("."))
    return bool(deeper) or f"{name}_id" in recorded


def _column(deviation: Deviation, place: Place) -> str:
    """The column of a record a deviation is in; of its preferences the single one."""
    names = re.split(r"[.\[]", deviation.path.removeprefix(place.path).lstrip("."))
    return names[1] if names[0] == "preferences" and len(names) > 1 else names[0]
