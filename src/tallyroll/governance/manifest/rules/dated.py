"""Rules that hang on the day they are asked: what has ended, what is overdue, what has not happened yet."""

from collections.abc import Iterator
from datetime import date, timedelta

from tallyroll.governance.manifest.rules.fault import DatedRule, Fault
from tallyroll.governance.manifest.whole import Manifest

_YEAR = timedelta(days=366)


def has_not_expired(manifest: Manifest, on: date) -> Iterator[Fault]:
    """An assessment that is over has to be made again (LAW-28)."""
    if on >= manifest.collection.expires:
        what = f"It expired on {manifest.collection.expires}."
        yield Fault("collection.expires", what, "Assess again.", ("LAW-28",))


def contracts_run(manifest: Manifest, on: date) -> Iterator[Fault]:
    """A processor's contract has not ended (LAW-19, ACC-B09)."""
    for one in manifest.parties:
        if one.contract is not None and one.contract.ends < on:
            what, mend = f"The contract ended on {one.contract.ends}.", "Renew it, or end the access."
            yield Fault(f"parties.{one.name}.contract.ends", what, mend, ("LAW-19", "ACC-B09"))


def diligence_is_fresh(manifest: Manifest, on: date) -> Iterator[Fault]:
    """A processor was looked at in the year before the assessment begins (LAW-19, ACC-C08)."""
    start = manifest.collection.valid_from
    for one in manifest.parties:
        looked = one.contract.due_diligence_on if one.contract else None
        if looked is not None and (looked > on or start - looked > _YEAR):
            what = f"Its diligence is of {looked}: to come, or more than a year before the start."
            clause = f"parties.{one.name}.contract.due_diligence_on"
            yield Fault(clause, what, "Look again.", ("LAW-19", "ACC-C08"))


def policy_document_was_reviewed(manifest: Manifest, on: date) -> Iterator[Fault]:
    """The policy document's review is not overdue (LAW-11)."""
    if manifest.policy_document is not None and manifest.policy_document.review_on < on:
        what = f"The policy document should have been reviewed on {manifest.policy_document.review_on}."
        yield Fault("policy_document.review_on", what, "Review it.", ("LAW-11",))


def nothing_happened_tomorrow(manifest: Manifest, on: date) -> Iterator[Fault]:
    """Nothing is told as done that lies in the future (LAW-25, LAW-27, LAW-30)."""
    told = [(f"consultations.{one.of}.held_on", one.held_on, "LAW-27") for one in manifest.consultations]
    told.append(("screening.answered_on", manifest.screening.answered_on, "LAW-23"))
    if manifest.request.lawmaking is not None:
        day = manifest.request.lawmaking.regulator_consulted_on
        told.append(("request.lawmaking.regulator_consulted_on", day, "LAW-30"))
    for clause, day_told, row in told:
        if day_told is not None and day_told > on:
            yield Fault(clause, f"{day_told} is still to come.", "Write it down when it has happened.", (row,))


DATED_RULES: tuple[DatedRule, ...] = (
    has_not_expired,
    contracts_run,
    diligence_is_fresh,
    policy_document_was_reviewed,
    nothing_happened_tomorrow,
)
