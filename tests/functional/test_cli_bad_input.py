"""Every verb with what people really type and really have on disk: one message, one exit code, never a traceback.

The command runs in this process (a few verbs in one of their own); the files are real ones, made by the verbs
themselves before they are spoilt.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from pyarrow import csv as arrow_csv
from tests.lib.builders import manifest_text
from tests.lib.csvfolders import MARKS, PUPILS, SCHOOLS
from tests.lib.gates import write_settings

from tallyroll import tally
from tallyroll.cli.main import main
from tallyroll.governance.manifest import parse
from tallyroll.simulate import England, child
from tallyroll.vocab.items import ESSENTIAL, Item

NOW = "2026-09-25T18:00"
ITEMS = (*sorted(ESSENTIAL), Item.YEAR_GROUP, Item.SEX, Item.FSM, Item.SEN)
BREAKDOWNS = ("year_group", "sex", "fsm", "sen")
DONE, USAGE, REFUSED, FINDINGS, VERIFICATION = 0, 2, 3, 4, 6
CALENDAR = """
[[terms]]
name = "Autumn"
first = 2026-09-01
last = 2026-12-18
half_term_first = 2026-10-26
half_term_last = 2026-10-30
"""


@dataclass(frozen=True)
class Said:
    """What a command said and the code it left with."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Desk:
    """A folder with one good example of everything a verb takes, and the ways in which such things are bad."""

    folder: Path

    def line(self, text: str) -> list[str]:
        """A command line in which {name} stands for the path of that name here."""
        return [word.replace("{", f"{self.folder}/").replace("}", "") for word in text.split()]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], desk: Desk, monkeypatch: pytest.MonkeyPatch):
    """Runs a command line in this process."""
    monkeypatch.chdir(desk.folder)
    monkeypatch.setenv("COLUMNS", "100")

    def run(text: str) -> Said:
        with pytest.raises(SystemExit) as left:
            main(desk.line(text))
        told = capsys.readouterr()
        assert isinstance(left.value.code, int)
        return Said(left.value.code, told.out, told.err)

    return run


# The desk


def settings(base_url: str, *, token: str = "synthetic-token", **others: str) -> str:
    """A node's settings."""
    chosen = {
        "collection": "test-attendance",
        "purpose": "attendance-statistics",
        "tier": "trust",
        "assessments": "ledger",
        "log": "ledger",
        "log_key": "ledger.key",
        "calendars": "england/calendars.toml",
        "store": "register.sqlite",
        "connector": "wonde",
        **others,
    }
    lines = [f'{name} = "{value}"' for name, value in chosen.items()]
    return "\n".join([*lines, "[source]", f'base_url = "{base_url}"', f'token = "{token}"', 'max_tries = "1"']) + "\n"


def silently(desk: Desk, text: str) -> None:
    """Run a verb while the desk is laid; its output does not matter here."""
    told, left = StringIO(), pytest.raises(SystemExit)
    with redirect_stdout(StringIO()), redirect_stderr(told), chdir(desk.folder), left as leaving:
        main(desk.line(text))
    assert leaving.value.code == DONE, told.getvalue()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The desk, with an information system running."""
    folder = tmp_path_factory.mktemp("desk")
    made = Desk(folder)
    silently(made, "simulate england --scale 0.002 --seed 3 --authority 860 --authority 330 --out {england}")
    lay_assessments(folder)
    write(folder / "calendars.toml", CALENDAR)
    lay_bad_files(folder)
    lay_csv_folders(folder)
    moment = datetime.fromisoformat(NOW).replace(tzinfo=UTC)
    with child(partial(England.open, folder / "england"), now=moment) as mis:
        lay_settings(folder, mis.base_url)
        silently(made, f"collect --settings {{node.toml}} --now {NOW} --days 18")
        silently(made, f"tally --settings {{node.toml}} --now {NOW} --from 2026-09-07 --out {{tally}}")
        arrow_csv.write_csv(tally.area_daily(tally.areas_of(tally.load(folder / "tally"))), folder / "tallies.csv")
        silently(made, f"release make --tallies {{tally}} {MAKE} --out {{release}}")
        yield made


def lay_assessments(folder: Path) -> None:
    """One in force, in a ledger whose log knows that every family was told; and files that are none."""
    text = manifest_text(ITEMS, BREAKDOWNS).replace("window_days = 300", "window_days = 100")
    rules = parse(text, where="manifest.toml")
    schools = England.open(folder / "england").schools
    write_settings(folder, told=[100001, *(one.urn.number for one in schools)], rules=rules)
    write(folder / "manifest.toml", text)
    write(folder / "unknown-key.toml", text.replace("tier =", "shoe_size = 7\ntier ="))
    write(folder / "too-long.toml", text.replace('keep = "P1Y"', 'keep = "P66Y"', 1))
    gate = (folder / "gate.toml").read_text(encoding="utf-8")
    write(folder / "draft-gate.toml", gate.replace('"test-attendance"', '"another"'))
    write(folder / "loose.key", (folder / "ledger.key").read_text(encoding="utf-8"))
    (folder / "loose.key").chmod(0o644)
    write(folder / "office.toml", 'log_key = "ledger.key"\n')
    bundle = newest_bundle(folder, "changed-ledger")
    bundle.write_bytes(bundle.read_bytes().replace(b"test-attendance", b"test-attendancE", 1))
    bundle = newest_bundle(folder, "torn-ledger")
    bundle.write_bytes(bundle.read_bytes()[:-9])
    (folder / "logs").mkdir()


def newest_bundle(folder: Path, name: str) -> Path:
    """The file of the newest entries in a copy of the ledger."""
    copy = Path(shutil.copytree(folder / "ledger", folder / name))
    return max((path for path in copy.glob("tile/entries/000.p/*")), key=lambda path: int(path.name))


OVER = "--from 2026-09-07 --to 2026-09-25"
MAKE = f"--headcounts {{england/headcounts.csv}} --settings {{gate.toml}} {OVER} --now {NOW}"


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def lay_bad_files(folder: Path) -> None:
    (folder / "folder").mkdir()
    (folder / "latin").write_bytes("name = 'Zoë'\nZoë,1\n".encode("latin-1"))
    (folder / "noise").write_bytes(bytes(range(256)) * 8)
    (folder / "empty").write_bytes(b"")
    (folder / "full").mkdir()
    write(folder / "full" / "thesis.txt", "three years of work")
    write(folder / "file", "a file where a folder is wanted\n")
    write(folder / "half.toml", '[collection]\nid = "demo-atten')
    write(folder / "half.csv", 'a,b\n1,"2')
    write(folder / "wrong-column.csv", "colour,size\nred,7\n")


def lay_csv_folders(folder: Path) -> None:
    for name, marks in {
        "good-csv": MARKS,
        "bad-csv": "pupil,date,session,code\np1,2026-09-07,AM,QQ\n",
        "late-csv": MARKS.replace("2026-09-07", "2031-01-06"),
        "half-csv": 'pupil,date,session,code\np1,2026-09-07,"AM',
        "strange-csv": "pupil,colour\np1,red\n",
    }.items():
        (folder / name).mkdir()
        for file, text in {"schools.csv": SCHOOLS, "pupils.csv": PUPILS, "marks.csv": marks}.items():
            write(folder / name / file, text)
    (folder / "latin-csv").mkdir()
    for file, text in {"schools.csv": SCHOOLS.replace("Synthetic", "Zoë"), "pupils.csv": PUPILS}.items():
        (folder / "latin-csv" / file).write_bytes(text.encode("latin-1"))
    write(folder / "latin-csv" / "marks.csv", MARKS)


def lay_settings(folder: Path, base_url: str) -> None:
    good = settings(base_url)
    write(folder / "node.toml", good)
    write(folder / "wrong-token.toml", settings(base_url, token="wrong-token-4711"))
    write(folder / "nobody-there.toml", settings("http://127.0.0.1:9"))
    write(folder / "not-encrypted.toml", settings("http://example.org/v1.0"))
    write(folder / "unknown-setting.toml", 'colour = "red"\n' + good)
    write(folder / "unknown-source-setting.toml", good + 'colour = "red"\n')
    write(folder / "unknown-connector.toml", good.replace('"wonde"', '"carrier-pigeon"'))
    write(folder / "unknown-purpose.toml", good.replace('"attendance-statistics"', '"curiosity"'))
    write(folder / "no-ledger.toml", good.replace('assessments = "ledger"', 'assessments = "nowhere"'))
    write(folder / "no-roles.toml", 'roles = "nowhere.toml"\n' + good)
    write(folder / "no-collection.toml", good.replace('collection = "test-attendance"\n', ""))
    write(folder / "draft-node.toml", good.replace('"test-attendance"', '"another"'))
    write(folder / "high-tier.toml", good.replace('"trust"', '"nation"'))
    write(folder / "no-calendars.toml", good.replace('"england/calendars.toml"', '"nowhere.toml"'))
    write(folder / "store-is-text.toml", good.replace('"register.sqlite"', '"latin"'))
    write(folder / "store-is-folder.toml", good.replace('"register.sqlite"', '"folder"'))
    write(folder / "store-below-file.toml", good.replace('"register.sqlite"', '"file/register.sqlite"'))
    write(folder / "loose-key-node.toml", good.replace('"ledger.key"', '"loose.key"'))
    write(folder / "log-below-file.toml", good.replace('log = "ledger"', 'log = "file/log"'))
    write(folder / "log-of-another.toml", good.replace('"ledger.key"', '"dpo.key"'))
    write(folder / "ledger-changed.toml", good.replace('assessments = "ledger"', 'assessments = "changed-ledger"'))
    write(folder / "ledger-torn.toml", good.replace('assessments = "ledger"', 'assessments = "torn-ledger"'))
    # a log does not go back in time, and no clock stands before its ledger: the future and the past have their own
    late = good.replace('log = "ledger"', 'log = "logs/late"').replace('"ledger.key"', '"logs/late.key"')
    write(folder / "late.toml", late)
    write_settings(folder / "early", name="ledger-only.toml", at=datetime(2026, 8, 20, tzinfo=UTC))
    write(folder / "early" / "node.toml", good.replace("england/", "../england/"))
    for name in ("good-csv", "half-csv", "strange-csv"):
        text = settings(base_url, store=f"{name}.sqlite", connector="csv", calendars="calendars.toml")
        write(folder / f"{name}.toml", text.split("[source]")[0] + f'[source]\nfolder = "{folder / name}"\n')


# What is refused

TABULATE = "tabulate --method dfe-pooled --out {new} --now 2026-11-20T16:00"
SCREEN = f"screen {{good-csv}} --settings {{gate.toml}} --calendars {{calendars.toml}} --now {NOW}"

TEXT_FILES = {
    "connect": "connect --settings {FILE}",
    "collect": f"collect --now {NOW} --settings {{FILE}}",
    "tally": f"tally --now {NOW} --from 2026-09-07 --out {{new}} --settings {{FILE}}",
    "screen the settings": f"screen {{good-csv}} {OVER} --calendars {{calendars.toml}} --settings {{FILE}}",
    "screen the calendars": f"screen {{good-csv}} {OVER} --settings {{gate.toml}} --calendars {{FILE}} --now {NOW}",
    "tabulate the tallies": f"{TABULATE} {OVER} --headcounts {{england/headcounts.csv}} --tallies {{FILE}}",
    "tabulate the head counts": f"{TABULATE} {OVER} --tallies {{tallies.csv}} --headcounts {{FILE}}",
    "tabulate the persistent": f"{TABULATE} {OVER} --tallies {{tallies.csv}} --headcounts {{england/headcounts.csv}}"
    " --persistent {FILE}",
    "release make the head counts": f"release make --out {{new}} --tallies {{tally}} {MAKE} --headcounts {{FILE}}",
    "release make the settings": f"release make --out {{new}} --tallies {{tally}} {MAKE} --settings {{FILE}}",
    "retain": f"retain --dry-run --now {NOW} --settings {{FILE}}",
    "submit": f"submit {{tally}} --to http://127.0.0.1:9 --recipient X --now {NOW} --settings {{FILE}}",
    "dpia check": "dpia check {FILE}",
    "dpia explain": "dpia explain --settings {FILE}",
    "dpia diff": "dpia diff {manifest.toml} {FILE}",
    "dpia sign": "dpia sign {FILE} screened --key {dpo.key} --office {office.toml}",
    "dpia rehearse": "dpia rehearse {FILE} {new}",
    "dpia history the roles": "dpia history test-attendance --ledger {ledger} --roles {FILE}",
    "dpia notices-issued the schools": f"dpia notices-issued --settings {{gate.toml}} --now {NOW} --schools {{FILE}}",
    "ledger verify the roles": "ledger verify {ledger} --roles {FILE}",
}
"""Each verb that reads a text file, with the file as {FILE}."""

BAD_FILES = {
    "missing": ("nowhere", USAGE),
    "a folder": ("folder", USAGE),
    "not UTF-8": ("latin", FINDINGS),
    "noise": ("noise", FINDINGS),
    "cut off": ("half.toml", FINDINGS),
    "a table": ("wrong-column.csv", FINDINGS),
    "empty": ("empty", FINDINGS),
}


NOT_BAD = {
    ("screen the calendars", "empty"),  # a calendar too: that of schools without terms
    ("dpia check", "empty"),  # an assessment of which everything is missing, and the verb lists it
}


def one_clear_message(said: Said) -> None:
    """What every failure has in common."""
    assert said.out == ""
    assert "Traceback" not in said.err
    assert len(said.err.strip().splitlines()) <= 20
    assert "how to mend it" in said.err.lower()


@pytest.mark.parametrize(
    ("verb", "bad"),
    [(verb, bad) for verb in TEXT_FILES for bad in BAD_FILES if (verb, bad) not in NOT_BAD],
)
def test_a_file_that_cannot_be_used_is_named_and_said_how_to_mend(say, desk, verb, bad):
    name, code = BAD_FILES[bad]
    said = say(TEXT_FILES[verb].replace("FILE", name))
    one_clear_message(said)
    assert said.code == code, said.err
    assert name in said.err.replace("\n", "")


FOLDERS = {
    "merge": ("merge {FILE} --out {new}", {"nowhere": USAGE, "file": USAGE, "full": USAGE}),
    "release make": (f"release make --out {{new}} {MAKE} --tallies {{FILE}}", {"nowhere": USAGE, "file": USAGE}),
    "release check": ("release check {FILE}", {"nowhere": USAGE, "file": USAGE, "folder": FINDINGS}),
    "simulate fit": ("simulate fit {FILE}", {"nowhere": USAGE, "file": USAGE, "folder": USAGE}),
    "simulate mis": ("simulate mis {FILE} --port 0", {"nowhere": USAGE, "file": USAGE, "folder": USAGE}),
    "serve": ("serve {FILE} --port 0", {"nowhere": USAGE, "file": USAGE, "folder": USAGE}),
    "ledger verify": ("ledger verify {FILE}", {"nowhere": USAGE, "folder": USAGE, "latin": USAGE}),
    "screen": (
        f"screen {{FILE}} {OVER} --settings {{gate.toml}} --calendars {{calendars.toml}} --now {NOW}",
        {"nowhere": USAGE, "file": USAGE, "folder": USAGE},
    ),
}


@pytest.mark.parametrize(("verb", "name"), [(verb, name) for verb, (_, names) in FOLDERS.items() for name in names])
def test_a_folder_that_cannot_be_used_is_named(say, verb, name):
    text, codes = FOLDERS[verb]
    said = say(text.replace("FILE", name))
    assert said.code == codes[name], said.err
    one_clear_message(said)
    assert name in said.err.replace("\n", "")


CASES: dict[str, tuple[str, int, str]] = {
    # dates
    "a day that is none": ("collect --settings {node.toml} --to 2026-02-31", USAGE, "'2026-02-31' is not a day"),
    "a day the other way round": ("tally --settings {node.toml} --from 07/09/2026 --out {new}", USAGE, "not a day"),
    "a moment that is none": ("collect --settings {node.toml} --now yesterday", USAGE, "not a moment"),
    "days below nothing": (f"collect --settings {{node.toml}} --now {NOW} --days -1", USAGE, "--days"),
    "days beyond the calendar": (f"collect --settings {{node.toml}} --now {NOW} --days 999999999", USAGE, "--days"),
    "more days than permitted": (f"collect --settings {{node.toml}} --now {NOW} --days 200", REFUSED, "window_days"),
    "a round too many": (f"collect --settings {{node.toml}} --now {NOW} --pull 3", REFUSED, "pulls_a_day"),
    "round nought": (f"collect --settings {{node.toml}} --now {NOW} --pull 0", USAGE, "--pull"),
    "a future day": (f"collect --settings {{node.toml}} --now {NOW} --to 2026-12-01", REFUSED, "window_days"),
    "before the assessment holds": (
        "collect --settings {early/node.toml} --now 2026-08-30T10:00",
        REFUSED,
        "valid_from",
    ),
    "a moment that has not come": ("collect --settings {late.toml} --now 2097-09-01T10:00", USAGE, "has not come"),
    "tally the wrong way round": (
        f"tally --settings {{node.toml}} --now {NOW} --from 2026-09-20 --to 2026-09-10 --out {{new}}",
        REFUSED,
        "Turn them round",
    ),
    "tally of the future": (
        f"tally --settings {{node.toml}} --now {NOW} --from 2026-09-20 --to 2027-09-10 --out {{new}}",
        REFUSED,
        "future",
    ),
    "screen the wrong way round": (f"{SCREEN} --from 2026-09-20 --to 2026-09-10", REFUSED, "Turn them round"),
    "tabulate the wrong way round": (
        f"{TABULATE} --tallies {{tallies.csv}} --headcounts {{england/headcounts.csv}} "
        "--from 2026-09-25 --to 2026-09-07",
        FINDINGS,
        "2026-09-25",
    ),
    "tabulate two years": (
        f"{TABULATE} --tallies {{tallies.csv}} --headcounts {{england/headcounts.csv}} "
        "--from 2026-09-07 --to 2027-09-25",
        FINDINGS,
        "two academic years",
    ),
    "tabulate another year": (
        f"{TABULATE} --tallies {{tallies.csv}} --headcounts {{england/headcounts.csv}} "
        "--from 2024-09-09 --to 2024-09-25",
        FINDINGS,
        "The file holds 2026-09-07",
    ),
    "release the wrong way round": (
        f"release make --tallies {{tally}} {MAKE} --from 2026-09-25 --to 2026-09-07 --out {{new}}",
        REFUSED,
        "Turn them round",
    ),
    # assessments
    "a draft": (f"collect --settings {{draft-node.toml}} --now {NOW}", REFUSED, "life-cycle"),
    "a draft to count by": (
        f"tally --settings {{draft-node.toml}} --now {NOW} --from 2026-09-07 --out {{new}}",
        REFUSED,
        "life-cycle",
    ),
    "a draft to screen by": (
        f"screen {{good-csv}} --settings {{draft-gate.toml}} --calendars {{calendars.toml}} {OVER} --now {NOW}",
        REFUSED,
        "life-cycle",
    ),
    "a draft to publish by": (
        f"release make --tallies {{tally}} {MAKE} --settings {{draft-gate.toml}} --out {{new}}",
        REFUSED,
        "life-cycle",
    ),
    "an assessment with a key nobody knows": ("dpia diff {manifest.toml} {unknown-key.toml}", FINDINGS, "shoe_size"),
    "an assessment that keeps too long": (f"dpia check {{too-long.toml}} --now {NOW}", REFUSED, ""),
    "an assessment nobody can sign": (f"dpia rehearse {{too-long.toml}} {{new}} --now {NOW}", REFUSED, "life-cycle"),
    "a signature out of turn": (
        f"dpia sign {{manifest.toml}} approved --key {{approver.key}} --office {{office.toml}} --now {NOW}",
        REFUSED,
        "life-cycle",
    ),
    "a signature in the wrong role": (
        f"dpia suspend test-attendance --reason Drill --key {{ledger.key}} --office {{office.toml}} --now {NOW}",
        REFUSED,
        "life-cycle",
    ),
    "one signature where two are needed": (
        f"dpia resume test-attendance --reason Over --key {{dpo.key}} --office {{office.toml}} --now {NOW}",
        REFUSED,
        "life-cycle",
    ),
    "a key that others may read": (f"collect --settings {{loose-key-node.toml}} --now {NOW}", USAGE, "chmod"),
    "an item nobody knows": ("dpia explain --settings {gate.toml} --item surname", USAGE, "'surname' is not an item"),
    "a URN that is none": ("dpia explain --settings {gate.toml} --urn 7", FINDINGS, "six digits"),
    "a purpose nobody assessed": (f"collect --settings {{unknown-purpose.toml}} --now {NOW}", REFUSED, "not a purpose"),
    # settings
    "a setting nobody knows": ("connect --settings {unknown-setting.toml}", FINDINGS, "colour"),
    "a source's setting nobody knows": ("connect --settings {unknown-source-setting.toml}", USAGE, "colour"),
    "a connector nobody has": ("connect --settings {unknown-connector.toml}", USAGE, "carrier-pigeon"),
    "an address in the open": ("connect --settings {not-encrypted.toml}", USAGE, "not encrypted"),
    "settings without an assessment": ("collect --settings {no-collection.toml}", FINDINGS, "collection"),
    "settings without a ledger": (f"collect --settings {{no-ledger.toml}} --now {NOW}", USAGE, "nowhere"),
    "settings without roles": (f"collect --settings {{no-roles.toml}} --now {NOW}", USAGE, "nowhere.toml"),
    "a machine above its tier": (f"collect --settings {{high-tier.toml}} --now {NOW}", REFUSED, "collection.tier"),
    "settings without calendars": (f"collect --settings {{no-calendars.toml}} --now {NOW}", USAGE, "nowhere.toml"),
    "a store that is something else": (f"collect --settings {{store-is-text.toml}} --now {NOW}", USAGE, "latin"),
    "a store that is a folder": (f"collect --settings {{store-is-folder.toml}} --now {NOW}", USAGE, "folder"),
    "a store below a file": (f"collect --settings {{store-below-file.toml}} --now {NOW}", USAGE, "file"),
    "a log below a file": (f"collect --settings {{log-below-file.toml}} --now {NOW}", USAGE, "file"),
    "a log with another's key": (f"collect --settings {{log-of-another.toml}} --now {NOW}", VERIFICATION, "ledger"),
    "a ledger that was changed": (f"collect --settings {{ledger-changed.toml}} --now {NOW}", REFUSED, "does not hold"),
    "a ledger with a torn tile": (f"collect --settings {{ledger-torn.toml}} --now {NOW}", REFUSED, "does not hold"),
    "a clock that was set back": ("collect --settings {node.toml} --now 2026-09-20T10:00", REFUSED, "clock"),
    # the source
    "nobody answers": (f"collect --settings {{nobody-there.toml}} --now {NOW}", FINDINGS, "connection failed"),
    "nobody answers a list": ("connect --settings {nobody-there.toml}", FINDINGS, "connection failed"),
    "the token is wrong": (f"collect --settings {{wrong-token.toml}} --now {NOW}", FINDINGS, "accept our token"),
    "the token is wrong for a list": ("connect --settings {wrong-token.toml}", FINDINGS, "accept our token"),
    # files with findings
    "a table that is not UTF-8": (f"{SCREEN} {OVER}".replace("good", "latin"), FINDINGS, "schools.csv"),
    "a calendar without terms": (f"{SCREEN} {OVER}".replace("{calendars.toml}", "{empty}"), FINDINGS, ""),
    "marks of an unknown code": (f"{SCREEN} {OVER}".replace("good", "bad"), FINDINGS, ""),
    "marks of another year": (f"{SCREEN} {OVER}".replace("good", "late"), FINDINGS, ""),
    "a table of marks cut off": (f"{SCREEN} {OVER}".replace("good", "half"), FINDINGS, ""),
    "a table of marks with other columns": (f"{SCREEN} {OVER}".replace("good", "strange"), FINDINGS, "marks.csv"),
    "a connector's setting without a value": (f"{SCREEN} {OVER} --setting dialect", USAGE, "dialect"),
    "a ledger to verify that was changed": ("ledger verify {changed-ledger}", VERIFICATION, "changed-ledger"),
    "a ledger to verify with a torn tile": ("ledger verify {torn-ledger}", VERIFICATION, "torn-ledger"),
    # the simulator
    "an authority England has not": ("simulate england --scale 0.01 --authority 999 --out {new}", USAGE, "999"),
    "more than all of England": ("simulate england --scale 2 --out {new}", USAGE, "scale"),
    "nothing of England": ("simulate england --scale 0 --out {new}", USAGE, "scale"),
    "no school left": ("simulate england --scale 0.000001 --out {new}", USAGE, "no school"),
    "a year that never was": (
        "simulate england --scale 0.001 --authority 860 --year 99999 --out {new}",
        USAGE,
        "--year",
    ),
    # outputs
    "an England on an England": ("simulate england --scale 0.01 --out {england}", USAGE, "england"),
    "an England below a file": ("simulate england --scale 0.01 --out {file/new}", USAGE, "file"),
    "a demo on somebody's work": ("demo --out {full}", USAGE, "No demo made"),
    "a demo on a file": ("demo --out {file}", USAGE, "file"),
    "a demo below a file": ("demo --out {file/new}", USAGE, "file"),
    "a demo of more than all": ("demo --out {new} --scale 7", USAGE, "--scale"),
    "a tally on somebody's work": (
        f"tally --settings {{node.toml}} --now {NOW} --from 2026-09-07 --out {{full}}",
        USAGE,
        "full",
    ),
    "a tally on a file": (
        f"tally --settings {{node.toml}} --now {NOW} --from 2026-09-07 --out {{file}}",
        USAGE,
        "file",
    ),
    "a merge on somebody's work": ("merge {tally} --out {full}", USAGE, "full"),
    "a merge below a file": ("merge {tally} --out {file/new}", USAGE, "file"),
    "a release on a release": (
        f"release make --tallies {{tally}} {MAKE} --out {{release}}",
        USAGE,
        "never overwritten",
    ),
    "a release below a file": (f"release make --tallies {{tally}} {MAKE} --out {{file/new}}", USAGE, "file"),
    "tables on a file": (
        f"{TABULATE} --tallies {{tallies.csv}} --headcounts {{england/headcounts.csv}} {OVER} --out {{file}}",
        USAGE,
        "file",
    ),
    "tables where nobody may write": (
        f"{TABULATE} --tallies {{tallies.csv}} --headcounts {{england/headcounts.csv}} {OVER} --out /proc/tallyroll",
        USAGE,
        "/proc/tallyroll",
    ),
    # the command itself
    "a verb nobody knows": ("frobnicate", USAGE, "frobnicate"),
    "an option nobody knows": ("collect --colour red", USAGE, "--colour"),
    "an option left out": ("collect", USAGE, "--settings"),
    "a method nobody knows": (f"{TABULATE} --method guess", USAGE, "guess"),
    "a scale in words": ("simulate england --scale lots --out {new}", USAGE, "--scale"),
}
"""What is typed, the exit code, and words that the message must hold (for findings on standard output: none)."""


@pytest.mark.parametrize("case", CASES)
def test_each_mistake_has_its_exit_code_and_its_message(say, desk, case):
    text, code, words = CASES[case]
    before = sorted(path.name for path in desk.folder.iterdir())
    said = say(text)
    assert said.code == code, said.err + said.out
    assert "Traceback" not in said.err
    if words:
        assert words in " ".join((said.err + said.out).replace("│", " ").split())
        assert said.out == ""
    assert sorted(path.name for path in desk.folder.iterdir() if not path.name.startswith("good-csv")) == [
        name for name in before if not name.startswith("good-csv")
    ]


@pytest.mark.parametrize("case", [case for case, (_, _, words) in CASES.items() if words])
def test_for_a_program_each_mistake_is_one_json_object_on_standard_error(say, case):
    text, code, words = CASES[case]
    said = say(f"{text} --json")
    assert (said.code, said.out) == (code, "")
    told = json.loads(said.err)
    assert {"error", "what", "where", "mend"} <= set(told)
    assert told["mend"]
    assert words in " ".join(f"{value}" for value in told.values())
    assert ("clause" in told) == (code == REFUSED)


def test_somebody_s_work_is_still_there(desk):
    assert [path.name for path in (desk.folder / "full").iterdir()] == ["thesis.txt"]
    assert (desk.folder / "file").read_text(encoding="utf-8") == "a file where a folder is wanted\n"


def test_no_message_shows_the_token(say):
    for name in ("wrong-token", "nobody-there"):
        for text in (f"connect --settings {{{name}.toml}}", f"collect --settings {{{name}.toml}} --now {NOW}"):
            said = say(text)
            assert "4711" not in said.err + said.out
            assert "synthetic-token" not in said.err + said.out


# Files that spoil between two rounds


def test_a_file_that_became_unreadable_fails_its_school_and_not_the_round(say, desk):
    first = json.loads(say(f"collect --settings {{good-csv.toml}} --now {NOW} --days 18 --json").out)
    assert (first["collected"], first["failed"]) == (1, [])
    pupils = desk.folder / "good-csv" / "pupils.csv"
    whole = pupils.read_text(encoding="utf-8")
    try:
        write(pupils, whole.splitlines()[0] + "\n")  # the export lost its rows: nobody is on roll any more
        said = say(f"collect --settings {{good-csv.toml}} --now {NOW} --days 18 --pull 2 --json")
    finally:
        write(pupils, whole)
    assert said.code == FINDINGS, said.err
    told = json.loads(said.out)
    assert [one["urn"] for one in told["failed"]] == [100001]
    assert "pupils.csv" in told["failed"][0]["reason"]


def test_a_round_over_a_folder_of_other_columns_says_so_once(say):
    said = say(f"collect --settings {{strange-csv.toml}} --now {NOW} --days 18 --pull 2 --json")
    assert said.code == FINDINGS
    assert "marks.csv" in json.dumps(json.loads(said.out or said.err))


def test_a_row_that_was_cut_off_is_a_finding_and_not_a_mark(say):
    said = say(f"collect --settings {{half-csv.toml}} --now {NOW} --days 18 --pull 2 --json")
    assert said.code == DONE
    told = json.loads(said.out)
    assert (told["received"], told["kept"], told["rejected"]) == (1, 0, 1)


# What goes well

GOOD: dict[str, tuple[str, set[str]]] = {
    "connect": ("connect --settings {node.toml}", {"states", "schools"}),
    "collect": (
        f"collect --settings {{node.toml}} --now {NOW} --days 18",
        {"round", "states", "already", "collected", "failed", "received", "kept", "rejected", "findings"},
    ),
    "collect --dry-run": (
        f"collect --settings {{node.toml}} --now {NOW} --dry-run",
        {"connector", "first", "last", "items"},
    ),
    "tally": (
        f"tally --settings {{node.toml}} --now {NOW} --from 2026-09-07 --out {{tally}}",
        {"folder", "cells", "enrolment_cells"},
    ),
    "screen": (f"{SCREEN} {OVER}", {"schools"}),
    "tabulate": (
        f"{TABULATE} --tallies {{tallies.csv}} --headcounts {{england/headcounts.csv}} {OVER} --out {{tables}}",
        {"folder", "tables"},
    ),
    "merge": ("merge {tally} {tally} --out {merged}", {"folder", "cells", "enrolment_cells"}),
    "release make": (
        f"release make --tallies {{tally}} {MAKE} --out {{another-release}}",
        {"folder", "tables", "check"},
    ),
    "release check": ("release check {release}", {"passed", "files"}),
    "dpia check": (f"dpia check {{manifest.toml}} --now {NOW}", {"sound", "digest", "faults"}),
    "dpia explain": (f"dpia explain --settings {{gate.toml}} --urn 100001 --now {NOW}", {"allowed", "clause"}),
    "ledger verify": ("ledger verify {ledger}", {"origin", "entries", "root", "collections"}),
    "simulate england": (
        "simulate england --scale 0.001 --authority 860 --out {another-england}",
        {"folder", "schools", "authorities"},
    ),
    "simulate fit": ("simulate fit {england}", {"fit"}),
}


@pytest.mark.parametrize("verb", GOOD)
def test_for_a_program_a_verb_says_exactly_one_json_object(say, verb):
    text, keys = GOOD[verb]
    said = say(f"{text} --json")
    assert said.code == DONE, said.err
    told: dict[str, Any] = json.loads(said.out)
    assert keys <= set(told)
    assert said.err == ""


def test_the_gate_s_no_is_an_answer_of_explain_and_its_exit_code(say):
    said = say(f"dpia explain --settings {{draft-gate.toml}} --now {NOW} --json")
    assert said.code == REFUSED
    assert json.loads(said.out)["clause"] == "life-cycle"


def test_findings_for_a_program_name_the_row_and_how_to_mend(say):
    said = say(f"{SCREEN} {OVER} --json".replace("good", "bad"))
    assert said.code == FINDINGS
    (school,) = json.loads(said.out)["schools"]
    (wrong,) = [one for one in school["findings"] if one["severity"] == "error"]
    assert (wrong["check"], wrong["row"]) == ("mark_code_unknown", 2)
    assert wrong["mend"]


# In processes of their own


@pytest.mark.parametrize("text", ["simulate mis {england} --port PORT", "serve {release} --port PORT"])
def test_a_port_that_is_taken_is_said(say, text):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        said = say(text.replace("PORT", str(taken.getsockname()[1])))
    assert said.code == USAGE
    one_clear_message(said)
    assert str(taken) not in said.err
    assert "cannot be used" in said.err


@pytest.mark.parametrize("text", ["simulate mis {england} --port 0", "serve {release} --port 0"])
def test_what_runs_until_ctrl_c_ends_with_it_and_without_a_traceback(desk, text):
    process = subprocess.Popen(
        [sys.executable, "-m", "tallyroll", *desk.line(text)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    assert "http://127.0.0.1:" in first
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err


def test_a_reader_that_goes_away_is_no_bug(desk):
    """`tallyroll dpia check … | head -0`"""
    command = [sys.executable, "-m", "tallyroll", *desk.line("dpia check {manifest.toml}")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    err = process.stderr.read()
    process.wait(timeout=30)
    process.stderr.close()
    assert "Traceback" not in err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_to_is_said(say, tmp_path):
    tmp_path.chmod(0o500)
    said = say(f"simulate england --scale 0.001 --authority 860 --out {tmp_path}/new")
    assert said.code == USAGE
    one_clear_message(said)


def test_a_release_that_fails_its_own_check_says_which(say, desk):
    """Two children of whom nothing is known: a filter has fewer items than its group, which the standard forbids."""
    collected = say(f"collect --settings {{good-csv.toml}} --now {NOW} --days 18 --pull 1 --json")
    assert collected.code == DONE, collected.err
    text = f"tally --settings {{good-csv.toml}} --now {NOW} --from 2026-09-07 --to 2026-09-25 --out {{tiny-tally}}"
    assert say(text).code == DONE
    said = say(f"release make --tallies {{tiny-tally}} {MAKE} --out {{tiny-release}}")
    assert said.code == FINDINGS
    assert "filter_group_level" in said.out
    assert "Failed" in said.out
