"""A second implementation of the tally, in plain Python: loops, dictionaries, fractions; slow, and meant to be read.

Written from the methodology, not from `tallyroll.tally`: it shares with the program only the words of `vocab` (what a
byte stands for, which authority lies where). The code sets below were written out by hand.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from tallyroll.vocab.characteristics import MAJOR_OF_MINOR, YEAR_GROUP
from tallyroll.vocab.codes import CODES
from tallyroll.vocab.places import BY_OLD_CODE
from tallyroll.vocab.shapes import Register

PRESENT = ["/", "\\", "L"]
ACTIVITY = ["B", "J", "P", "V", "W", "K"]
AUTHORISED = ["I", "M", "R", "S", "T", "E", "C", "C1", "J1", "C2", "H", "F"]
UNAUTHORISED = ["G", "U", "O", "N"]
POSSIBLE = PRESENT + ACTIVITY + AUTHORISED + UNAUTHORISED
COUNTED_YEARS = ["", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "X"]
PUBLISHED = ("Primary", "Secondary", "Special")

Cells = dict[tuple[Any, ...], int]
Shares = dict[tuple[Any, ...], tuple[int, int, int]]
Away = Mapping[int, tuple[date, date]]


def text(number: int) -> str:
    """The code that a byte stands for; blank: nothing received."""
    return "" if number == 0 else CODES[number - 1].text


def _value(span: Mapping[str, Any], characteristic: str) -> int:
    if characteristic == "ethnicity_major":
        return MAJOR_OF_MINOR[int(span["ethnicity_minor"])]
    return int(span[characteristic])


def _counted(register: Register, away: Away, years: Collection[str]) -> Iterable[tuple[dict[str, Any], dict[str, Any]]]:
    """Each mark that counts, with the stretch of the roll that it falls in."""
    spans: dict[tuple[int, int], list[dict[str, Any]]] = defaultdict(list)
    for span in register.spans.to_pylist():
        spans[span["urn"], span["pupil"]].append(span)
    for mark in register.marks.to_pylist():
        for span in spans[mark["urn"], mark["pupil"]]:
            if not span["first"] <= mark["date"] <= span["last"]:
                continue
            year = YEAR_GROUP.values[span["year_group"]].code
            if year not in years:
                continue
            if year == "11" and mark["urn"] in away and away[mark["urn"]][0] <= mark["date"] <= away[mark["urn"]][1]:
                continue
            yield mark, span


def count(
    register: Register,
    *,
    characteristics: Iterable[str],
    revision: int,
    away: Away | None = None,
    years: Collection[str] = COUNTED_YEARS,
) -> Cells:
    """Cells by (contributor, revision, la, phase, date, session, characteristic, value, code)."""
    schools = {school["urn"]: school for school in register.schools.to_pylist()}
    cells: Cells = defaultdict(int)
    for mark, span in _counted(register, away or {}, years):
        school = schools[mark["urn"]]
        where = (mark["urn"], revision, school["la"], school["phase"], mark["date"], mark["session"])
        cells[*where, "all", 0, mark["code"]] += 1
        for characteristic in characteristics:
            cells[*where, characteristic, _value(span, characteristic), mark["code"]] += 1
    return dict(cells)


def persistent(
    register: Register,
    *,
    characteristics: Iterable[str],
    first: date,
    last: date,
    revision: int,
    away: Away | None = None,
    years: Collection[str] = COUNTED_YEARS,
) -> Shares:
    """(enrolments, persistent, severe) by (contributor, revision, la, phase, first, last, characteristic, value)."""
    schools = {school["urn"]: school for school in register.schools.to_pylist()}
    marks: dict[tuple[int, int], list[tuple[date, str, dict[str, Any]]]] = defaultdict(list)
    for mark, span in _counted(register, away or {}, years):
        if first <= mark["date"] <= last:
            marks[mark["urn"], mark["pupil"]].append((mark["date"], text(mark["code"]), span))
    shares: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0, 0])
    for (urn, _), rows in marks.items():
        possible = [code for _, code, _ in rows if code in POSSIBLE]
        if not possible:
            continue
        share = Fraction(sum(code in AUTHORISED + UNAUTHORISED for code in possible), len(possible))
        status = max(rows, key=lambda row: row[0])[2]
        values = [("all", 0), *((name, _value(status, name)) for name in characteristics)]
        for characteristic, value in values:
            school = schools[urn]
            cell = shares[urn, revision, school["la"], school["phase"], first, last, characteristic, value]
            cell[0] += 1
            cell[1] += share >= Fraction(1, 10)
            cell[2] += share >= Fraction(1, 2)
    return {key: (cell[0], cell[1], cell[2]) for key, cell in shares.items()}


def merge(left: Mapping[tuple[Any, ...], Any], right: Mapping[tuple[Any, ...], Any]) -> dict[tuple[Any, ...], Any]:
    """Cells of both, keeping each contributor's newest revision of a day; ValueError when one revision differs."""
    kept: dict[tuple[Any, ...], Any] = {}
    for day in sorted({_day(key) for key in (*left, *right)}):
        mine = {key: n for key, n in left.items() if _day(key) == day}
        theirs = {key: n for key, n in right.items() if _day(key) == day}
        my_revision = max((key[1] for key in mine), default=-1)
        their_revision = max((key[1] for key in theirs), default=-1)
        if my_revision == their_revision and mine != theirs:
            raise ValueError(day)
        kept.update(mine if my_revision >= their_revision else theirs)
    return kept


def _day(key: tuple[Any, ...]) -> tuple[Any, ...]:
    """Who counted, and which day; cells have nine key columns, enrolments eight (and a window for a day)."""
    return (key[0], key[4]) if len(key) == 9 else (key[0], key[4], key[5])


def total(cells: Cells, *, level: str, all_phases: bool = False) -> Cells:
    """Cells by (area code, phase, date, session, characteristic, value, code)."""
    sums: Cells = defaultdict(int)
    for (_, _, la, phase, *rest), n in cells.items():
        place = BY_OLD_CODE[la]
        area = {"Local authority": place.code, "Regional": place.region.code, "National": "E92000001"}[level]
        sums[area, phase, *rest] += n
        if all_phases and phase in PUBLISHED:
            sums[area, "Total", *rest] += n
    return {key: n for key, n in sums.items() if n}


def area_daily(
    cells: Cells, *, open_share: Fraction = Fraction(1, 2)
) -> dict[tuple[str, str, str, date], dict[str, int]]:
    """Figures by (geographic level, area code, phase, date): headline measures, schools and enrolments."""
    mine = {key: n for key, n in cells.items() if key[6] == "all" and key[3] in PUBLISHED and n}
    rows: dict[tuple[str, str, str, date], dict[str, int]] = {}
    days = {key[4] for key in mine}
    open_on = {day: {key[0] for key in mine if key[4] == day and text(key[8]) in POSSIBLE} for day in days}
    known = len(set().union(*open_on.values()))
    for la, phase, day in {(key[2], key[3], key[4]) for key in mine}:
        here = {key: n for key, n in mine.items() if (key[2], key[3], key[4]) == (la, phase, day)}
        figures = _figures(here)
        if figures["num_schools"] == 0:
            continue
        place = BY_OLD_CODE[la]
        levels = [("Local authority", place.code)]
        if len(open_on[day]) >= open_share * known:
            levels += [("Regional", place.region.code), ("National", "E92000001")]
        for level, area in levels:
            row = rows.setdefault((level, area, phase, day), dict.fromkeys(figures, 0))
            for name, n in figures.items():
                row[name] += n
    return rows


def _figures(cells: Cells) -> dict[str, int]:
    """One authority's figures of one phase and day."""

    def sessions(codes: Iterable[str]) -> int:
        return sum(n for key, n in cells.items() if text(key[8]) in list(codes))

    contributors = {key[0] for key in cells}
    enrolments = 0
    for contributor in contributors:
        of_session = [
            sum(n for key, n in cells.items() if key[0] == contributor and key[5] == session and text(key[8]) != "Z")
            for session in (0, 1)
        ]
        enrolments += max(of_session)
    return {
        "num_schools": len({key[0] for key in cells if text(key[8]) in POSSIBLE}),
        "enrolments": enrolments,
        "present_sessions": sessions(PRESENT),
        "approved_educational_activity": sessions(ACTIVITY),
        "overall_attendance": sessions(PRESENT + ACTIVITY),
        "overall_absence": sessions(AUTHORISED + UNAUTHORISED),
        "authorised_absence": sessions(AUTHORISED),
        "unauthorised_absence": sessions(UNAUTHORISED),
        "late_sessions": sessions(["L", "U"]),
        "possible_sessions": sessions(POSSIBLE),
        "reason_present": sessions(["/", "\\"]),
        "reason_i_authorised_illness": sessions(["I"]),
        "reason_f_legacy_family_holiday": sessions(["F"]),
        "reason_z_not_attending_not_on_roll": sessions(["Z"]),
        "reason_not_attending_planned_closed": sessions(["#"]),
    }
