"""Steps 5 to 7 of the assessment: the risks, what is done about them, and who signed, by the ledger."""

from collections.abc import Iterator, Sequence
from datetime import date

from tallyroll.governance.lifecycle import Version
from tallyroll.governance.manifest import Manifest
from tallyroll.governance.manifest.parts import RiskClause
from tallyroll.governance.manifest.rules.risk import inherent
from tallyroll.governance.manifest.words import Level
from tallyroll.governance.records.outline import Paragraph, Section, said, spoken, table
from tallyroll.governance.records.rendering import day
from tallyroll.governance.statements import Kind, Signed
from tallyroll.governance.steps import Advice

LIKELIHOOD = {Level.LOW: "Remote", Level.MEDIUM: "Possible", Level.HIGH: "Probable"}
SEVERITY = {Level.LOW: "Minimal", Level.MEDIUM: "Significant", Level.HIGH: "Severe"}
"""The words of the regulator's template for the three levels."""

Row = tuple[str, str, str]


def risks(manifest: Manifest) -> Section:
    """Step 5: each risk with its source, its likelihood and severity, and what follows from the two."""
    rows = [
        (
            *(one.text, spoken(one.source).capitalize(), one.impact),
            *(LIKELIHOOD[one.likelihood], SEVERITY[one.severity], str(inherent(one)).capitalize()),
        )
        for one in manifest.risks
    ]
    head = ("Risk", "Source", "What it does to people", "Likelihood of harm", "Severity of harm", "Overall risk")
    blocks = (table("Risks before measures", head, rows),)
    return Section("Step 5: Identify and assess risks", "UK GDPR Article 35(7)(c)", blocks)


def measures(version: Version) -> Section:
    """Step 6: what is done about each risk, what remains, and the tests that show that it works."""
    manifest = version.manifest
    approved = "Yes" if version.step(Kind.APPROVED) else "Not yet"
    known = {one.id: one.text for one in manifest.measures}
    rows = [
        (
            *(one.text, " ".join(known.get(name, name) for name in one.measures)),
            *(effect(one), str(one.residual).capitalize(), approved),
        )
        for one in manifest.risks
    ]
    head = ("Risk", "Measures", "Effect on the risk", "Residual risk", "Measures approved")
    evidence = [(one.text, one.tests) for one in manifest.measures]
    blocks = (
        table("Measures and what remains", head, rows),
        table("Tests that show it; each runs before every release of the software", ("Measure", "Tests"), evidence),
    )
    return Section("Step 6: Identify measures to reduce risk", "UK GDPR Article 35(7)(d)", blocks)


def effect(risk: RiskClause) -> str:
    """What the measures do to a risk, in the template's words; a risk that stays as it was is accepted."""
    return "Reduced" if risk.residual.rank < inherent(risk).rank else "Accepted"


def sign_off(version: Version) -> Section:
    """Step 7: who advised, approved and reviewed, by the signatures in the ledger; what nobody signed is said so."""
    head = ("Item", "Name and date", "Notes")
    manifest, c = version.manifest, version.manifest.collection
    review = f"Until {said(c.expires)}, when it expires. Any change is a new version with new advice."
    keeper = c.owner or manifest.officers.asset_owner.post
    rows: Sequence[Row] = (
        *_approval(version),
        *_advice(version),
        *_regulator(version),
        ("Consultation responses reviewed by", _by(version.step(Kind.CONSULTED)), "See step 3."),
        ("Kept under review by", f"{keeper}, with the {manifest.officers.dpo.post}", review),
    )
    note = Paragraph("Who signed and when comes from the signed entries of the public ledger; nobody typed it here.")
    return Section(
        "Step 7: Sign off and record outcomes", "UK GDPR Articles 35(2), 36", (table("Sign-off", head, rows), note)
    )


def _by(signed: Signed | None) -> str:
    if signed is None:
        return "Nobody yet"
    return f"{', '.join(signed.holders)}, {day(signed.statement.at.date())}, ledger entry {signed.index}"


def _approval(version: Version) -> Iterator[Row]:
    approved = version.step(Kind.APPROVED)
    yield "Measures approved by", _by(approved), "See step 6."
    remains = f"The highest residual risk is {version.manifest.residual}."
    yield "Residual risks approved by", _by(approved), remains


def _advice(version: Version) -> Iterator[Row]:
    advised = version.step(Kind.ADVISED)
    yield "DPO advice provided by", _by(advised), _advised(advised)
    yield "Summary of DPO advice", _by(advised), advised.statement.facts["text"] if advised else "None yet"
    yield "DPO advice accepted or overruled by", _by(version.step(Kind.APPROVED)), _outcome(version, advised)


def _regulator(version: Version) -> Iterator[Row]:
    """Only what the ledger holds may be said of the regulator (ACC-A04)."""
    submitted, advised = version.step(Kind.REGULATOR_SUBMITTED), version.step(Kind.REGULATOR_ADVISED)
    name = f"Sent to {version.manifest.regulator.name}"
    if submitted is None:
        yield name, "Not sent", "The ledger holds no entry that this version was sent for prior consultation."
        return
    sent = day(date.fromisoformat(submitted.statement.facts["on"]))
    yield name, _by(submitted), f"Sent on {sent}; advice is due by {said(version.advice_due)}."
    text = f"{_advised(advised)}: {advised.statement.facts['text']}" if advised else "None yet"
    yield "Advice of the regulator recorded by", _by(advised), text
    yield "That advice accepted or overruled by", _by(version.step(Kind.APPROVED)), _outcome(version, advised)


def _advised(signed: Signed | None) -> str:
    return spoken(signed.statement.facts["advice"]).capitalize() if signed else "None yet"


def _outcome(version: Version, advised: Signed | None) -> str:
    """What the approver did with advice; the life cycle lets nobody overrule it without a reason."""
    approved = version.step(Kind.APPROVED)
    if approved is None or advised is None:
        return "Not decided"
    against = advised.statement.facts["advice"] == Advice.DO_NOT_PROCEED
    return f"Overruled: {approved.statement.facts['overrules']}" if against else "Accepted"
