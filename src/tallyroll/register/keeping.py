"""`keep`: one school's screened extract into the store, in one transaction: all of it or nothing."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256

import msgspec
import numpy as np

from tallyroll.governance import Door, Permit
from tallyroll.register.blocks import as_marked
from tallyroll.register.calendars import calendar_to_json
from tallyroll.register.database import microseconds, moment
from tallyroll.register.merging import Said, by_year, merged_roll, merged_weeks
from tallyroll.register.screening import Screened
from tallyroll.register.seen import Seen, unpack
from tallyroll.register.shelf import Shelf, whole_roll
from tallyroll.register.sieve import Ints
from tallyroll.register.store import RegisterStore
from tallyroll.register.stretches import PUPIL, Stretches, from_table, items_held, no_stretches, numbers_of, since
from tallyroll.register.words import date_of, day_number
from tallyroll.vocab.errors import InputProblem
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.items import ESSENTIAL
from tallyroll.vocab.periods import AcademicYear

_DESK = """
SELECT school.revision, pupil.seen, la, establishment, name, phase, calendar FROM school
  LEFT JOIN pupil ON pupil.urn = school.urn AND pupil.year = ?
  LEFT JOIN facts ON facts.urn = school.urn
       AND facts.revision = (SELECT max(revision) FROM facts WHERE facts.urn = school.urn)
 WHERE school.urn = ?
"""
"""What a transaction begins with."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What keeping changed: the school's latest revision, whether its roll is new, and the Mondays of new weeks."""

    urn: Urn
    revision: int
    roll_changed: bool
    weeks_changed: tuple[date, ...]

    @property
    def changed(self) -> bool:
        """Whether there is anything new to count."""
        return self.roll_changed or bool(self.weeks_changed)


def keep(permit: Permit, store: RegisterStore, screened: Screened, *, now: datetime, round_id: str = "") -> Kept:
    """The extract in the store, durably, with bookmark, line in the round and findings; only what differs is new.

    Raises: Refused when it lies outside the permit. InputProblem when a full extract has nobody on its roll though
            the school has pupils, and when the disk is full. VerificationProblem when what it builds on is damaged.
    """
    given = from_table(screened.spans)
    days = (screened.first, screened.last)
    items = ESSENTIAL | items_held(given)
    permit.check(Door.PULL, now=now, schools=(screened.school.urn,), days=days, items=items)
    with store.writing() as sql:
        writer = _Writer(store.shelf(sql, screened.school.urn.number), screened, now=microseconds(now))
        writer.keep_facts()
        numbers, roll_changed = writer.keep_pupils(given)
        weeks_changed = writer.keep_weeks(numbers)
        writer.keep_bookmark()
        if round_id:
            writer.keep_round(round_id)
        return Kept(screened.school.urn, writer.revision, roll_changed, weeks_changed)


class _Writer:
    """One school's transaction. Its revision is opened by the first thing that differs from what was known."""

    def __init__(self, shelf: Shelf, screened: Screened, *, now: int) -> None:
        self.shelf, self.screened, self.now = shelf, screened, now
        self.sql, self.urn = shelf.sql, shelf.urn
        found = self.sql.execute(_DESK, (AcademicYear.of(screened.last).start, self.urn)).fetchone()
        if found is None:
            self.sql.execute("INSERT INTO school VALUES (?, 0, 0)", (self.urn,))
            found = (0, None, *(None,) * 5)
        self.revision: int = found[0]
        self._seen: bytes | None = found[1]
        self._facts: tuple[str | None, ...] = found[2:]
        self._opened = False

    def _open_revision(self) -> int:
        """The number of this transaction's revision. Within a school time never runs back, whatever the clock says."""
        if not self._opened:
            self._opened = True
            self.revision += 1
            self.sql.execute("UPDATE school SET revision = ? WHERE urn = ?", (self.revision, self.urn))
            self.sql.execute(
                "INSERT INTO revision SELECT ?1, ?2, max(?3, coalesce(max(received_at), ?3)), ?4"
                " FROM revision WHERE urn = ?1",
                (self.urn, self.revision, self.now, self.screened.source),
            )
        return self.revision

    def keep_facts(self) -> None:
        """The school's name, place and calendar, if they differ."""
        school, laestab = self.screened.school, self.screened.school.laestab
        calendar = calendar_to_json(self.screened.calendar)
        facts = (laestab.la, laestab.establishment, school.name, str(school.phase), calendar)
        if self._facts != facts:
            row = (self.urn, self._open_revision(), *facts)
            self.sql.execute("INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    def keep_pupils(self, given: Stretches) -> tuple[Ints, bool]:
        """The number of each key of the extract, and whether the roll differs from what was known.

        A roll that is as it was last given costs one comparison.
        """
        year = AcademicYear.of(self.screened.last).start
        if self._seen is not None:
            seen = unpack(self.shelf.open_seen(year, self._seen))
            full_from = day_number(self.screened.first) if self.screened.full else None
            if len(given) and seen.covers(_digest(self.screened, given), full_from=full_from):
                return seen.numbers, False
        numbers = self._pupil_numbers()
        return numbers, self._keep_roll(given, numbers)

    def _pupil_numbers(self) -> Ints:
        """The number of each key of the extract: given in the order of coming, never given again."""
        keys = self.screened.keys
        found = self._numbers_of(keys)
        new = [key for key in keys if key not in found]
        if new:
            statement = "UPDATE school SET n_pupils = n_pupils + ? WHERE urn = ? RETURNING n_pupils"
            (n_pupils,) = self.sql.execute(statement, (len(new), self.urn)).fetchone()
            found |= {key: number for number, key in enumerate(new, start=n_pupils - len(new))}
        return np.fromiter(map(found.__getitem__, keys), dtype=np.int64, count=len(keys))

    def _numbers_of(self, keys: Collection[str]) -> dict[str, int]:
        """The numbers of keys, among others, as far as they have one. Most stand in the latest list."""
        found: dict[str, int] = {}
        for _, listed in self.shelf.pupils() if keys else ():
            found |= listed
            if found.keys() >= set(keys):
                break
        return found

    def _keep_roll(self, given: Stretches, numbers: Ints) -> bool:
        """The roll as it is now, each year's part that differs; true when the roll differs from what was known."""
        screened = self.screened
        if not (screened.full or len(given) or screened.removed or self._year_turned()):
            return False
        parts = self.shelf.roll_parts()
        known = whole_roll(parts.values())
        self._refuse_empty(known, given)
        numbered = given.copy()
        numbered[:, PUPIL] = numbers[given[:, PUPIL]]
        roll = merged_roll(
            known,
            numbered,
            removed=self._removed_numbers(),
            year_start=day_number(AcademicYear.of(screened.first).first),
            left_before=day_number(screened.first) if screened.full else None,
        )
        for year, part in by_year(roll, years=self._years(parts)).items():
            if not np.array_equal(part, parts.get(year, no_stretches())):
                self.shelf.add_roll(year, part, revision=self._open_revision())
                self._list_pupils(year, part, numbers)
        seen = Seen.of(_digest(screened, given), given, numbers=numbers, roll=roll)
        self.shelf.put_seen(AcademicYear.of(screened.last).start, seen.pack())
        return not np.array_equal(roll, known)

    def _year_turned(self) -> bool:
        """Whether the extract reaches into a year that has no part of the roll yet."""
        (latest,) = self.sql.execute("SELECT max(year) FROM roll WHERE urn = ?", (self.urn,)).fetchone()
        return latest is not None and latest < AcademicYear.of(self.screened.last).start

    def _years(self, parts: Collection[int]) -> range:
        """The years of the roll: those that were known, and those of the extract."""
        years = [*parts, *(AcademicYear.of(day).start for day in (self.screened.first, self.screened.last))]
        return range(min(years), max(years) + 1)

    def _list_pupils(self, year: int, part: Stretches, numbers: Ints) -> None:
        """Put every pupil of this part of the roll into the year's list."""
        lists = dict(self.shelf.pupils())
        listed, on_roll = lists.get(year, {}), set(part[:, PUPIL].tolist())
        if on_roll <= set(listed.values()):
            return
        known = dict(zip(self.screened.keys, numbers.tolist(), strict=True))
        for other in lists.values():
            known |= other
        self.shelf.put_pupils(year, listed | {key: number for key, number in known.items() if number in on_roll})

    def _refuse_empty(self, known: Stretches, given: Stretches) -> None:
        """An empty roll is a lost grant of access, not a school whose pupils all went on one day."""
        first = day_number(self.screened.first)
        if self.screened.full and len(given) == 0 and len(since(known, first)):
            raise InputProblem(
                "A full extract without a single pupil was not kept, for the school has pupils.",
                where=f"school {self.urn}",
                mend="See whether the source still grants access to the roll.",
            )

    def _removed_numbers(self) -> Ints:
        found = self._numbers_of(self.screened.removed)
        return np.array([found[key] for key in self.screened.removed if key in found], dtype=np.int64)

    def keep_weeks(self, numbers: Ints) -> tuple[date, ...]:
        """The Mondays of the weeks that differ from what was known, each now written whole."""
        said = _said(self.screened, numbers)
        mondays = said.mondays()
        known = self.shelf.weeks(first=mondays[0], last=mondays[-1]) if mondays else {}
        changed = []
        for monday, marks in merged_weeks(known, said):
            marked = as_marked(marks)
            same = np.array_equal(known[monday], marked) if monday in known else len(marked) == 0
            if not same:
                self.shelf.add_week(monday, marked, revision=self._open_revision())
                changed.append(date_of(monday))
        return tuple(changed)

    def keep_bookmark(self) -> None:
        """Where the source goes on from next time."""
        self.sql.execute(
            "INSERT INTO bookmark VALUES (?, ?, ?) ON CONFLICT (urn, source) DO UPDATE SET resume = excluded.resume"
            " WHERE resume <> excluded.resume",
            (self.urn, self.screened.source, self.screened.resume),
        )

    def keep_round(self, round_id: str) -> None:
        """The school's line in the round, and what was found; an earlier line of it and its findings go."""
        screened, rows = self.screened, self.screened.mark_rows
        filled, due = (screened.completeness.filled, screened.completeness.due) if screened.completeness else (0, 0)
        counts = (rows.received, rows.kept, rows.rejected, filled, due)
        self.sql.execute("DELETE FROM finding WHERE round_id = ? AND urn = ?", (round_id, self.urn))
        self.sql.execute(
            "INSERT OR REPLACE INTO round VALUES (?, ?, 'kept', ?, ?, ?, ?, ?, ?, '', ?)",
            (round_id, self.urn, *counts, screened.resume, self.now),
        )
        year = AcademicYear.of(moment(self.now).date()).start
        self.shelf.add_findings(round_id, screened.findings, year=year)


def _digest(screened: Screened, given: Stretches) -> bytes:
    """A digest of the roll as given, with all else that the merged roll and its parts by year follow from."""
    years = [AcademicYear.of(day).start for day in (screened.first, screened.last)]
    parts = msgspec.json.encode((years, screened.keys, screened.removed, given.shape))
    return sha256(parts + np.ascontiguousarray(given).tobytes()).digest()


def _said(screened: Screened, numbers: Ints) -> Said:
    columns = (numbers_of(screened.marks, name).astype(np.int64) for name in ("pupil", "date", "session", "code"))
    pupil, day, session, code = columns
    replaced = (day_number(screened.first), day_number(screened.last)) if screened.full else None
    return Said(numbers[pupil], day, session, code, replaced)
