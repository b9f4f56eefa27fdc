"""The demo's release against a second implementation, cell for cell; and its register against the schools' own marks.

Between the two lies the whole program: wire, screening, store, counting, merging, tabulation, disclosure control and
files on one side; loops over the same register on the other.
"""

import csv
import math
import shutil
from collections import defaultdict
from datetime import UTC, date, datetime, time
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.conftest import Demo
from tests.lib import oracle, plain_release
from tests.lib.once import once

from tallyroll import register
from tallyroll.flows.gatehouse import open_gate
from tallyroll.flows.settings import GateSettings
from tallyroll.flows.stage import AWKWARD, COLLECTION, DAY, FIRST, PURPOSE, WITHHELD
from tallyroll.governance import Door, Permit, Request, require
from tallyroll.governance import manifest as manifests
from tallyroll.governance.manifest.words import Tier
from tallyroll.simulate import Awkward, England
from tallyroll.vocab.characteristics import BY_NAME
from tallyroll.vocab.clock import FixedClock
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.schools import School
from tallyroll.vocab.shapes import Register

NOW = datetime.combine(DAY, time(18, 0, tzinfo=UTC))
CHANGES_RECORDS = (Awkward.CUSTOM_CODES, Awkward.OLD_CODES, Awkward.RE_ENROLMENT)
TABLES = tuple(plain_release.COLUMNS)
Row = dict[str, Any]


@pytest.fixture(scope="module")
def store(demo: Demo, tmp_path_factory: pytest.TempPathFactory):
    """A copy of the demo's store: even a reader leaves files beside the one it opens."""
    copy = Path(shutil.copy(demo.folder / "register.sqlite", tmp_path_factory.mktemp("store")))
    keys = demo.folder / "register.sqlite.keys"
    with register.RegisterStore(copy, read_only=True, keys=keys) as opened:
        yield opened


@pytest.fixture(scope="module")
def permit(demo: Demo, store, tmp_path_factory: pytest.TempPathFactory) -> Permit:
    """Leave to count everything the demo's assessment names."""
    rules = manifests.read(demo.folder / "manifest.toml")
    request = Request(
        door=Door.COUNT,
        purpose=PURPOSE,
        schools=frozenset(one.urn for one in store.schools()),
        items=rules.items_for(PURPOSE),
        first=FIRST,
        last=DAY,
        characteristics=frozenset(rules.counters.characteristics),
    )
    copy = shutil.copytree(demo.folder / "ledger", tmp_path_factory.mktemp("oracle") / "ledger")  # nobody adds to it
    settings = GateSettings(
        collection=COLLECTION,
        purpose=PURPOSE,
        tier=Tier.AUTHORITY,
        assessments=str(copy),
        roles=demo.folder / "roles.toml",
        log=copy.with_name("log"),
        log_key=copy.with_name("log.key"),
    )
    authorities = {one.urn: one.laestab.la for one in store.schools()}
    return require(open_gate(settings, clock=FixedClock(NOW)), request, authorities=authorities)


@pytest.fixture(scope="module")
def held(store, permit) -> Register:
    """Everything the demo's store holds."""
    urns = [one.urn for one in store.schools()]
    return register.read(permit, store, schools=urns, first=FIRST, last=DAY, now=NOW)


@pytest.fixture(scope="module")
def expected(demo: Demo, held, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Row]]:
    """The release by the second implementation."""

    def make(_: Path) -> dict[str, list[Row]]:
        names = manifests.read(demo.folder / "manifest.toml").counters.characteristics
        cells = oracle.count(held, characteristics=names, revision=1)
        shares = oracle.persistent(held, characteristics=names, first=FIRST, last=DAY, revision=1)
        return plain_release.release(cells, shares, heads(demo.folder), characteristics=names, year="202627")

    return once(tmp_path_factory, "plain-release", make)


def heads(folder: Path) -> plain_release.Heads:
    """Census head counts, read without the program."""
    return {
        (row["geographic_level"], row["region_name"], row["la_name"], row["phase"]): (
            int(row["total_num_schools"]),
            int(row["total_enrolments"]),
        )
        for row in rows_of(folder / "headcounts.csv")
    }


def rows_of(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def key_of(row: Row) -> tuple[str, ...]:
    return tuple(str(row.get(name, "")) for name in plain_release.KEYS)


def agree(name: str, ours: str, plain: object) -> bool:
    """A published cell against what it should say: text, symbols and whole numbers to the letter, rates nearly so."""
    if not isinstance(plain, Fraction | int):
        return ours == plain
    if plain.denominator == 1 and not name.endswith("_perc"):
        return ours == str(plain.numerator)
    try:
        return math.isclose(float(ours), plain, rel_tol=1e-12, abs_tol=0)
    except ValueError:
        return False


def differences(published: list[Row], plain: list[Row]) -> list[str]:
    theirs = {key_of(row): row for row in plain}
    ours = {key_of(row): row for row in published}
    found = [f"{len(published) - len(ours)} repeated rows"] if len(ours) < len(published) else []
    found += [f"missing {key}" for key in theirs.keys() - ours.keys()]
    found += [f"extra {key}" for key in ours.keys() - theirs.keys()]
    for key in ours.keys() & theirs.keys():
        for name in ours[key]:
            if not agree(name, ours[key][name], theirs[key][name]):
                found.append(f"{key} {name}: {ours[key][name]}, not {theirs[key][name]}")
    return found


# The release


@pytest.mark.parametrize("table", TABLES)
def test_the_published_table_equals_the_plain_one_cell_for_cell(demo, expected, table):
    published = rows_of(demo.folder / "release" / f"{table}.csv")
    assert list(published[0]) == plain_release.COLUMNS[table]
    assert differences(published, expected[table]) == []
    assert len(published) > 20


@pytest.mark.parametrize("table", TABLES)
def test_every_figure_is_a_plain_number_or_a_symbol_of_the_standard(demo, table):
    for row in rows_of(demo.folder / "release" / f"{table}.csv"):
        cells = [cell for name, cell in row.items() if name not in plain_release.KEYS]
        assert all(cell in ("c", "x", "z") or cell.replace(".", "", 1).isdecimal() for cell in cells), row


def test_every_kind_of_cell_was_compared(demo):
    """Otherwise agreement would say little: authorities of one school and of several, totals, hidden and shown."""
    rows = [row for table in TABLES for row in rows_of(demo.folder / "release" / f"{table}.csv")]
    local = [row for row in rows if row["geographic_level"] == "Local authority"]
    assert {row["num_schools"] == "1" for row in local} == {True, False}
    assert {row["education_phase"] for row in local} >= {"Primary", "Secondary", "Total"}
    assert {row["geographic_level"] for row in rows} == {"Local authority", "Regional", "National"}
    symbols = {cell for row in rows for cell in row.values()} & {"c", "x", "z"}
    assert "c" in symbols


def test_a_cell_a_row_or_a_symbol_that_differs_would_be_seen(demo, expected):
    published, plain = rows_of(demo.folder / "release" / "attendance_ytd.csv"), expected["attendance_ytd"]
    shown = next(n for n, row in enumerate(published) if row["overall_absence"] != "c")
    secret = next(n for n, row in enumerate(published) if row["overall_absence"] == "c")

    def with_cell(place: int, name: str, cell: str) -> list[Row]:
        return [{**row, name: cell} if n == place else row for n, row in enumerate(published)]

    one_more = str(int(published[shown]["overall_absence"]) + 1)
    slightly = repr(float(published[shown]["attendance_perc"]) * (1 + 1e-11))
    assert len(differences(with_cell(shown, "overall_absence", one_more), plain)) == 1
    assert len(differences(with_cell(shown, "attendance_perc", slightly), plain)) == 1
    assert len(differences(with_cell(secret, "overall_absence", "12"), plain)) == 1
    assert len(differences(with_cell(shown, "overall_absence", "c"), plain)) == 1
    assert len(differences(published[1:], plain)) == 1
    assert len(differences([*published, published[0]], plain)) == 1


# The register


@pytest.fixture(scope="module")
def england(demo: Demo) -> England:
    return England.open(demo.folder / "england")


def approved(england: England) -> tuple[list[School], list[School]]:
    """The schools that approved; and those of them whose system tells the truth about its own records."""
    rest = iter(england.schools)
    withheld = {one.urn for number in WITHHELD.values() for one in islice(rest, number)}
    kinds = {kind: {one.urn for one in islice(rest, number)} for kind, number in AWKWARD.items()}
    changed = set().union(*(kinds[kind] for kind in CHANGES_RECORDS))
    asked = [one for one in england.schools if one.urn not in withheld]
    return asked, [one for one in asked if one.urn not in changed]


def keys_of(store, urn: Urn) -> dict[int, str]:
    with store.reading() as sql:
        lists = [listed for _, listed in store.shelf(sql, urn.number).pupils()]
    return {number: key for listed in lists for key, number in listed.items()}


def test_exactly_the_schools_that_approved_are_in_the_store(england, store):
    asked, _ = approved(england)
    assert {one.urn for one in store.schools()} == {one.urn for one in asked}


def test_the_store_holds_the_schools_own_marks_mark_for_mark(england, store, held):
    _, truthful = approved(england)
    assert len(truthful) >= 5
    found: dict[int, set[tuple[int, date, int, int]]] = defaultdict(set)
    for mark in held.marks.to_pylist():
        if mark["code"]:
            found[mark["urn"]].add((mark["pupil"], mark["date"], mark["session"], mark["code"]))
    for school in truthful:
        year, keys = england.school_year(school.urn), keys_of(store, school.urn)
        ours = {(keys[pupil], day, session, code) for pupil, day, session, code in found[school.urn.number]}
        assert ours == own_marks(year), school.urn


def own_marks(year) -> set[tuple[str, date, int, int]]:
    """The marks of a school as its own system shows them on the evening of the demo's day."""
    shown, keys = year.marks_at(DAY), year.pupils["pupil"].to_pylist()
    return {
        (keys[place], day, session, int(shown[place, n, session]))
        for n, day in enumerate(year.days)
        if FIRST <= day <= DAY
        for place in range(len(keys))
        for session in (0, 1)
        if shown[place, n, session]
    }


def test_the_store_holds_the_schools_own_roll_with_its_dated_attributes(england, store, held):
    _, truthful = approved(england)
    wanted = ("year_group", "sex", "fsm", "sen")
    found: dict[int, dict[int, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for span in held.spans.to_pylist():
        found[span["urn"]][span["pupil"]].append(span)
    for school in truthful:
        year, keys = england.school_year(school.urn), keys_of(store, school.urn)
        for day in (FIRST, DAY):
            ours = {
                keys[number]: tuple(BY_NAME[name].values[span[name]].code for name in wanted)
                for number, spans in found[school.urn.number].items()
                for span in spans
                if span["first"] <= day <= span["last"]
            }
            assert ours == own_roll(year, day, wanted), (school.urn, day)


def own_roll(year, day: date, wanted: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Who is on a school's roll on a day, and what its system says of each then."""
    said: dict[int, dict[str, str]] = defaultdict(dict)
    for one in year.status.to_pylist():
        if (one["first"] or date.min) <= day <= (one["last"] or date.max):
            said[one["place"]][one["item"]] = one["value"]
    return {
        pupil["pupil"]: tuple((said[place] | {"sex": pupil["sex"]}).get(name, "") for name in wanted)
        for place, pupil in enumerate(year.pupils.to_pylist())
        if pupil["admission"] <= day <= (pupil["leaving"] or date.max)
    }


def test_nothing_but_permitted_items_is_in_the_store(held):
    permitted = {"year_group", "sex", "fsm", "sen"}
    for name in BY_NAME:
        if name in held.spans.column_names and name not in permitted:
            assert set(held.spans[name].to_pylist()) == {0}, name
