"""A store with two school years in it: the summer of 2025/26 and the autumn of 2026/27, and what is read of each."""

from collections.abc import Sequence
from datetime import date, datetime

from tallyroll.governance import Door
from tallyroll.register import RegisterStore, keep, known, read, screen
from tallyroll.vocab.findings import Finding
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.schools import SchoolCalendar, Term
from tallyroll.vocab.shapes import Register
from tests.lib.builders import NOW, permit, school
from tests.lib.registers import Row, extract

CALENDAR = SchoolCalendar(
    terms=(
        Term("Summer", date(2026, 4, 13), date(2026, 7, 22), date(2026, 5, 25), date(2026, 5, 29)),
        Term("Autumn", date(2026, 8, 31), date(2026, 12, 18), date(2026, 10, 26), date(2026, 10, 30)),
    ),
    closed=frozenset(),
    closed_sessions=frozenset(),
)
SUMMER = (date(2026, 7, 6), date(2026, 7, 10))
TURN = (date(2026, 8, 31), date(2026, 9, 4))
AUTUMN = (date(2026, 11, 16), date(2026, 11, 20))
URNS = tuple(Urn(100001 + n) for n in range(30))
PULL, COUNT = (permit(door, schools=URNS, first=date(2026, 3, 1)) for door in (Door.PULL, Door.COUNT))

STAYS, LEAVES, COMES = "key-of-who-stays", "key-of-who-leaves", "key-of-who-comes"
OLD_ROLL = [(STAYS, None, "F", "2025-09-01"), (LEAVES, None, "M", "2025-09-01", "2026-07-22")]
NEW_ROLL = [(STAYS, None, "F", "2025-09-01"), (COMES, None, "M", "2026-09-01")]


def mark(pupil: str, day: date, code: str = "L") -> Row:
    """A mark of the morning."""
    return (pupil, str(day), "AM", code)


def kept(
    store: RegisterStore,
    days: tuple[date, date],
    *,
    roll: Sequence[Row],
    marks: Sequence[Row],
    urn: Urn = URNS[0],
    full: bool = True,
    now: datetime = NOW,
    round_id: str = "",
    resume: str = "bookmark",
    findings: tuple[Finding, ...] = (),
) -> None:
    """One extract of these days in the store."""
    first, last = days
    given = extract(
        of=school(urn.number), roll=roll, marks=marks, first=first, last=last, full=full, resume=resume,
        findings=findings,
    )  # fmt: skip
    before = None if full else known(PULL, store, school=urn, now=NOW)
    judged = screen(PULL, given, calendar=CALENDAR, now=NOW, known=before)
    keep(PULL, store, judged, now=now, round_id=round_id)


def fill(store: RegisterStore, urn: Urn = URNS[0]) -> None:
    """A week of each year: one pupil stays, one leaves in July, one comes in September."""
    kept(store, SUMMER, roll=OLD_ROLL, marks=[mark(STAYS, SUMMER[0]), mark(LEAVES, SUMMER[0], "I")], urn=urn)
    kept(store, AUTUMN, roll=NEW_ROLL, marks=[mark(STAYS, AUTUMN[0]), mark(COMES, AUTUMN[1], "I")], urn=urn)


def held(store: RegisterStore, days: tuple[date, date], *, urn: Urn = URNS[0]) -> Register:
    """What is read of these days."""
    return read(COUNT, store, schools=[urn], first=days[0], last=days[1], now=NOW)


def codes(register: Register) -> list[tuple[int, str, int]]:
    """The marks that came, as (pupil, date, code)."""
    rows = register.marks.select(["pupil", "date", "code"]).to_pylist()
    return sorted((row["pupil"], str(row["date"]), row["code"]) for row in rows if row["code"])
