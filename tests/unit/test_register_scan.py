"""The scan side: what is read there is what was kept, of one state; what is not as written is refused."""

import gc
import json
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.lib.builders import NOW, permit, school
from tests.lib.registers import extract
from tests.lib.scans import facts_of, read_directly, rows_of, scanned
from tests.lib.two_years import (
    AUTUMN,
    CALENDAR,
    COMES,
    COUNT,
    NEW_ROLL,
    PULL,
    STAYS,
    SUMMER,
    TURN,
    URNS,
    fill,
    kept,
    mark,
)  # fmt: skip

from tallyroll.governance import Door
from tallyroll.register import RegisterStore, keep, screen
from tallyroll.register.keys import KeyRing
from tallyroll.register.scan import ScanSide, compact, scan, write_scan
from tallyroll.register.scan.manifest import hold
from tallyroll.vocab.errors import Refused, UsageProblem, VerificationProblem
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.items import ESSENTIAL
from tallyroll.vocab.packing import pack
from tallyroll.vocab.partitions import Partition
from tallyroll.vocab.periods import AcademicYear
from tallyroll.vocab.shapes import OPEN_END, SCHOOLS, SPANS, WEEKS

BOTH_YEARS = (SUMMER[0], AUTUMN[1])
FIRST, SECOND = URNS[:2]


@pytest.fixture
def store(tmp_path):
    with RegisterStore(tmp_path / "register.sqlite") as store:
        for urn in (FIRST, SECOND):
            fill(store, urn)
        yield store


def compacted(store):
    return compact(COUNT, store, now=NOW)


def files(store, pattern="*/*/*.parquet"):
    folder = ScanSide.of(store).folder
    return sorted(path.relative_to(folder).as_posix() for path in folder.glob(pattern))


def only(store, name):
    (path,) = ScanSide.of(store).folder.glob(name)
    return path


def partitions(store, days=BOTH_YEARS, *, by=COUNT, authorities=()):
    return scan(by, ScanSide.of(store), authorities=authorities, first=days[0], last=days[1], now=NOW)


def moved(store, urn, la):
    """The school in another authority, with one more mark of Friday."""
    given = extract(
        of=school(urn.number, la=la),
        roll=NEW_ROLL,
        marks=[mark(STAYS, AUTUMN[1], "M")],
        first=AUTUMN[1],
        last=AUTUMN[1],
    )
    keep(PULL, store, screen(PULL, given, calendar=CALENDAR, now=NOW), now=NOW)


def agrees(store, days=BOTH_YEARS, urns=(FIRST, SECOND)):
    numbers = [urn.number for urn in urns]
    args = {"first": days[0], "last": days[1]}
    return scanned(COUNT, store, **args) == read_directly(COUNT, store, urns=numbers, **args)


# What is there


@pytest.mark.parametrize("days", [BOTH_YEARS, SUMMER, AUTUMN, TURN, (AUTUMN[0], AUTUMN[0]), (TURN[0], TURN[0])])
def test_a_scan_gives_what_the_write_side_gives(store, days):
    kept(store, TURN, roll=NEW_ROLL, marks=[mark(STAYS, TURN[0]), mark(COMES, TURN[1], "I")], urn=FIRST)
    compacted(store)
    assert agrees(store, days)


def test_files_are_by_year_authority_and_month_and_only_their_owner_may_read_them(store):
    compacted(store)
    assert files(store) == [
        "202526/201/2026-07-1.parquet", "202526/201/roll-1.parquet", "202526/201/schools-1.parquet",
        "202627/201/2026-11-1.parquet", "202627/201/roll-1.parquet", "202627/201/schools-1.parquet",
    ]  # fmt: skip
    folder = ScanSide.of(store).folder
    modes = {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in [folder, *folder.rglob("*")]}
    assert modes == {(True, 0o700), (False, 0o600)}


def test_a_week_is_the_years_of_its_friday_and_the_months_of_its_monday(store):
    kept(store, TURN, roll=NEW_ROLL, marks=[mark(STAYS, TURN[1])])
    compacted(store)
    assert files(store, "202627/201/2*") == ["202627/201/2026-08-1.parquet", "202627/201/2026-11-1.parquet"]


def test_rows_are_sorted_by_school_and_monday(store):
    kept(store, (date(2026, 11, 9), date(2026, 11, 13)), roll=NEW_ROLL, marks=[mark(STAYS, date(2026, 11, 9))])
    compacted(store)
    ((weeks,),) = [one.weeks for one in partitions(store, AUTUMN_MONTH)]
    keys = [(row[0], str(row[1])) for row in rows_of(weeks)]
    assert keys == [(100001, "2026-11-09"), (100001, "2026-11-16"), (100002, "2026-11-16")]


AUTUMN_MONTH = (date(2026, 11, 1), date(2026, 11, 20))


def test_a_day_that_was_not_asked_for_is_as_if_not_sent(store):
    compacted(store)
    (one,) = partitions(store, (AUTUMN[0], AUTUMN[0]))  # COMES has a mark on Friday alone
    assert {row[2] for row in facts_of(one)[2]} == {AUTUMN[0]}
    ((weeks,),) = [one.weeks]
    assert [row["marks"][:2] for row in weeks.to_pylist()] == [b"\x01\x00"] * 2  # the morning of Monday


def test_months_are_read_when_they_are_asked_for(store):
    compacted(store)
    (one,) = partitions(store)
    assert len(one.weeks) == 2
    only(store, "202526/201/2026-07*").unlink()
    assert one.weeks[1].num_rows == 2
    assert [table.num_rows for table in one.weeks[1:]] == [2]
    with pytest.raises(VerificationProblem, match="cannot be read"):
        one.weeks[0]


def test_threads_may_read_at_once(store):
    compacted(store)
    found = partitions(store)
    with ThreadPoolExecutor(4) as pool:
        several = [*pool.map(lambda _: facts_of(found[0]), range(16))]
    assert all(one == several[0] for one in several)


# Compaction


def test_only_months_with_a_changed_week_are_written_anew(store):
    compacted(store)
    kept(store, AUTUMN, roll=NEW_ROLL, marks=[mark(STAYS, AUTUMN[0], "B")])
    made = compacted(store)
    assert made.months == ((2026, "201", "2026-11"),)
    assert (made.generation, made.files, made.stayed) == (2, 1, 5)
    assert files(store, "*/*/2*") == ["202526/201/2026-07-1.parquet", "202627/201/2026-11-2.parquet"]
    assert agrees(store)


def test_nothing_new_is_nothing_written(store):
    compacted(store)
    before = {path: path.stat().st_mtime_ns for path in ScanSide.of(store).folder.rglob("*.*")}
    made = compacted(store)
    assert (made.generation, made.months, made.files, made.stayed) == (1, (), 0, 6)
    assert {path: path.stat().st_mtime_ns for path in ScanSide.of(store).folder.rglob("*.*")} == before


def test_a_school_that_moved_is_in_its_new_authority_alone_and_the_old_one_gets_a_new_key(store):
    compacted(store)
    old_keys = set(store.ring.authorities())
    moved(store, SECOND, "202")
    compact(COUNT, store, now=NOW, authorities=["202"])  # its old authority comes along
    assert agrees(store)
    assert [(one.la, one.schools.column("urn").to_pylist()) for one in partitions(store)] == [
        ("201", [100001]), ("202", [100002]),
    ]  # fmt: skip
    assert not old_keys & set(store.ring.authorities())


def test_other_authorities_than_those_asked_for_stay_as_they_are(store):
    moved(store, SECOND, "202")
    compacted(store)
    for urn, la in ((FIRST, "201"), (SECOND, "202")):
        given = extract(
            of=school(urn.number, la=la), roll=NEW_ROLL, marks=[mark(STAYS, AUTUMN[0], "T")], first=AUTUMN[0]
        )
        keep(PULL, store, screen(PULL, given, calendar=CALENDAR, now=NOW), now=NOW)
    assert compact(COUNT, store, now=NOW, authorities=["202"]).months == ((2026, "202", "2026-11"),)
    assert not agrees(store)
    compacted(store)
    assert agrees(store)


def test_a_store_that_was_put_back_is_followed(store, tmp_path):
    with store.writing() as sql:
        earlier = sql.execute("SELECT urn, revision FROM school").fetchall()
    kept(store, AUTUMN, roll=NEW_ROLL, marks=[mark(STAYS, AUTUMN[0], "B")])
    compacted(store)
    with store.writing() as sql:  # as a copy of the day before would be
        for urn, revision in earlier:
            for table in ("week", "roll", "facts", "revision"):
                sql.execute(f"DELETE FROM {table} WHERE urn = ? AND revision > ?", (urn, revision))
            sql.execute("UPDATE school SET revision = ? WHERE urn = ?", (revision, urn))
    compacted(store)
    assert agrees(store)


def test_an_empty_store_has_an_empty_scan_side(tmp_path):
    with RegisterStore(tmp_path / "register.sqlite") as store:
        assert compacted(store).generation == 1
        assert [*partitions(store)] == []


def test_a_compaction_under_way_keeps_others_away(store):
    with ScanSide.of(store).locked(), pytest.raises(UsageProblem, match="Another process"):
        compacted(store)
    compacted(store)


def test_what_a_broken_compaction_left_behind_is_swept(store):
    compacted(store)
    side = ScanSide.of(store)
    side.put("202627/201/2026-11-2.parquet", b"half a file")
    side.put("202627/305/roll-2.parquet", b"half a file")
    side.key("202627/305/roll-2.parquet", 2, make=True)
    side.put("manifest.draft", b"{")
    before = files(store, "*/*/*-1.parquet")
    compacted(store)
    assert files(store) == before
    assert not (side.folder / "202627/305").exists()
    assert {str(holder) for holder, _ in store.ring.authorities()} == {"la201.1"}


# Readers


def test_a_reader_keeps_the_state_that_it_began_with_until_it_lets_go(store):
    compacted(store)
    found = partitions(store)
    before = facts_of(found[0])
    for code in "BCT":
        kept(store, AUTUMN, roll=NEW_ROLL, marks=[mark(STAYS, AUTUMN[0], code)])
        compacted(store)
    assert facts_of(found[0]) == before
    assert len(files(store, "202627/201/2*")) == 2
    (one,) = found
    del found
    gc.collect()
    compact_after_change(store)
    assert facts_of(one) == before  # a partition holds it too
    del one
    gc.collect()
    compacted(store)
    assert len(files(store, "202627/201/2*")) == 1
    assert files(store, "manifest*") == ["manifest.json"]


def compact_after_change(store):
    kept(store, AUTUMN, roll=NEW_ROLL, marks=[mark(STAYS, AUTUMN[0], "E")])
    compacted(store)


def test_a_reader_in_another_process_is_waited_for_and_forgotten_when_it_dies(store):
    compacted(store)
    root = str(Path(__file__).parents[2])
    code = (
        f"import sys; sys.path.insert(0, {root!r})\n"
        "from pathlib import Path; from tallyroll.register.keys import KeyRing\n"
        "from tallyroll.register.scan import ScanSide; from tallyroll.register.scan.manifest import hold\n"
        f"held = hold(ScanSide(Path({str(ScanSide.of(store).folder)!r}), KeyRing(Path('none'))))\n"
        "print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as reader:
        assert reader.stdout.readline() == b"held\n"
        compact_after_change(store)
        assert len(files(store, "202627/201/2*")) == 2
        reader.kill()
    compacted(store)
    assert len(files(store, "202627/201/2*")) == 1


# What is not as written


def test_a_store_without_a_scan_side_says_so(store):
    with pytest.raises(UsageProblem, match="no scan side yet"):
        partitions(store)


@pytest.mark.parametrize("damage", ["torn", "flipped", "missing", "exchanged", "older"])
@pytest.mark.parametrize("what", ["2026-11", "roll", "schools"])
def test_a_file_that_is_not_as_written_is_refused(store, what, damage):
    compacted(store)
    path = only(store, f"202627/201/{what}-1.parquet")
    data = path.read_bytes()
    if damage == "missing":
        path.unlink()
    elif damage == "exchanged":
        path.write_bytes(only(store, f"202526/201/{what.replace('2026-11', '2026-07')}-1.parquet").read_bytes())
    elif damage == "older":
        moved(store, SECOND, "202")
        compact_after_change(store)
        only(store, f"202627/201/{what}-*.parquet").write_bytes(data)
    else:
        path.write_bytes(data[:-9] if damage == "torn" else data[:40] + bytes([data[40] ^ 1]) + data[41:])
    with pytest.raises(VerificationProblem, match=r"is not the one|cannot be read"):
        [facts_of(one) for one in partitions(store)]


def test_a_file_opens_nowhere_else_even_if_the_manifest_says_so(store):
    compacted(store)
    manifest = ScanSide.of(store).folder / "manifest.json"
    tree = json.loads(manifest.read_bytes())
    tree["parts"][1]["roll"] = {**tree["parts"][0]["roll"], "name": tree["parts"][1]["roll"]["name"]}
    only(store, "202627/201/roll*").write_bytes(only(store, "202526/201/roll*").read_bytes())
    manifest.write_text(json.dumps(tree))
    with pytest.raises(VerificationProblem, match="cannot be opened with its key"):
        [facts_of(one) for one in partitions(store)]


def test_without_its_key_a_file_says_nothing_and_the_next_compaction_makes_it_anew(store):
    compacted(store)
    path = only(store, "202627/201/2026-11-1.parquet")
    assert path.read_bytes()[:4] == b"PARE"  # Parquet with an encrypted footer
    with pytest.raises(OSError, match="encrypted"):
        pq.read_table(path)
    for holder, year in store.ring.authorities():
        store.ring.destroy(holder, year)
    with pytest.raises(VerificationProblem, match="key of this authority"):
        partitions(store)[0]
    compacted(store)
    assert agrees(store)


@pytest.mark.parametrize("text", ["", "{", '{"version":1,"generation":1}', "[]", "\xff"])
def test_a_torn_or_foreign_manifest_is_refused(store, text):
    compacted(store)
    (ScanSide.of(store).folder / "manifest.json").write_bytes(text.encode("latin-1"))
    for use in (partitions, compacted):
        with pytest.raises(VerificationProblem, match="not the manifest"):
            use(store)


def test_a_manifest_of_another_version_is_refused(store):
    compacted(store)
    path = ScanSide.of(store).folder / "manifest.json"
    path.write_text(path.read_text().replace('"version":1', '"version":2'))
    with pytest.raises(VerificationProblem, match="version 2"):
        hold(ScanSide.of(store))


# The permit


@pytest.mark.parametrize(
    "wrong",
    [
        permit(Door.PULL, schools=URNS, first=date(2026, 3, 1)),
        permit(Door.COUNT, schools=[FIRST], first=date(2026, 3, 1)),
    ],
    ids=["door", "school"],
)
def test_beyond_the_permit_nothing_is_compacted_or_read(store, wrong):
    with pytest.raises(Refused):
        compact(wrong, store, now=NOW)
    compacted(store)
    with pytest.raises(Refused):
        partitions(store, by=wrong)


def test_days_beyond_the_permit_are_refused(store):
    compacted(store)
    short = permit(Door.COUNT, schools=URNS, first=AUTUMN[0], last=AUTUMN[1] - timedelta(days=1))
    with pytest.raises(Refused, match="covers"):
        partitions(store, AUTUMN, by=short)


def test_items_beyond_the_permit_come_as_unknown(store):
    compacted(store)
    bare = permit(Door.COUNT, schools=URNS, first=AUTUMN[0], items=ESSENTIAL)
    assert set(partitions(store, AUTUMN)[0].spans.column("sex").to_pylist()) == {1, 2}
    assert set(partitions(store, AUTUMN, by=bare)[0].spans.column("sex").to_pylist()) == {0}


# Without a write side


def a_partition(la="305", urn=100005, mondays=(20_335, 20_342)):
    """One pupil, there all week; days from 1970."""
    week = pack(np.array([[1, 2] * 5], dtype=np.uint8))
    span = {"urn": urn, "pupil": 0, "first": date(2025, 9, 1), "last": OPEN_END}
    weeks = pa.table(
        [
            pa.array([urn] * len(mondays), pa.int32()),
            pa.array(mondays, pa.int32()).view(pa.date32()),
            pa.array([1] * len(mondays), pa.int64()),
            pa.array([1] * len(mondays), pa.int32()),
            pa.array([week] * len(mondays), pa.binary()),
        ],
        schema=WEEKS,
    )
    blank = dict.fromkeys(SPANS.names[4:], 0)
    return Partition(
        la,
        pa.Table.from_pylist([{"urn": urn, "la": la, "phase": "Primary"}], SCHOOLS),
        pa.Table.from_pylist([{**span, **blank}], SPANS),
        [weeks],
    )


def test_a_scan_side_can_be_written_without_a_write_side(tmp_path):
    side = ScanSide(tmp_path / "scan", KeyRing(tmp_path / "keys"))
    year = AcademicYear(2025)
    assert write_scan(COUNT, side, year=year, partitions=[a_partition()], now=NOW) == 1
    assert write_scan(COUNT, side, year=year, partitions=[a_partition("306", 100006)], now=NOW) == 2
    days = (date(2025, 9, 1), date(2025, 9, 30))
    wide = permit(Door.COUNT, schools=URNS, first=days[0])
    found = scan(wide, side, authorities=(), first=days[0], last=days[1], now=NOW)
    assert [one.la for one in found] == ["305", "306"]
    assert [weeks.equals(a_partition().weeks[0]) for weeks in found[0].weeks] == [True]
    assert [one.la for one in scan(wide, side, authorities=["306"], first=days[0], last=days[1], now=NOW)] == ["306"]


@pytest.mark.parametrize("mondays", [(20_342, 20_335), (20_335, 20_335), (20_335, 20_335 + 371)])
def test_weeks_out_of_order_or_of_another_year_are_refused(tmp_path, mondays):
    side = ScanSide(tmp_path / "scan", KeyRing(tmp_path / "keys"))
    with pytest.raises(UsageProblem, match="not all of 2025/26"):
        write_scan(COUNT, side, year=AcademicYear(2025), partitions=[a_partition(mondays=mondays)], now=NOW)


def test_writing_needs_a_permit_for_its_schools(tmp_path):
    side = ScanSide(tmp_path / "scan", KeyRing(tmp_path / "keys"))
    one = permit(Door.COUNT, schools=[Urn(100001)])
    with pytest.raises(Refused):
        write_scan(one, side, year=AcademicYear(2025), partitions=[a_partition()], now=NOW)
