"""The verb `demo`: runs the whole chain and tells it, with a table of figures at the end and a summary for programs."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.rule import Rule

from tallyroll.cli.collecting import show_findings, show_unusable
from tallyroll.cli.options import Json
from tallyroll.cli.output import out as console
from tallyroll.cli.output import progress, say, say_json, show_table
from tallyroll.connectors.interface import SchoolState
from tallyroll.flows import centre, demo
from tallyroll.flows.auditing import Audit
from tallyroll.flows.centre import Published
from tallyroll.flows.node import Collected
from tallyroll.flows.stage import DAY, FIRST, SCALE, SMALLEST, Stage, clear, make_england, staged
from tallyroll.register import RoundCounts
from tallyroll.release import Outcome, headline
from tallyroll.vocab.errors import Refused, VerificationProblem
from tallyroll.vocab.progress import Advance

T = TypeVar("T")


@dataclass(slots=True)
class _Teller:
    """Runs each step with a progress bar, and remembers how long it took."""

    quiet: bool
    seconds: dict[str, float] = field(default_factory=dict)

    def step(self, name: str, title: str, work: Callable[[Advance], T]) -> T:
        """What the work gives; told as one line with its time."""
        begun = time.perf_counter()
        with progress(title, quiet=self.quiet) as advance:
            made = work(advance)
        took = self.seconds[name] = round(time.perf_counter() - begun, 2)
        if not self.quiet:
            say(f"[green]✓[/] {title} [dim]({took:.1f} s)[/]")
        return made

    def title(self, text: str) -> None:
        """A new chapter."""
        if not self.quiet:
            console.print(Rule(text, align="left", style="dim"))

    def note(self, text: str) -> None:
        """A line below a step."""
        if not self.quiet:
            say(f"  {text}")


def join(app: typer.Typer) -> None:
    """Add this verb to the command."""
    app.command("demo")(run)


def run(
    *,
    out: Annotated[Path, typer.Option(help="The folder for everything it makes; an earlier demo's goes.")] = Path(
        "demo"
    ),
    seed: Annotated[int, typer.Option(help="The same seed gives the same England.")] = 1,
    scale: Annotated[
        float, typer.Option(min=SMALLEST, max=1.0, help="How much of the three regions; 1.0 is all their schools.")
    ] = SCALE,
    as_json: Json = False,
) -> None:
    """Run the whole chain on a synthetic authority over real HTTP, and say where to look."""
    begun = time.perf_counter()
    teller = _Teller(quiet=as_json)
    clear(out)
    teller.title("Tallyroll: the roll stays, the tally travels. Everyone here is made up.")
    england = teller.step(
        "simulate",
        "Make the schools of three regions, with a year of registers",
        lambda advance: make_england(out, seed=seed, scale=scale, advance=advance),
    )
    with staged(out, england) as stage:
        refusals = _show_ceremony(teller, stage)
        history, stopped, collected = _collect(teller, stage)
        published = _publish(teller, stage)
        audit = teller.step("verify", "Verify the ledger: every byte, signature and step", lambda _: demo.verify(stage))
    teller.seconds["total"] = round(time.perf_counter() - begun, 2)
    facts = _summary(
        england_schools=len(england.schools),
        authorities=len({one.laestab.la for one in england.schools}),
        refusals=[*refusals, stopped.refusal],
        history=history,
        collected=collected,
        published=published,
        seconds=teller.seconds,
    ) | {
        "ledger_dir": str(stage.ledger),
        "ledger_entries": audit.files.checkpoint.size,
        "ledger_witnesses": len(audit.files.cosigned),
        "suspension": {
            "schools_kept_before": stopped.schools_kept,
            "seconds_to_stop": round(stopped.seconds, 3),
        },
    }
    (out / "summary.json").write_text(json.dumps(facts, indent=2, default=str) + "\n", encoding="utf-8")
    if as_json:
        say_json(facts)
    else:
        _show_end(out, published, audit, teller.seconds["total"])


def _show_ceremony(teller: _Teller, stage: Stage) -> list[Refused]:
    """From a draft to an assessment in force; gives the refusals met on the way."""
    teller.title("Nothing moves before a signed, published assessment")
    refusals = [_must_refuse(teller, stage, "draft", "Try to collect under the draft")]
    teller.step("approve", "Screen, consult, advise, approve: three people sign", lambda _: demo.approve(stage))
    refusals.append(_must_refuse(teller, stage, "signed", "Try again: signed, and not published"))
    teller.step("enact", "Publish it, activate it, tell the families", lambda _: demo.put_in_force(stage))
    teller.note(f"Anyone can read it: {stage.ledger}/documents/{stage.manifest.digest[:12]}…")
    return refusals


def _must_refuse(teller: _Teller, stage: Stage, name: str, title: str) -> Refused:
    refusal = teller.step(f"refused_{name}", title, lambda _: demo.try_to_collect(stage))
    if refusal is None:
        raise VerificationProblem("The gate let a collection through.", mend="Report this as a bug.")
    teller.note(f"[bold red]Refused[/] by the clause [bold]{refusal.clause}[/]: {refusal.what}")
    return refusal


def _collect(teller: _Teller, stage: Stage) -> tuple[RoundCounts, demo.Stopped, Collected]:
    teller.title("One day")
    history = teller.step(
        "history",
        "Screen and keep the term so far",
        lambda advance: demo.keep_history(stage, advance=advance),
    )
    teller.note(
        f"{history.received:,} marks since {FIRST:%-d %B} = {history.kept:,} kept + {history.rejected:,} rejected."
    )
    stopped = teller.step(
        "suspended", f"Collect {DAY:%A %-d %B} over HTTP; one signature stops it", lambda _: _must_stop(stage)
    )
    teller.note(f"[bold red]Stopped[/] {stopped.seconds:.2f} s after it was signed: {stopped.refusal.what}")
    teller.note(f"{stopped.schools_kept} schools kept whole before it, none half.")
    teller.step("resume", "Resume: the approver and the protection officer sign", lambda _: demo.resume(stage))
    collected = teller.step(
        "collect", "Go on where it stopped", lambda advance: demo.collect_day(stage, advance=advance)
    )
    counts, rate = collected.counts, collected.collected / teller.seconds["collect"]
    states = ", ".join(f"{number} {state}" for state, number in collected.by_state.items())
    teller.note(f"Schools: {states}. {rate:.0f} schools a second.")
    teller.note(f"{counts.received:,} marks received = {counts.kept:,} kept + {counts.rejected:,} rejected.")
    if not teller.quiet:
        show_findings(collected)
        show_unusable(collected.unusable)
    if any(one.received != one.kept + one.rejected for one in (history, counts)):
        raise VerificationProblem("Marks were lost between receiving and keeping.", mend="Report this as a bug.")
    return history, stopped, collected


def _must_stop(stage: Stage) -> demo.Stopped:
    stopped = demo.suspend_midway(stage)
    if stopped is None:
        raise VerificationProblem("The collection went on while suspended.", mend="Report this as a bug.")
    return stopped


def _publish(teller: _Teller, stage: Stage) -> Published:
    teller.title("From registers to a release")
    folders = teller.step(
        "count", "Count each region at its own node", lambda advance: demo.count_regions(stage, advance=advance)
    )
    merged = teller.step(
        "merge", "Merge the tallies at the centre", lambda _: centre.merge(folders, stage.folder / "tallies" / "merged")
    )
    teller.note(f"{merged.cells.num_rows:,} cells: counts, and no pupil's row.")
    published = teller.step(
        "release", "Tabulate, protect, write and check the release", lambda _: demo.publish(stage, merged)
    )
    for table in published.tables:
        teller.note(f"{table.name}: {table.rows:,} rows, {table.hidden_rows:,} hidden")
    if not published.report.passed:
        raise VerificationProblem("The release does not pass its own checks.", mend="See `tallyroll release check`.")
    return published


def _summary(
    *,
    england_schools: int,
    authorities: int,
    refusals: Sequence[Refused],
    history: RoundCounts,
    collected: Collected,
    published: Published,
    seconds: dict[str, float],
) -> dict[str, object]:
    counts = collected.counts
    return {
        "synthetic": True,
        "day": DAY,
        "schools_invited": england_schools,
        "schools_approved": collected.by_state.get(SchoolState.APPROVED, 0),
        "schools_collected": collected.collected + collected.already,
        "schools_failed": [{"urn": urn.number, "reason": reason} for urn, reason in collected.failed],
        "authorities": authorities,
        **({"schools_unusable": len(collected.unusable)} if collected.unusable else {}),
        "marks_history": history.kept,
        "marks_history_received": history.received,
        "marks_history_kept": history.kept,
        "marks_history_rejected": history.rejected,
        "marks_received": counts.received,
        "marks_kept": counts.kept,
        "marks_rejected": counts.rejected,
        "findings": [
            {"check": check, "severity": str(severity), "rows": rows}
            for (check, severity), rows in collected.findings.items()
        ],
        "refusals": [{"clause": one.clause, "reason": one.what, "mend": one.mend} for one in refusals],
        "release_dir": str(published.folder),
        "release_passed": published.report.passed,
        "seconds": seconds,
    }


def _show_end(out: Path, published: Published, audit: Audit, seconds: float) -> None:
    found = headline(published.folder / "attendance_ytd.csv")
    rows = [(f"{area}, {phase}", *numbers) for area, phase, *numbers in found]
    columns = ("", "schools", "absent", "auth.", "unauth.", "ill", "persistent")
    title = f"Year to date, {FIRST:%-d %B} to {DAY:%-d %B %Y}, in percent of possible sessions"
    show_table(title, columns, rows)
    passed = sum(one.outcome is Outcome.PASS for file in published.report.files for one in file.results)
    held = audit.files
    say(
        f"{passed} checks of the data standard passed; {held.checkpoint.size} ledger entries verified, seen by "
        f"{len(held.cosigned)} witnesses; {seconds:.0f} s in all."
    )
    say(f"Look at [bold]{published.folder}[/] (the release), {out}/findings.csv (what schools should mend),")
    say(f"{out}/summary.json and {out}/ledger (check it: tallyroll ledger verify {out}/ledger),")
    say("or run [bold]make serve[/] and open http://127.0.0.1:8000")
