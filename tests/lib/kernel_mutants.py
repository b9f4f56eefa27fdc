"""Bugs planted in the kernel, one at a time, to see that the comparison with plain Python notices each.

`python -m tests.lib.kernel_mutants [EVERY]` prints every bug, or every so many, and whether it was noticed. Loops run
uncompiled here, and each bug in a process of its own, forked from one that has counted all in plain Python.
"""

import os

os.environ["NUMBA_DISABLE_JIT"] = "1"  # before anything imports the kernel

import ast
import importlib
import signal
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import HealthCheck, Phase, given, settings

from tallyroll.engines.kernel import KernelEngine
from tallyroll.tally.definitions import EVERYONE, Definition
from tallyroll.vocab.characteristics import BY_NAME
from tallyroll.vocab.shapes import Register
from tests.lib import agreement
from tests.lib.mutants import Mutant, infect
from tests.lib.small_registers import MONDAYS, blocks, definitions, loose_registers

PHASES = ("Special", "Primary", "Secondary")
EVERYTHING = Definition(tuple(BY_NAME), EVERYONE)
FIRST, LAST = min(MONDAYS), max(MONDAYS) + timedelta(days=4)
CASES = 150
LIMIT_S = 120  # a bug that runs longer counts as noticed

PLANTED = Path(__file__).with_suffix(".txt")
"""One bug after another: module and what is wrong, the lines that stand there (-) and those that are planted (+)."""


class Bug(NamedTuple):
    """One bug."""

    module: str
    wrong: str
    stands: str
    planted: str


def bugs() -> list[Bug]:
    """Every bug of the list."""
    found = []
    for block in PLANTED.read_text(encoding="utf-8").split("\n\n"):
        head, *lines = block.strip("\n").split("\n")
        sides = ("\n".join(line[2:] for line in lines if line[0] == sign) for sign in "-+")
        found.append(Bug(*head.split(": ", 1), *sides))
    return found


def _drawn(strategy: Any) -> list[Any]:  # Any: what strategies draw
    """What hypothesis draws, the same each time."""
    found: list[Any] = []

    @settings(
        max_examples=CASES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy, definitions())
    def draw(one: Any, definition: Definition) -> None:
        found.append((one, definition))

    draw()
    return found


def cases() -> tuple[list[Any], list[Any]]:
    """Registers with what plain Python counts of them: packed ones between two days, and loose ones."""
    packed, loose = [], []
    for place, (given_, drawn) in enumerate(_drawn(blocks())):
        first, last = (FIRST, LAST) if place % 2 else (date(2026, 8, 26), date(2026, 11, 17))
        definition = drawn if place % 5 else EVERYTHING
        plain = _plain(agreement.between(given_.register, first, last), definition)
        expected = agreement.plain_area(*plain, schools=given_.schools, phases=PHASES)
        packed.append((given_, definition, first, last, expected))
    for register, definition in _drawn(loose_registers()):
        loose.append((register, definition, _plain(register, definition)))
    return packed, loose


def _plain(register: Register, definition: Definition) -> tuple[agreement.Cells, agreement.Shares]:
    return agreement.plain_cells(register, definition), agreement.plain_shares(register, definition)


def agrees(packed: list[Any], loose: list[Any]) -> bool:
    """Whether the kernel as it is counts all of it the same."""
    bundles: Any = importlib.import_module("tallyroll.engines.kernel.rolls")
    kernel = KernelEngine()
    for place, (given_, definition, first, last, expected) in enumerate(packed):
        bundles.MOST_SLOTS = 256 if place % 3 else 4
        if agreement.area(kernel, given_, definition, first=first, last=last, phases=PHASES) != expected:
            return False
    return all(
        (agreement.cells(kernel, register, definition), agreement.shares(kernel, register, definition)) == plain
        for register, definition, plain in loose
    )


def noticed(bug: Bug, known: tuple[list[Any], list[Any]]) -> bool:
    """Whether the comparison fails, raises or never ends with this bug planted."""
    module = importlib.import_module(f"tallyroll.engines.kernel.{bug.module}")
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    if source.count(bug.stands) != 1:
        raise LookupError(f"this stands {source.count(bug.stands)} times in {bug.module}.py, not once: {bug.stands!r}")
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] != 0
    code = 1
    try:
        signal.alarm(LIMIT_S)
        infect(module, Mutant(0, bug.wrong, ast.parse(source.replace(bug.stands, bug.planted))))
        code = 0 if agrees(*known) else 1
    finally:
        os._exit(code)


def hunt(chosen: list[Bug]) -> int:
    """Plant these one by one; how many were not noticed, or could not be planted."""
    known = cases()
    if not agrees(*known):
        sys.exit("The kernel does not agree without a bug.")
    alive = 0
    for bug in chosen:
        try:
            answer = "noticed" if noticed(bug, known) else "NOT NOTICED"
        except LookupError as error:
            answer = f"NOT PLANTED: {error}"
        alive += answer != "noticed"
        sys.stdout.write(f"{bug.module}: {bug.wrong}: {answer}\n")
        sys.stdout.flush()
    return alive


if __name__ == "__main__":
    every = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    sys.exit(hunt(bugs()[::every]))
