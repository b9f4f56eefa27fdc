"""Counts how absent sessions fall into the classes of spells that `reasons` draws by."""

from collections.abc import Iterator
from csv import DictWriter
from pathlib import Path

import numpy as np

from tallyroll.simulate.calendars import half_terms
from tallyroll.simulate.england import England
from tallyroll.simulate.fit_count import characteristics, published_marks
from tallyroll.simulate.model import SchoolYear
from tallyroll.simulate.reasons import N_CLASSES, Spells, spells
from tallyroll.simulate.tables import Floats
from tallyroll.vocab.codes import ABSENT, POSSIBLE, numbers_in
from tallyroll.vocab.schools import Phase


def published_spells(year: SchoolYear) -> Spells:
    """A school's spells of absence within the published population."""
    year_group = characteristics(year)["year_group"]
    marks = published_marks(year, year_group)
    absent, possible = (np.isin(marks, list(numbers_in(*categories))) for categories in (ABSENT, POSSIBLE))
    level = absent.sum(axis=(1, 2)) / np.maximum(possible.sum(axis=(1, 2)), 1)
    half_term = half_terms(year.calendar.terms, year.days)
    return spells(absent, level=level, half_term=half_term, exam_year=year_group == "11")


def spell_classes(england: England) -> dict[Phase, Floats]:
    """For each phase the share of absent sessions in each class of spells."""
    sums: dict[Phase, Floats] = {}
    for school in england.schools:
        found = published_spells(england.school_year(school.urn))
        counts = np.bincount(found.kind, weights=found.length, minlength=N_CLASSES)
        sums[school.phase] = sums.get(school.phase, np.zeros(N_CLASSES)) + counts
    return {phase: counts / max(counts.sum(), 1) for phase, counts in sums.items()}


def write_spell_classes(england: England, path: Path) -> None:
    """Write the table that `reasons` reads: to be done, and the England made again, when the mechanism changes."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = DictWriter(file, ("phase", "class", "share"), lineterminator="\n")
        writer.writeheader()
        writer.writerows(_rows(spell_classes(england)))


def _rows(shares: dict[Phase, Floats]) -> Iterator[dict[str, str]]:
    for phase, of_phase in shares.items():
        for number, share in enumerate(of_phase):
            yield {"phase": str(phase), "class": str(number), "share": f"{share:.6f}"}
