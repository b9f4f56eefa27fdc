"""Make a synthetic England, and read one."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Self

from tallyroll.simulate import store
from tallyroll.simulate.estate import Plan, PlannedSchool, plan
from tallyroll.simulate.model import SchoolYear
from tallyroll.simulate.school import school_year
from tallyroll.simulate.travel import Travellers, travellers
from tallyroll.vocab.errors import UsageProblem
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.schools import Phase, School

Progress = Callable[[int, int], None]
"""Told how many schools are done, and how many there are."""


def _silent(done: int, total: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class England:
    """A synthetic England on disk. Schools are read one at a time, so its size does not matter to memory."""

    folder: Path
    year: int
    seed: int
    scale: float
    listed: dict[Urn, store.Listed]

    @classmethod
    def open(cls, folder: Path) -> Self:
        """The England in this folder; UsageProblem when there is none."""
        about = store.read_about(folder)
        listed = {one.school.urn: one for one in store.read_schools(folder)}
        return cls(folder, int(str(about["year"])), int(str(about["seed"])), float(str(about["scale"])), listed)

    @property
    def schools(self) -> tuple[School, ...]:
        """Its schools, by authority and then by URN."""
        return tuple(one.school for one in self.listed.values())

    def school_year(self, urn: Urn) -> SchoolYear:
        """One school's year; UsageProblem when there is no such school."""
        if urn not in self.listed:
            raise UsageProblem(f"No school has the URN {urn}.", where=str(self.folder), mend="See `schools`.")
        return store.read_school_year(self.folder, self.listed[urn])


def england(
    *,
    scale: float,
    seed: int,
    out: Path,
    authorities: Sequence[str] = (),
    year: int = 2026,
    progress: Progress = _silent,
) -> England:
    """Make a synthetic England and write it to `out`, which appears only when it is complete.

    `scale` multiplies the number of schools (1.0: 21,292). `authorities` are old codes; none means all. A school is
    the same whichever authorities are asked for. `year` is the year in which the academic year starts.

    Raises: UsageProblem: `out` is there already, an authority is unknown, no school is left, the scale is wrong.
    """
    if out.exists():
        raise UsageProblem("There is something here already.", where=str(out), mend="Remove it or name another folder.")
    whole = plan(scale=scale, seed=seed, year=year)
    wanted = sorted(whole.of_authorities(authorities), key=lambda one: (one.school.laestab.la, one.school.urn))
    if not wanted:
        raise UsageProblem("At this scale no school is left.", mend="Ask for a larger scale or more authorities.")
    building = out.with_name(f".{out.name}.partial")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    listed = _write(whole, wanted, building, progress)
    store.write_schools(building, listed)
    about = {"year": year, "seed": seed, "scale": scale, "authorities": sorted(authorities)}
    store.write_about(building, about)
    building.rename(out)
    return England.open(out)


def _write(whole: Plan, wanted: list[PlannedSchool], folder: Path, progress: Progress) -> list[store.Listed]:
    children = travellers(whole)
    listed: list[store.Listed] = []
    for la, schools in groupby(wanted, key=lambda one: one.school.laestab.la):
        with store.AuthorityWriter(folder / la) as writer:
            for place, planned in enumerate(schools):
                listed.append(_add(writer, whole, planned, children, place))
                progress(len(listed), len(wanted))
    return listed


def _add(
    writer: store.AuthorityWriter,
    whole: Plan,
    planned: PlannedSchool,
    children: dict[Phase, Travellers],
    place: int,
) -> store.Listed:
    made = school_year(whole, planned, children)
    writer.add(made)
    return store.Listed(made.school, place, made.days, made.calendar)
