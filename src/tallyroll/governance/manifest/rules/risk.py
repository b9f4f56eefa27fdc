"""Rules about risk: the screening that cannot be talked down, the risks, and the measures that tests prove."""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from tallyroll.governance.manifest.parts import RiskClause
from tallyroll.governance.manifest.rules.fault import Fault, Rule
from tallyroll.governance.manifest.rules.keeping import uses_shares
from tallyroll.governance.manifest.whole import Manifest
from tallyroll.governance.manifest.words import Level, Risk, Tier, Trigger
from tallyroll.vocab.items import Item


@cache
def evidence() -> frozenset[str]:
    """The tests that a measure may name: each runs before every release of this software."""
    text = files("tallyroll.governance").joinpath("data/evidence.txt").read_text(encoding="utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))


def triggers_of(manifest: Manifest) -> frozenset[Trigger]:
    """What makes this collection high-risk whatever its author thinks (LAW-23)."""
    items = {one.name for one in manifest.items}
    reveals = Item.MARK in items or bool(manifest.codes) or any(one.reveals for one in manifest.items)
    found = {
        Trigger.CHILDREN_AT_SCALE: True,
        Trigger.INVISIBLE: True,  # a register is never obtained from the child
        Trigger.SPECIAL_CATEGORY_AT_SCALE: reveals,
        Trigger.MATCHING: Item.UPN in items,
        Trigger.INNOVATIVE_TECHNOLOGY: uses_shares(manifest),
    }
    return frozenset(one for one, holds in found.items() if holds)


def screening_leaves_nothing_out(manifest: Manifest) -> Iterator[Fault]:
    """Every trigger that holds is answered with yes (LAW-23, ACC-A03)."""
    for one in sorted(triggers_of(manifest) - set(manifest.screening.triggers)):
        mend = f'Add "{one}" to screening.triggers.'
        yield Fault("screening.triggers", f"The trigger '{one}' holds here.", mend, ("LAW-23", "ACC-A03"))


def screening_is_high(manifest: Manifest) -> Iterator[Fault]:
    """With any trigger the level is high; it can be raised and never lowered (LAW-23, ACC-A03)."""
    if manifest.screening.level is not Level.HIGH:
        what = f"The risk is rated {manifest.screening.level}, and what it screens makes it high."
        yield Fault("screening.level", what, 'Write level = "high".', ("LAW-23", "ACC-A03"))


def risks_of_every_source(manifest: Manifest) -> Iterator[Fault]:
    """Accidents, attackers and what the design itself intends are each looked at (LAW-25, ACC-A17, ACC-B13)."""
    looked_at = {one.source for one in manifest.risks}
    for source in Risk:
        if source not in looked_at:
            what, mend = f"No risk of the source '{source}' is described.", "Add it to [[risks]]."
            yield Fault("risks", what, mend, ("LAW-25", "MAN-13", "ACC-A17", "ACC-B13"))


def risks_say_whom_they_hurt(manifest: Manifest) -> Iterator[Fault]:
    """Each risk says what it does to people (LAW-25)."""
    for one in manifest.risks:
        if not one.impact.strip():
            yield Fault(f"risks.{one.id}.impact", "What it does to people is not said.", "Say it.", ("LAW-25",))


def risks_name_measures(manifest: Manifest) -> Iterator[Fault]:
    """Each risk names measures that are described here (LAW-25, ACC-A17)."""
    known = {one.id for one in manifest.measures}
    for one in manifest.risks:
        for name in sorted(set(one.measures) - known):
            what, rows = f"'{name}' is not among the measures.", ("LAW-25", "MAN-13", "ACC-A17")
            yield Fault(f"risks.{one.id}.measures", what, "Describe it in [[measures]].", rows)


def inherent(risk: RiskClause) -> Level:
    """How high a risk is before the measures, from likelihood and severity together."""
    return (Level.LOW, Level.LOW, Level.MEDIUM, Level.HIGH, Level.HIGH)[risk.likelihood.rank + risk.severity.rank]


def residual_follows_from_measures(manifest: Manifest) -> Iterator[Fault]:
    """What remains of a risk is never more than there was, and less only by measures (LAW-25, ACC-A03, ACC-B13)."""
    for one in manifest.risks:
        before, clause = inherent(one), f"risks.{one.id}.residual"
        if one.residual.rank > before.rank:
            what = f"The risk is {before} before the measures and cannot be {one.residual} after them."
            yield Fault(clause, what, "Look at likelihood and severity again.", ("LAW-25", "ACC-B13"))
        if one.residual.rank < before.rank and not one.measures:
            what = f"The risk falls from {before} to {one.residual} without any measure."
            yield Fault(clause, what, "Name the measures, or leave it where it is.", ("LAW-25", "ACC-A03", "ACC-B13"))


def nation_is_never_low(manifest: Manifest) -> Iterator[Fault]:
    """Every child's named rows in one place are no low risk, whatever the measures (LAW-23, ACC-A03)."""
    if manifest.collection.tier is Tier.NATION and manifest.risks and manifest.residual is Level.LOW:
        what = "The named rows of a nation in one place are rated as a low risk."
        yield Fault("risks", what, "Rate what the design itself intends.", ("LAW-23", "ACC-A03"))


def measures_are_proven(manifest: Manifest) -> Iterator[Fault]:
    """Each measure names tests of this software that show it works (LAW-25, MAN-13, ACC-A17)."""
    rows = ("LAW-25", "MAN-13", "ACC-A17")
    for one in manifest.measures:
        if not one.tests:
            what, mend = "No test shows that this measure works.", "Name one of evidence.txt."
            yield Fault(f"measures.{one.id}.tests", what, mend, rows)
        for name in sorted(set(one.tests) - evidence()):
            what, mend = f"'{name}' is no test that the project runs.", "Name one of evidence.txt."
            yield Fault(f"measures.{one.id}.tests", what, mend, rows)


RULES: tuple[Rule, ...] = (
    screening_leaves_nothing_out,
    screening_is_high,
    risks_of_every_source,
    risks_say_whom_they_hurt,
    risks_name_measures,
    residual_follows_from_measures,
    nation_is_never_low,
    measures_are_proven,
)
