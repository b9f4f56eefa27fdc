"""Whatever stands in the two files, the checker answers: a report, or a problem in words."""

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.lib.ees import Release

from tallyroll.release import check
from tallyroll.release.checks.catalogue import STAGES
from tallyroll.release.pair import Meta, Pair
from tallyroll.release.sheet import Unreadable, read

TOUCHES = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(
    which=st.sampled_from(["csv", "meta.csv"]),
    place=st.integers(0, 900),
    gone=st.integers(0, 40),
    put=st.binary(max_size=12) | st.text('",\n\r Filter09zx:%', max_size=12).map(str.encode),
)
@TOUCHES
def test_bytes_put_anywhere_never_end_in_a_traceback(
    which: str, place: int, gone: int, put: bytes, tmp_path: Path
) -> None:
    path = Release().write(tmp_path) / f"attendance_ytd.{which}"
    content = path.read_bytes()
    path.write_bytes(content[:place] + put + content[place + gone :])

    check(tmp_path).as_dict()


WORDS = (
    "",
    " ",
    "Total",
    "National",
    "Local authority",
    "School",
    "MAT",
    "x",
    "z",
    "c",
    "NA",
    ":",
    "Week 53",
    "é",
    "202627",
)


@given(
    cells=st.lists(
        st.tuples(st.integers(0, 5), st.integers(0, 12), st.sampled_from(WORDS) | st.text(max_size=8)), max_size=12
    ),
    meta=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 7), st.sampled_from(WORDS)), max_size=4),
)
@TOUCHES
def test_every_check_stands_on_its_own_feet(
    cells: list[tuple[int, int, str]], meta: list[tuple[int, int, str]], tmp_path: Path
) -> None:
    """Stages guard each other in a run; here each check is asked, whatever another would have said."""
    release = Release()
    for rows, touched in ((release.data, cells), (release.meta, meta)):
        names = list(rows[0])
        for row, column, word in touched:
            rows[row][names[column]] = word
    folder = release.write(tmp_path)
    try:
        pair = Pair(read(folder / "attendance_ytd.csv"), Meta.of(read(folder / "attendance_ytd.meta.csv")))
    except Unreadable:
        return
    for stage in STAGES:
        for one in stage.checks:
            list(one.find(pair))
