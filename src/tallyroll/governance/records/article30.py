"""The record of processing (Article 30, and DPA 2018 Schedule 1 paragraph 41) as CSV: the manifest, line by line."""

from collections.abc import Iterator, Sequence

from tallyroll.governance.lifecycle import Version
from tallyroll.governance.manifest import Manifest
from tallyroll.governance.manifest.parts import CodeClause, ItemClause
from tallyroll.governance.manifest.words import Part
from tallyroll.governance.records.outline import said, spoken
from tallyroll.governance.records.rendering import csv_text
from tallyroll.governance.records.sharing import DELETED
from tallyroll.ledger import Entry

HEADINGS = ("requirement", "field", "name", "detail", "law", "clause")
HOME = "United Kingdom"
Row = tuple[object, ...]

_ROLES = {
    Part.CONTROLLER: "controller",
    Part.JOINT_CONTROLLER: "joint controller",
    Part.PROCESSOR: "processor",
    Part.SUB_PROCESSOR: "sub-processor",
    Part.AGGREGATOR: "aggregator",
    Part.SOURCE: "source of the data",
}


def article_30(version: Version, log: Sequence[Entry] | None) -> str:
    """The record as CSV: one fact a line, with the requirement it meets and the manifest's clause it comes from.

    `log` is that of the node, whose deletion records show whether retention was followed; None where it is not known.
    """
    return csv_text(HEADINGS, _rows(version.manifest, _followed(log)))


def _followed(log: Sequence[Entry] | None) -> str:
    if log is None:
        return "not known here: deletion records stand in the log of each node"
    return f"deletion records in the log: {sum(one.event == DELETED for one in log)}; see deletions.csv"


def _rows(manifest: Manifest, followed: str) -> Iterator[Row]:
    yield "Art 30(1)", "record", manifest.collection.title, f"manifest {manifest.digest}", "", "collection"
    yield from _bodies(manifest)
    yield from _uses(manifest)
    yield from _data(manifest)
    yield from _transfers(manifest)
    yield from _limits(manifest)
    yield from _schedule_1(manifest, followed)


def _bodies(manifest: Manifest) -> Iterator[Row]:
    for one in manifest.parties:
        detail = f"{spoken(one.kind)}; {said(one.contact)}; {said(one.country)}; {said(one.does)}"
        contract = one.contract.reference if one.contract else ""
        yield "Art 30(1)(a)", _ROLES[one.part], one.name, detail, contract, f"parties.{one.name}"
    if not any(one.part is Part.JOINT_CONTROLLER for one in manifest.parties):
        yield "Art 30(1)(a)", "joint controller", "none named", "", "", "parties"
    yield "Art 30(1)(a)", "representative", "none named", "", "UK GDPR Article 27", "parties"
    dpo = manifest.officers.dpo
    yield "Art 30(1)(a)", "data protection officer", dpo.post, dpo.contact, "", "officers.dpo"


def _uses(manifest: Manifest) -> Iterator[Row]:
    for one in manifest.purposes:
        basis = f"Article {one.basis}; {said(one.enactment)}" if one.basis else one.enactment
        yield "Art 30(1)(b)", "purpose", one.id, one.text, basis, f"purposes.{one.id}"


def _data(manifest: Manifest) -> Iterator[Row]:
    areas = said(manifest.scope.authorities) if manifest.scope.authorities else "every authority"
    yield "Art 30(1)(c)", "category of people", "pupils", f"on the registers of schools in: {areas}", "", "scope"
    for item in manifest.items:
        yield "Art 30(1)(c)", "category of data", item.name, item.definition, _condition(item), f"items.{item.name}"
    for one in manifest.codes:
        name = " ".join(one.codes)
        detail = f"attendance codes that reveal {said(list(map(spoken, one.reveals)))}"
        yield "Art 30(1)(c)", "category of data", name, detail, _condition(one), f"codes.{name}"
    for who in manifest.recipients:
        detail = f"{spoken(who.receives)}, for {who.purpose}"
        yield "Art 30(1)(d)", "recipient", who.name, detail, who.gateway, f"recipients.{who.name}"


def _condition(one: ItemClause | CodeClause) -> str:
    return "; ".join(filter(None, (one.condition, one.schedule_1)))


def _transfers(manifest: Manifest) -> Iterator[Row]:
    abroad = [
        *[(f"parties.{one.name}", one.name, one.country, one.safeguard) for one in manifest.parties],
        *[(f"locations.{one.store}", one.store, one.country, one.safeguard) for one in manifest.locations],
    ]
    found = [one for one in abroad if one[2] != HOME]
    for clause, name, country, safeguard in found:
        yield "Art 30(1)(e)", "transfer", name, said(country), safeguard, clause
    if not found:
        yield "Art 30(1)(e)", "transfer", "none", f"everything named stands in the {HOME}", "", "locations"


def _limits(manifest: Manifest) -> Iterator[Row]:
    for one in manifest.retention:
        detail = f"{one.keep.text} from {one.starts}; {said(one.method)}"
        law = "; ".join(filter(None, (one.basis, one.enactment)))
        yield "Art 30(1)(f)", "erasure time limit", one.store, detail, law, f"retention.{one.store}"
    for measure in manifest.measures:
        tests = f"tests: {said(measure.tests)}"
        yield "Art 30(1)(g)", "security measure", measure.id, measure.text, tests, f"measures.{measure.id}"


def _schedule_1(manifest: Manifest, followed: str) -> Iterator[Row]:
    """Which condition, how the processing is lawful, and whether data goes when the policy says (paragraph 41)."""
    special: list[tuple[str, str, ItemClause | CodeClause]] = [
        *[(str(one.name), "items", one) for one in manifest.items if one.reveals],
        *[(" ".join(one.codes), "codes", one) for one in manifest.codes],
    ]
    bases = said(sorted({f"Article {one.basis}" for one in manifest.purposes if one.basis}))
    document = manifest.policy_document.reference if manifest.policy_document else ""
    for name, table, one in special:
        clause = f"{table}.{name}"
        yield "Sch 1 para 41(a)", "condition relied on", name, one.condition, one.schedule_1, clause
        yield "Sch 1 para 41(b)", "lawful under", name, bases, "", "purposes"
        yield (
            "Sch 1 para 41(c)",
            "retention followed",
            name,
            followed,
            document or "no policy document is named",
            clause,
        )
