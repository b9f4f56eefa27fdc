"""The verbs of a collector by the rota: what they say and with which code they end."""

import json
from pathlib import Path

import pytest
from tests.lib.csvfolders import generic
from tests.lib.gates import write_settings
from tests.lib.registers import CALENDAR

from tallyroll.cli.main import main
from tallyroll.vocab.calendars import render_calendars
from tallyroll.vocab.identifiers import Laestab, Urn
from tallyroll.vocab.schools import Phase, School

URNS = (100001, 100002, 100003)
SCHOOLS = "urn,laestab,name,phase\n" + "".join(
    f"{urn},201{2001 + n},School {n},Primary\n" for n, urn in enumerate(URNS)
)
PUPILS = "urn,pupil,admission_date,leaving_date\n" + "".join(f"{urn},p{urn},2022-09-01,\n" for urn in URNS)
MARKS = "urn,pupil,date,session,code\n" + "".join(f"{urn},p{urn},2026-11-16,AM,/\n" for urn in URNS[:2])
EARLY, DUE, EVENING = "2026-11-20T06:00", "2026-11-20T12:30", "2026-11-20T20:30"


class Desk:
    """A node's settings, and its verbs."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], told: tuple[int, ...] = URNS) -> None:
        generic(folder, schools=SCHOOLS, pupils=PUPILS, marks=MARKS)
        more = ['calendars = "calendars.toml"', 'store = "store/register.sqlite"', 'connector = "csv"', "[source]"]
        more.append(f'folder = "{folder}"')
        self.settings = write_settings(folder / "node", name="node.toml", more="\n".join(more), told=told)
        self.rota = folder / "node" / "store" / "rota.sqlite"
        schools = [
            School(Urn(urn), Laestab("201", f"{2001 + n}"), f"School {n}", Phase.PRIMARY) for n, urn in enumerate(URNS)
        ]
        calendars = render_calendars(dict.fromkeys(schools, CALENDAR))
        (folder / "node" / "calendars.toml").write_text(calendars, encoding="utf-8")
        self._capsys = capsys

    def ask(self, verb: str, *options: str) -> tuple[int, str, str]:
        """The exit code, and what was said on both sides."""
        with pytest.raises(SystemExit) as left:
            main([verb, "--settings", str(self.settings), *options])
        said = self._capsys.readouterr()
        return int(str(left.value.code)), said.out, said.err


@pytest.fixture
def desk(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    return Desk(tmp_path, capsys)


def test_before_the_first_run_both_say_so_and_make_nothing(desk):
    code, out, _ = desk.ask("run", "--dry-run", "--now", EARLY)
    assert (code, "The rota knows no school yet" in out) == (0, True)
    assert "Pull 1 of 2 of 2026-11-20, Fri 06:00 to Fri 13:00: 0 schools." in out
    code, out, _ = desk.ask("health", "--now", EARLY)
    assert (code, "The rota knows no school yet" in out) == (0, True)
    assert not desk.rota.exists()


def test_what_is_due_is_collected_once_and_the_board_shows_it(desk):
    code, out, err = desk.ask("collect", "--due", "--now", DUE, "--json")
    assert (code, json.loads(out)) == (0, {"collected": 3, "failed": 0, "given_up": 0}), err
    code, out, _ = desk.ask("collect", "--due", "--now", DUE)
    assert (code, "0 schools collected" in out) == (0, True)
    code, out, _ = desk.ask("health", "--now", "2026-11-20T12:50", "--json")
    board = json.loads(out)
    assert code == 4  # the third school sends no marks
    assert board["counts"] == {"silent": 1, "on time": 2}
    assert [one["health"] for one in board["schools"]] == ["on time", "on time", "silent"]
    assert 0.3 < board["staleness_hours"]["p95"] < 0.34
    code, out, _ = desk.ask("health", "--now", "2026-11-20T12:50")
    assert "silent" in out
    assert "Who needs attention: 1 schools" in out


def test_nobody_took_up_the_second_pull_and_every_school_is_late(desk):
    desk.ask("collect", "--due", "--now", DUE)
    code, out, _ = desk.ask("health", "--now", EVENING, "--json")
    assert (code, json.loads(out)["counts"]) == (4, {"late": 3})


def test_a_dry_run_says_who_is_due_when(desk):
    desk.ask("collect", "--due", "--now", DUE)
    code, out, _ = desk.ask("run", "--dry-run", "--now", EVENING, "--json")
    told = json.loads(out)
    assert (code, told["round"]) == (0, "csv 2026-11-23 1")  # after Friday evening comes Monday
    assert sorted(one["urn"] for one in told["due"]) == list(URNS)
    moments = [one["due"] for one in told["due"]]
    assert moments == sorted(moments)


def test_run_once_tells_what_happens_line_by_line(desk):
    code, out, err = desk.ask("run", "--once", "--now", DUE, "--json")
    assert code == 0, err
    assert [json.loads(line)["event"] for line in out.splitlines()] == ["listed", "batch", "ended"]
    code, out, _ = desk.ask("run", "--once", "--now", DUE)
    assert out.splitlines()[-1] == "0 schools collected, 0 tries failed, 0 given up for a pull."


def test_run_ends_at_the_moment_that_is_named(desk):
    code, out, err = desk.ask("run", "--now", EVENING, "--until", EVENING)
    assert (code, "0 schools collected" in out) == (0, True), err


def test_options_of_a_whole_round_and_of_the_rota_do_not_go_together(desk):
    code, _, err = desk.ask("collect", "--due", "--pull", "2")
    assert code == 2
    assert "Leave out --to, --days, --findings and --pull." in err


def test_hours_that_are_none_are_refused_with_a_sample(desk):
    desk.settings.write_text('hours = "9-5"\n' + desk.settings.read_text(encoding="utf-8"), encoding="utf-8")
    code, _, err = desk.ask("run", "--once", "--now", DUE)
    assert (code, "06:00-20:00" in err) == (2, True)
