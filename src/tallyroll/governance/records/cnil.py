"""The assessment as the JSON that the CNIL's PIA software (version 4) imports: answers by the numbers of its questions.

Its questions' words are not here, only their numbers. It has no place for retention as data, for a closed list of
recipients, or for signatures: this is a copy to read elsewhere, and the manifest stays the assessment.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time
from html import escape

from tallyroll.governance.lifecycle import Version
from tallyroll.governance.manifest import Manifest
from tallyroll.governance.manifest.parts import RiskClause
from tallyroll.governance.manifest.words import Level, Part, Right, Risk
from tallyroll.governance.records.outline import said, spoken
from tallyroll.governance.statements import Kind, Signed
from tallyroll.governance.steps import Advice, State

PIA = 1  # the number that the pieces of one file share
DOING, SIGNED, ARCHIVED = 0, 3, 4  # its words for where an assessment stands
_PROCESSORS = (Part.PROCESSOR, Part.SUB_PROCESSOR, Part.AGGREGATOR)
_ENDED = (State.SUPERSEDED, State.WITHDRAWN, State.EXPIRED)
_GAUGE = {Level.LOW: 2, Level.MEDIUM: 3, Level.HIGH: 4}  # its scale has four steps; ours are never made smaller

_FEARED = {32: (Risk.ATTACK, Risk.DESIGN_CHOICE), 33: (Risk.ACCIDENT,), 34: (Risk.ACCIDENT,)}
"""Its three feared events, by the tens of their questions: access without right, unwanted change, loss.

A manifest names where a risk comes from. What the design intends beyond what people expect is access without right;
an accident can change data and can lose them, and so stands under both.
"""

Answer = dict[str, object]


def pia_json(version: Version) -> str:
    """The assessment for the CNIL's software; the same bytes from the same version."""
    manifest = version.manifest
    moments = [one.statement.at for one in version.steps]
    written = min(moments, default=datetime.combine(manifest.collection.valid_from, time(), UTC)).isoformat()
    texts = [_answer(number, text=_lines(lines)) for number, lines in _texts(manifest)]
    document = {
        "pia": _pia(version, written) | {"updated_at": max(moments).isoformat() if moments else written},
        "answers": [one | {"created_at": written} for one in (*texts, *_feared(manifest))],
        "measures": [
            {"id": i, "pia_id": PIA, "title": spoken(one.id), "content": escape(one.text), "created_at": written}
            for i, one in enumerate(manifest.measures, 1)
        ],
        "evaluations": [],  # the officer's advice is of the whole, in `dpo_opinion`; nobody marks single answers
        "comments": [],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _pia(version: Version, written: str) -> dict[str, object]:
    officers, c = version.manifest.officers, version.manifest.collection
    advised, approved = version.step(Kind.ADVISED), version.step(Kind.APPROVED)
    advice = advised.statement.facts if advised else {}
    views = [one for one in version.manifest.consultations if one.held_on]
    unsought = [one for one in version.manifest.consultations if not one.held_on]
    return {
        "id": PIA,
        "status": ARCHIVED if version.state in _ENDED else SIGNED if approved else DOING,
        "name": f"{c.title} ({version.digest[:12]})",
        "category": c.id,
        "author_name": officers.asset_owner.post,
        "evaluator_name": _names(advised, officers.dpo.post),
        "validator_name": _names(approved, officers.approver.post),
        "dpos_names": _names(advised, officers.dpo.post),
        "dpo_status": int(advice["advice"] != Advice.DO_NOT_PROCEED) if advised else None,
        "dpo_opinion": escape(advice.get("text", "")),
        "concerned_people_searched_opinion": bool(views),
        "concerned_people_searched_content": _lines(f"{one.of}: {one.not_sought_because}" for one in unsought),
        "concerned_people_opinion": _lines(f"{one.of}, {said(one.held_on)}: {one.summary}" for one in views),
        "people_names": said([str(one.of) for one in views]),
        "applied_adjustements": _lines(f"{one.of}: {one.departures}" for one in views if one.departures),
        "created_at": written,
        "is_example": 0,
        "is_archive": 0,
    }


def _names(signed: Signed | None, post: str) -> str:
    return ", ".join(signed.holders) if signed else post


def _texts(manifest: Manifest) -> Iterator[tuple[int, Iterable[str]]]:
    """What the questions of the first two parts are answered with, by number."""
    yield from _overview(manifest)
    yield from _principles(manifest)
    yield from _rights(manifest)


def _overview(manifest: Manifest) -> Iterator[tuple[int, Iterable[str]]]:
    c, f, document = manifest.collection, manifest.frequency, manifest.policy_document
    asked = f"Sources are asked at most {f.pulls_a_day} times a day, {f.window_days} days back; {f.why}"
    yield 111, (c.title, c.need)
    yield 112, (f"{one.name}: {spoken(one.part)}. {one.does}" for one in manifest.parties)
    yield 113, (manifest.request.legal_gateway, document.reference if document else "No policy document is named.")
    received = [f"{one.name} receives {spoken(one.receives)}." for one in manifest.recipients]
    yield 121, (*(f"{spoken(one.name)}: {one.definition}" for one in manifest.items), *received)
    yield 122, (c.means, asked, *_kept(manifest))
    yield 123, (f"{one.store}: {one.place}, {one.country}" for one in manifest.locations)


def _principles(manifest: Manifest) -> Iterator[tuple[int, Iterable[str]]]:
    yield 211, (one.text for one in manifest.purposes)
    yield 212, (f"{one.id}: Article {said(one.basis)}; {said(one.enactment)}" for one in manifest.purposes)
    yield 213, (f"{spoken(one.name)}: {said(one.needed_for)}" for one in manifest.items)
    settled = f"A day is settled after {manifest.frequency.settled_after_days} days of corrections."
    yield 214, (settled, *_how(manifest, Right.RECTIFICATION))
    yield 215, _kept(manifest)


def _kept(manifest: Manifest) -> list[str]:
    return [f"{one.store}: {one.keep.words} from {one.starts}. {one.basis}" for one in manifest.retention]


def _rights(manifest: Manifest) -> Iterator[tuple[int, Iterable[str]]]:
    consented = [one.id for one in manifest.purposes if one.basis == "6(1)(a)"]
    yield 221, _how(manifest, Right.INFORMATION)
    yield 222, (f"Purposes that rest on consent: {said(consented)}.",)
    yield 223, _how(manifest, Right.ACCESS, Right.PORTABILITY)
    yield 224, _how(manifest, Right.RECTIFICATION, Right.ERASURE)
    yield 225, _how(manifest, Right.RESTRICTION, Right.OBJECTION)
    bound = [one for one in manifest.parties if one.part in _PROCESSORS]
    yield 226, [f"{one.name}: {one.contract.reference if one.contract else 'no contract named'}" for one in bound]
    yield 227, [f"{one.store}: {one.country}. {one.safeguard}" for one in manifest.locations]


def _how(manifest: Manifest, *rights: Right) -> list[str]:
    found = [one for one in manifest.rights if one.right in rights]
    return [f"{spoken(one.right)}{'' if one.applies else ' (does not apply)'}: {one.how}" for one in found]


def _feared(manifest: Manifest) -> Iterator[Answer]:
    """The answers about the three feared events: impacts, threats, sources, measures, severity, likelihood."""
    for tens, sources in _FEARED.items():
        risks = [one for one in manifest.risks if one.source in sources]
        measures = dict.fromkeys(spoken(name) for one in risks for name in one.measures)
        yield _answer(10 * tens + 1, many=[one.impact for one in risks])
        yield _answer(10 * tens + 2, many=[one.text for one in risks])
        yield _answer(10 * tens + 3, many=dict.fromkeys(spoken(one.source) for one in risks))
        yield _answer(10 * tens + 4, many=measures)
        yield _answer(10 * tens + 5, text=_ids(risks), gauge=_highest(one.severity for one in risks))
        yield _answer(10 * tens + 6, text=_ids(risks), gauge=_highest(one.likelihood for one in risks))


def _ids(risks: Iterable[RiskClause]) -> str:
    return f"Risks of the manifest: {said([one.id for one in risks])}."


def _highest(levels: Iterable[Level]) -> int:
    return max((_GAUGE[one] for one in levels), default=0)


def _answer(number: int, *, text: str = "", gauge: int = 0, many: Iterable[str] = ()) -> Answer:
    return {"pia_id": PIA, "reference_to": number, "data": {"text": text, "gauge": gauge, "list": list(many)}}


def _lines(lines: Iterable[str]) -> str:
    return "<br>".join(escape(one) for one in lines if one)
