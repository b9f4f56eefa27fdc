"""One school's year as its information system lived it: marks, later edits, deletions, re-enrolments, new ids."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from tallyroll.simulate.mis_awkward import Awkward
from tallyroll.simulate.mis_stamps import seconds
from tallyroll.simulate.model import Marks, SchoolYear
from tallyroll.vocab.codes import BY_TEXT, CODES
from tallyroll.vocab.shapes import OPEN_END

Seconds = npt.NDArray[np.int64]
NEVER = 2**60

LOCAL_CODES = (("SP", "Sports partnership", "PRESENT"), ("XX", "Left early", "AUTHORISED_ABSENCE"))
"""Codes of a school's own; their numbers follow those of the official codes."""

_OLD = ((("C",), "H"), (("G",), "F"), (("V", "P"), "J"))
_LOCAL = (("/", len(CODES) + 1), ("C", len(CODES) + 2))


class Edit(NamedTuple):
    """A mark changed by hand; code 0 takes it away."""

    place: int
    day: int
    session: int
    at: int
    code: int


class Deletion(NamedTuple):
    """A pupil taken out of the system, and put back where `restored` is a moment."""

    place: int
    at: int
    restored: int | None

    def hides(self, now: int) -> bool:
        """Whether the pupil is gone at that moment."""
        return self.at <= now and (self.restored is None or now < self.restored)


@dataclass(slots=True)
class Manual:
    """What a test or a demo did to one school by hand."""

    edits: list[Edit] = field(default_factory=list)
    deletions: list[Deletion] = field(default_factory=list)
    rejoins: dict[int, int] = field(default_factory=dict)  # place -> day from which the new id holds
    generation: int = 0


@dataclass(frozen=True, slots=True)
class History:
    """Everything that the records of a school follow from, whatever the moment."""

    year: SchoolYear
    generation: int
    entered: Marks
    final: Marks
    edits: tuple[Edit, ...]  # in order of time
    deletions: tuple[Deletion, ...]
    rejoins: npt.NDArray[np.int64]  # per pupil: the day from which the second id holds
    on: frozenset[Awkward]

    @property
    def urn(self) -> int:
        """The school's URN."""
        return self.year.school.urn.number

    @property
    def school_id(self) -> str:
        """The service's key of the school."""
        return school_id(self.urn, self.generation)

    def key(self, kind: Literal["student", "mark", "code"], number: int) -> str:
        """The service's key of a record; no key survives a change of system."""
        letter = {"student": 1, "mark": 2, "code": 3}[kind]
        return f"A{self.urn}{self.generation}{letter}{number:07d}"

    def second_enrolment(self, place: int) -> date | None:
        """The day on which a pupil came back, for those who left and did."""
        day = int(self.rejoins[place])
        return self.year.days[day] if day < len(self.year.days) else None


def school_id(urn: int, generation: int) -> str:
    """The service's key of a school, which changes with its system."""
    return f"A{1_000_000 + urn}{generation}"


def history(year: SchoolYear, *, on: Collection[Awkward], manual: Manual, seed: int) -> History:
    """The year with the awkward behaviours that are on, and with what was done by hand."""
    urn, switched = year.school.urn.number, frozenset(on)
    entered, final = _marks(year, switched, seed=seed)
    edits = [*manual.edits]
    deletions = [*manual.deletions]
    if Awkward.RETROSPECTIVE_EDITS in switched:
        edits += _late_edits(year, _random(seed, urn, 1))
    if Awkward.DELETIONS in switched:
        deletions += _seeded_deletions(year, _random(seed, urn, 2))
    rejoins = np.full(year.pupils.num_rows, NEVER)
    if Awkward.RE_ENROLMENT in switched:
        rejoins = _seeded_rejoins(year, _random(seed, urn, 3))
    for place, day in manual.rejoins.items():
        rejoins[place] = day
    rejoins = np.where(_enrolled_around(year, rejoins), rejoins, NEVER)
    generation = manual.generation + (Awkward.MIGRATION in switched)
    edits.sort(key=lambda edit: edit.at)
    return History(year, generation, entered, final, tuple(edits), tuple(deletions), rejoins, switched)


def _enrolled_around(year: SchoolYear, days: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Which pupils were on roll both before and from the day of that number."""
    on = np.array(year.days, dtype="datetime64[D]")[np.minimum(days, len(year.days) - 1)]
    admission = year.pupils["admission"].to_numpy()
    leaving = year.pupils["leaving"].fill_null(OPEN_END).to_numpy()
    return np.asarray((days < len(year.days)) & (admission < on) & (on <= leaving))


def _random(seed: int, urn: int, purpose: int) -> np.random.Generator:
    return np.random.default_rng([seed, urn, purpose])


def _marks(year: SchoolYear, on: frozenset[Awkward], *, seed: int) -> tuple[Marks, Marks]:
    """Marks as entered and as settled, with missing, withdrawn and local codes where those are on."""
    entered, final = year.entered, year.final
    luck = _random(seed, year.school.urn.number, 4).random(final.shape) if on else np.zeros(0)
    swaps: list[tuple[Marks, int, float]] = []
    if Awkward.OLD_CODES in on:
        swaps += [(_numbers(texts), BY_TEXT[old].number, 0.3) for texts, old in _OLD]
    if Awkward.CUSTOM_CODES in on:
        swaps += [(_numbers((text,)), local, 0.02) for text, local in _LOCAL]
    if Awkward.MISSING_MARKS in on:
        swaps.append((np.arange(1, 256, dtype=np.uint8), 0, 0.01))
    for old, new, share in swaps:
        hit = luck < share
        entered = np.where(hit & np.isin(entered, old), new, entered).astype(np.uint8)
        final = np.where(hit & np.isin(final, old), new, final).astype(np.uint8)
    return entered, final


def _numbers(texts: Collection[str]) -> Marks:
    return np.array([BY_TEXT[text].number for text in texts], dtype=np.uint8)


def _late_edits(year: SchoolYear, random: np.random.Generator) -> list[Edit]:
    """One mark in two hundred becomes an illness ten school days later."""
    struck = np.argwhere((random.random(year.final.shape) < 0.005) & (year.final != 0))
    illness = BY_TEXT["I"].number
    return [
        Edit(int(place), int(day), int(session), seconds(year.days[day + 10], 11), illness)
        for place, day, session in struck
        if day + 10 < len(year.days)
    ]


def _seeded_deletions(year: SchoolYear, random: np.random.Generator) -> list[Deletion]:
    """One pupil in fifty (at least two, where there are as many); every other one comes back three days later."""
    n_pupils, n_days = year.final.shape[:2]
    gone = random.choice(n_pupils, size=min(n_pupils, max(2, n_pupils // 50)), replace=False)
    found = []
    for turn, place in enumerate(gone):
        day = int(random.integers(0, n_days))
        back = seconds(year.days[day + 3], 10) if turn % 2 and day + 3 < n_days else None
        found.append(Deletion(int(place), seconds(year.days[day], 10), back))
    return found


def _seeded_rejoins(year: SchoolYear, random: np.random.Generator) -> npt.NDArray[np.int64]:
    """One pupil in fifty (at least one) has a second enrolment from some day on."""
    n_pupils, n_days = year.final.shape[:2]
    rejoins = np.full(n_pupils, NEVER)
    chosen = random.choice(n_pupils, size=min(n_pupils, max(1, n_pupils // 50)), replace=False)
    rejoins[chosen] = random.integers(1, max(2, n_days), size=len(chosen))
    return rejoins
