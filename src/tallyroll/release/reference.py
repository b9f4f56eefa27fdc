"""The reference page of the checks, docs/reference/release-check.md, printed from the checks themselves."""

from collections.abc import Iterator

from tallyroll.release.checks.catalogue import STAGES
from tallyroll.release.checks.opening import FILENAMES, READING, Opening
from tallyroll.release.checks.rule import Check

_HEAD = """# What `tallyroll release check` looks for

`tallyroll release check DIR` reads every pair `X.csv` and `X.meta.csv` in a folder and holds it against the open data
standard of Explore Education Statistics (EES). Other files, such as `release.json`, and folders below are not looked
at; a `.csv` without its partner fails.

The checks bear the names of the department's own screener, so that its report and ours can be laid side by side. The
code and the words are ours. Stages run in the order below. When a check of a stage fails, the stages after it are
reported as `NOT_RUN`: mend, and run again. A warning stops nothing.

A file *passes* when nothing failed. It is *suitable for the API* when the last stage has no warning either.
"""
_FOOT = """
## Beside the checks

- A file of wards, constituencies, districts, partnerships or devolved areas can pass here and fail at the department:
  nothing of that kind is published from here, and the lists of codes are not carried.
- The region that a local authority lies in is not checked against the authority, here or by the department's screener.
- Week 53 does not exist in EES. The ISO week 53 of 2026 is a school holiday.

This page is printed from the code; a test fails when it is stale, and `make docs` prints it anew.
"""
_TABLE = "| check | a breach | passes when | how to mend |\n|---|---|---|---|\n"


def page() -> str:
    """The whole page, in Markdown."""
    return "".join([_HEAD, *_sections(), _FOOT])


def _sections() -> Iterator[str]:
    yield _section("filename", "File names", FILENAMES)
    yield _section("reading", "Reading", READING)
    for stage in STAGES:
        yield _section(stage.name, stage.title, stage.checks)


def _section(name: str, title: str, checks: tuple[Check | Opening, ...] | tuple[Opening, ...]) -> str:
    return f"\n## {title} (`{name}`)\n\n{_TABLE}" + "".join(_row(check) for check in checks)


def _row(check: Check | Opening) -> str:
    worst, limits = (check.worst, check.limits) if isinstance(check, Check) else ("FAIL", "")
    breach = {"FAIL": "fails", "WARN": "warns"}[str(worst)]
    mend = f"{check.mend} {limits}".strip().replace("|", "\\|")
    return f"| `{check.name}` | {breach} | {check.rule} | {mend} |\n"
