"""The checker: every EES file of a folder against the department's open data standard, before anybody else sees it.

The checks have the names of the department's screener, so that its words and ours can be compared; the code is ours.
Source: the EES data standards of the analysts' guide. Stages run in order, and stop at the first that fails.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from tallyroll.release.checks.catalogue import STAGES
from tallyroll.release.checks.opening import FILENAMES, READING, Files, Opening, breaches, pairs
from tallyroll.release.checks.rule import Check
from tallyroll.release.pair import Meta, Pair
from tallyroll.release.report import FileReport, Outcome, Report, Result
from tallyroll.release.sheet import EXAMPLES, Unreadable, read
from tallyroll.vocab.errors import InputProblem, UsageProblem

NOT_REACHED = "Not run: an earlier stage failed."


def check(folder: Path) -> Report:
    """What the checks say of every EES file in a folder.

    Raises: UsageProblem when there is no such folder; InputProblem when there is no EES file in it.
    """
    if not folder.is_dir():
        raise UsageProblem("There is no folder here.", where=str(folder), mend="Give the folder of a release.")
    found = pairs(folder)
    if not found:
        raise InputProblem(
            "There is no EES file in this folder.",
            where=str(folder),
            mend="A release holds pairs of files named X.csv and X.meta.csv.",
        )
    return Report(folder, tuple(FileReport(files.stem, tuple(_results(files))) for files in found))


def _results(files: Files) -> Iterator[Result]:
    """Every check's result for one pair, in order."""
    names = list(_filename_results(files))
    yield from names
    pair: Pair | None = None
    if files.data is None or files.meta is None or _failed(names):
        yield from (_not_run(one, "reading") for one in READING)
    else:
        try:
            pair = _read(files.data, files.meta)
        except Unreadable as fault:
            yield from _reading_results(fault)
        else:
            yield from _reading_results(None)
    yield from _stage_results(pair)


def _read(data: Path, meta: Path) -> Pair:
    try:
        return Pair(read(data), Meta.of(read(meta)))
    except OSError as error:
        raise InputProblem(
            "The file cannot be opened.", where=str(error.filename or data), mend="Look at its permissions."
        ) from error


def _filename_results(files: Files) -> Iterator[Result]:
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for name, what, where in breaches(files):
        found[name].append((what, where))
    for one in FILENAMES:
        if found[one.name]:
            whats = dict.fromkeys(what for what, _ in found[one.name])
            places = tuple(where for _, where in found[one.name])
            yield Result(one.name, "filename", Outcome.FAIL, " ".join([*whats, one.mend]), places)
        else:
            yield Result(one.name, "filename", Outcome.PASS, one.rule)


def _reading_results(fault: Unreadable | None) -> Iterator[Result]:
    """The checks of reading: those before the one that failed passed, those after it did not run."""
    failed = False
    for one in READING:
        if fault is not None and one.name == fault.check:
            failed = True
            yield Result(one.name, "reading", Outcome.FAIL, f"{fault.what} {one.mend}", (fault.where,))
        elif failed:
            yield _not_run(one, "reading")
        else:
            yield Result(one.name, "reading", Outcome.PASS, one.rule)


def _stage_results(pair: Pair | None) -> Iterator[Result]:
    """The stages' results; with no pair, or after a stage that failed, no stage is run."""
    for stage in STAGES:
        results = [_not_run(one, stage.name) if pair is None else _run(one, stage.name, pair) for one in stage.checks]
        yield from results
        if _failed(results):
            pair = None


def _run(one: Check, stage: str, pair: Pair) -> Result:
    """One result of all that a check found; the worst of its outcomes counts."""
    faults = tuple(one.find(pair))
    if not faults:
        return Result(one.name, stage, Outcome.PASS, one.rule)
    outcomes = {fault.outcome or one.worst for fault in faults}
    outcome = Outcome.FAIL if Outcome.FAIL in outcomes else Outcome.WARN
    where = tuple(place for fault in faults for place in fault.where)[:EXAMPLES]
    return Result(one.name, stage, outcome, " ".join([*(fault.what for fault in faults), one.mend]), where)


def _failed(results: Iterable[Result]) -> bool:
    return any(result.outcome is Outcome.FAIL for result in results)


def _not_run(one: Check | Opening, stage: str) -> Result:
    return Result(one.name, stage, Outcome.NOT_RUN, NOT_REACHED)
