"""The page that shows how near a synthetic England comes to the published figures."""

from collections.abc import Iterable

import pyarrow as pa

from tallyroll.simulate.england import England
from tallyroll.simulate.fit import fit
from tallyroll.vocab.schools import PUBLISHED_PHASES

_HEAD = """# The synthetic England, held against the real one

No real child is in it. Schools, rolls and marks are drawn so that what is published about England comes out again:
schools and pupils of each authority and phase, absence by reason, persistent absence, absence by pupil characteristic.
How it is drawn is told in the modules of `tallyroll.simulate`, from `estate` to `edits`.

Made with and compared by

```sh
tallyroll simulate england --scale {scale:g} --seed {seed} --out DIR
tallyroll simulate fit DIR
```

{schools:,} schools. The calendar is that of {year}/{next_year:02d}, the rates are those of 2025/26. Shares are per
cent of possible sessions; persistent and severe absence per cent of enrolments, of year groups 1 to 11 and those
outside the years. As published, year 11 is left out in the second half of the summer term, and the year runs from the
second week of term to the second Friday of July. Each cell reads: simulated / published / difference in percentage
points.
"""

_AFTER_PHASES = """
A reason with few sessions strays most in special schools: there are few of them, and one pupil's year is much.

## By characteristic, all phases

Nothing here was fitted directly. The joint spread of absence over phase, free school meals, special needs, sex and
year is that of 2022/23, bent per phase to the overall and persistent absence of 2025/26; the figures beside it are of
the periods named, so that differences of half a point and more are to be expected. Severe absence was kept at its
level of 2022/23.
"""

_CODA = """
## What is plausible and not fitted

Ethnicity, looked-after children, moves between schools, the share of temporary UPNs, edits of marks, and the spread
between schools of one authority: nothing is published that they could be held against, or it is and we had it not.
Within an authority at a small scale, one or two schools stand for all, so that its figures stray as single schools do.
"""


def fit_page(england: England) -> str:
    """The page in Markdown."""
    rows = fit(england)
    head = _HEAD.format(
        scale=england.scale,
        seed=england.seed,
        schools=len(england.schools),
        year=england.year,
        next_year=(england.year + 1) % 100,
    )
    return "\n".join([head, *_phases(rows), _AFTER_PHASES, *_characteristics(rows), _CODA])


def _phases(rows: pa.Table) -> Iterable[str]:
    phases = [*map(str, PUBLISHED_PHASES), "Total"]
    found = {(row["measure"], row["value"]): row for row in rows.to_pylist() if row["breakdown"] == "phase"}
    yield "## By phase\n"
    yield "| | " + " | ".join(phases) + " |"
    yield "|---|" + "---:|" * len(phases)
    for measure in dict.fromkeys(measure for measure, _ in found):
        cells = (found.get((measure, phase)) for phase in phases)
        yield f"| {measure} | " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(row: dict[str, float] | None) -> str:
    if row is None:
        return ""
    return f"{row['simulated']:.3f} / {row['published']:.3f} / {row['difference']:+.3f}"


def _characteristics(rows: pa.Table) -> Iterable[str]:
    yield "| | | | simulated | published | difference | published for |"
    yield "|---|---|---|---:|---:|---:|---|"
    for row in rows.to_pylist():
        if row["breakdown"] != "phase":
            words = f"| {row['measure']} | {row['breakdown']} | {row['value']} "
            numbers = f"| {row['simulated']:.2f} | {row['published']:.2f} | {row['difference']:+.2f} "
            yield f"{words}{numbers}| {row['against']} |"
