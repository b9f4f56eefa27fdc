"""A rival's process from outside: start it, wait, read what it says."""

import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import msgspec

from tallyroll.engines.rivals.question import Answer
from tallyroll.vocab.errors import UsageProblem, VerificationProblem

_HOME = __package__
_LAST_WORDS = 400


@dataclass(frozen=True, slots=True)
class Told:
    """What a rival's process says of itself: seconds, peak memory of it and its children, version, answer."""

    start_s: float
    wall_s: float
    cpu_s: float
    peak_mb: float
    version: str
    laps: dict[str, float]
    answer: Answer


def check_installed(products: Iterable[str]) -> None:
    """Returns when all of these can be loaded; UsageProblem that says how to get them otherwise."""
    missing = [name for name in products if find_spec(name) is None]
    if missing:
        what = f"This bench races products that are not installed: {', '.join(missing)}."
        raise UsageProblem(what, mend="Run: uv sync --group bench --extra spark")


def run(rival: str, *, folder: Path, marks: str, threads: int = 2) -> Told:
    """The answer of a rival, or of a module that is raced against them, from a process of its own.

    Raises: VerificationProblem when the process ends without one.
    """
    command = [sys.executable, "-m", rival if "." in rival else f"{_HOME}.{rival}", str(folder), marks, str(threads)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own modules
    if done.returncode:
        raise VerificationProblem(
            f"{rival} gave no answer: {done.stderr[-_LAST_WORDS:].strip()}", where=str(folder), mend="Run it by itself."
        )
    return msgspec.json.decode(done.stdout.splitlines()[-1].encode(), type=Told)
