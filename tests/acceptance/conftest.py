"""One run of the demo, shared by every acceptance test: a process of its own, at a small scale, over real HTTP."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.lib.once import once

SCALE = "0.004"


@dataclass(frozen=True)
class Ran:
    """A finished process: what it said, what it left running, and what it wrote where it had no business to."""

    code: int
    out: str
    err: str
    left_running: list[str]
    strayed: list[str]


@dataclass(frozen=True)
class Demo:
    """A demo's folder, and how the demo went."""

    folder: Path
    ran: Ran

    @property
    def summary(self) -> dict[str, Any]:
        return json.loads((self.folder / "summary.json").read_text(encoding="utf-8"))


def run_apart(arguments: Sequence[str], *, home: Path) -> Ran:
    """The command in a session of its own; home, working and temporary folder are empty, to be looked at afterwards."""
    places = {name: home / name for name in ("home", "cwd", "tmp")}
    for place in places.values():
        place.mkdir(parents=True)
    environment = {
        **os.environ,
        "HOME": str(places["home"]),
        "XDG_CACHE_HOME": str(places["home"] / "cache"),
        "TMPDIR": str(places["tmp"]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "COLUMNS": "100",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "tallyroll", *arguments],
        cwd=places["cwd"],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    out, err = process.communicate(timeout=240)
    strayed = [str(path) for place in places.values() for path in place.rglob("*")]
    return Ran(process.returncode, out, err, _left_in_session(process.pid), strayed)


def _left_in_session(session: int) -> list[str]:
    """The processes of a session that are still there five seconds after the one that began it has ended."""
    until = time.monotonic() + 5
    while (found := _in_session(session)) and time.monotonic() < until:
        time.sleep(0.05)
    return found


def _in_session(session: int) -> list[str]:
    """The command lines of the processes of a session; a process that starts another stays in it."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8").rpartition(")")[2].split()
            if int(fields[3]) == session and fields[0] != "Z":
                found.append((stat.parent / "cmdline").read_text(encoding="utf-8").replace("\0", " "))
        except OSError:  # it has ended meanwhile
            continue
    return found


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The demo, run once. Nobody may change what is in its folder."""

    def make(place: Path) -> Demo:
        ran = run_apart(["demo", "--out", str(place / "demo"), "--scale", SCALE], home=place / "around")
        return Demo(place / "demo", ran)

    return once(tmp_path_factory, "demo", make)
