"""The reference page of definitions, printed from the definitions themselves, so that it cannot say anything else."""

from collections.abc import Iterable, Sequence
from importlib.resources import files
from string import Template

from tallyroll.tally import sql
from tallyroll.tally.definitions import (
    COMPULSORY_SCHOOL_AGE,
    HEADLINES,
    LEGACY,
    NOT_POSSIBLE,
    NOTHING,
    OURS,
    PERSISTENT,
    REASONS,
    SEVERE,
    Definition,
    Measure,
)
from tallyroll.tally.figures import MOST_CLOSED
from tallyroll.tally.windows import TERMS_2025_26, YEAR_TO_DATE_2025_26
from tallyroll.vocab.characteristics import BY_NAME, YEAR_GROUP


def definitions_page() -> str:
    """The text of docs/reference/definitions.md."""
    text = files(__package__).joinpath("data/definitions.md").read_text(encoding="utf-8")
    return Template(text).substitute(
        year_groups=_year_groups(),
        headlines=_measures(HEADLINES),
        reasons=_measures(REASONS),
        not_possible=_measures((*NOT_POSSIBLE, LEGACY)),
        ours=_measures(OURS),
        thresholds=_thresholds(),
        breakdowns=_breakdowns(),
        windows=_windows(),
        most_closed=MOST_CLOSED,
        count_sessions=sql.count_sessions(Definition(("ethnicity_major",))),
        count_enrolments=sql.count_enrolments(Definition(("sex",))),
    )


def _year_groups() -> str:
    codes = [YEAR_GROUP.values[number].code or "blank" for number in sorted(COMPULSORY_SCHOOL_AGE.year_groups)]
    return ", ".join(codes)


def _measures(measures: Iterable[Measure]) -> str:
    rows = ((f"`{m.name}`", m.label, " ".join(_code(code) for code in m.codes)) for m in measures)
    return _table(("Column", "Meaning", "Codes"), rows)


def _thresholds() -> str:
    tests = ((t, f"{t.denominator} x absent >= {t.numerator} x possible") for t in (PERSISTENT, SEVERE))
    return _table(("Name", "Meaning", "Test, in whole numbers"), ((t.name, t.label, test) for t, test in tests))


def _breakdowns() -> str:
    rows = (
        (
            f"`{c.name}`",
            c.label,
            "yes" if c.dated else "no",
            ", ".join(f"{n} {v.label}" for n, v in enumerate(c.values)),
        )
        for c in BY_NAME.values()
    )
    return _table(("Name", "Label", "May change in the year", "Values by number"), rows)


def _windows() -> str:
    rows = ((w.name, str(w.first), str(w.last)) for w in (YEAR_TO_DATE_2025_26, *TERMS_2025_26))
    return _table(("Window", "First day", "Last day"), rows)


def _code(code: str) -> str:
    return "none received" if code == NOTHING else f"`{code}`"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
