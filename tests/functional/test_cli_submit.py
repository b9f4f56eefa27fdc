"""`tallyroll receive` in a process of its own, and `tallyroll submit`, which sends it a tally."""

import json
import subprocess
import sys

import pytest
from tests.lib.builders import RECIPIENT
from tests.lib.gates import write_settings
from tests.lib.payloads import COUNTED_AT, SCHOOL, tally_of

from tallyroll import tally
from tallyroll.cli import main

AT = "2026-11-20T16:00"
HELD = tally_of(SCHOOL, "sex")


@pytest.fixture
def centre(tmp_path):
    """A centre's process and its address."""
    (tmp_path / "contributors.csv").write_text("urn,la\n100001,302\n")
    given = ["receive", "--settings", write_settings(tmp_path / "centre"), "--out", tmp_path / "inbox", "--port", 0]
    given += ["--contributors", tmp_path / "contributors.csv", "--now", AT]
    with subprocess.Popen(
        [sys.executable, "-m", "tallyroll", *map(str, given)], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process.stdout.readline().split("/tallies")[0]
        finally:
            process.terminate()


def test_a_tally_goes_from_a_node_to_a_centre(tmp_path, centre, capsys):
    tally.save(HELD, tmp_path / "tally")
    given = [
        "submit",
        tmp_path / "tally",
        "--settings",
        write_settings(tmp_path / "node"),
        "--to",
        centre,
        "--recipient",
        RECIPIENT,
        "--now",
        AT,
    ]
    with pytest.raises(SystemExit) as left:
        main([*map(str, given), "--json"])
    (receipt,) = json.loads(capsys.readouterr().out)["receipts"]
    assert (left.value.code, len(receipt["sha256"])) == (0, 64)
    assert tally.load(tmp_path / "inbox" / "100001" / str(COUNTED_AT) / "tally") == HELD
