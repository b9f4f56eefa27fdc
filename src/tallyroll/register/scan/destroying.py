"""What is forgotten goes from the scan side too: whole years of authorities, and their keys, so that no copy is left.

An authority's schools share its files and key, so that a school's year cannot go alone. What is destroyed is made
again from the write side by the next compaction, under a new key; until then nobody can read that year.
"""

from collections.abc import Collection

from tallyroll.register.scan.manifest import NOTHING, VERSION, Manifest, commit, current, remove, sweep
from tallyroll.register.scan.side import ScanSide
from tallyroll.vocab.errors import VerificationProblem
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.periods import AcademicYear

Places = dict[tuple[Urn, AcademicYear], tuple[int, str]]


def places(side: ScanSide) -> Places:
    """In which year of which authority each school's year lies on the scan side; nowhere if it cannot be read."""
    return {(Urn(urn), AcademicYear(part.year)): part.place for part in _read(side).parts for urn in part.revisions}


def destroy(side: ScanSide, years: Collection[tuple[Urn, AcademicYear]]) -> int:
    """How many years of authorities held any of these schools' years: they are gone, with their keys.

    For whoever has the side locked. Readers are not waited for: they find that files are gone, and begin anew. Broken
    off at any moment, call it again. A manifest that cannot be read takes the whole scan side with it.
    """
    before = _read(side)
    asked = {(year.start, urn.number) for urn, year in years}
    gone = {part.place for part in before.parts if any((part.year, urn) in asked for urn in part.revisions)}
    if gone:
        parts = tuple(part for part in before.parts if part.place not in gone)
        waiting = tuple(sorted({*before.waiting, *gone}))
        commit(side, Manifest(VERSION, before.generation + 1, parts, waiting))
    elif before is NOTHING:
        remove(side)
    sweep(side, spare_readers=False)
    return len(gone)


def _read(side: ScanSide) -> Manifest:
    try:
        return current(side)
    except VerificationProblem:
        return NOTHING
