"""The checker on the department's own published files of September 2023."""

from pathlib import Path

import pytest

from tallyroll.release import check
from tallyroll.release.files import meta_file
from tallyroll.release.meta import describe
from tallyroll.release.sheet import read

GOLDEN = Path(__file__).parents[3] / "shared/data/golden-2023-09"
TABLES = ("daily", "weekly", "ytd")

pytestmark = [
    pytest.mark.golden,
    pytest.mark.skipif(not GOLDEN.is_dir(), reason=f"the department's files are not at {GOLDEN}"),
]


def release(folder: Path, *, blank: bool) -> Path:
    """The published files, each with a meta file of ours; `blank` puts nothing where they have NA."""
    for name in TABLES:
        text = (GOLDEN / f"published_{name}.csv").read_text(encoding="utf-8")
        path = folder / f"{name}.csv"
        path.write_text(text.replace('"","",NA,', '"","","",') if blank else text, encoding="utf-8")
        path.with_suffix(".meta.csv").write_bytes(meta_file(describe(name, read(path).table)))
    return folder


def faults(folder: Path) -> dict[str, list[str]]:
    return {file.name: [result.check for result in file.faults] for file in check(folder).files}


def test_a_published_file_fails_only_for_the_old_name_of_the_phase(tmp_path: Path) -> None:
    assert faults(release(tmp_path, blank=True)) == {name: ["harmonised_variables"] for name in TABLES}


def test_na_in_place_of_a_blank_old_code_fails_before(tmp_path: Path) -> None:
    assert faults(release(tmp_path, blank=False)) == {name: ["geog_overcompleted_cols"] for name in TABLES}
