"""Steps 1 to 4 of the assessment: why a collection, what it does, who was asked, whether it is necessary."""

from collections.abc import Iterator

from tallyroll.governance.manifest import Manifest
from tallyroll.governance.manifest.parties import Contract, Party
from tallyroll.governance.manifest.parts import CodeClause, Consultation, ItemClause, Location
from tallyroll.governance.manifest.words import Trigger
from tallyroll.governance.records.outline import Block, Heading, Paragraph, Section, Table, said, spoken, table
from tallyroll.governance.records.words import ITEMS, KINDS, RECEIVES, REVEALS, STORES, TIERS

_ASKED = {True: "Schools must take part.", False: "Taking part is voluntary."}


def need(manifest: Manifest) -> Section:
    """Step 1: what the collection is for, and what makes an assessment necessary."""
    c, screening = manifest.collection, manifest.screening
    blocks: list[Block] = [Paragraph(said(c.need))]
    if c.supersedes:
        blocks.append(Paragraph(f"This version follows the one with digest {c.supersedes}. Reason: {said(c.reason)}"))
    answers = [(spoken(one).capitalize(), one in screening.triggers) for one in Trigger]
    blocks += [
        table("What makes this processing high-risk by itself", ("Question", "Answer"), answers),
        Paragraph(f"Screened on {said(screening.answered_on)}; the level is {screening.level}."),
    ]
    return Section("Step 1: Identify the need for an assessment", "UK GDPR Article 35(1) and (3)", tuple(blocks))


def processing(manifest: Manifest) -> Section:
    """Step 2: nature, scope, context and purposes of the processing."""
    blocks = (*_nature(manifest), *_scope(manifest), *_context(manifest), *_purposes(manifest))
    return Section("Step 2: Describe the processing", "UK GDPR Article 35(7)(a)", blocks)


def _nature(manifest: Manifest) -> Iterator[Block]:
    yield Heading("Nature")
    yield Paragraph(said(manifest.collection.means))
    yield Paragraph(f"Registers rest at {TIERS[manifest.collection.tier]}.")
    rows = [(p.name, spoken(p.part), KINDS[p.kind], p.does, p.contact, _country(p)) for p in manifest.parties]
    yield table("Who takes part", ("Party", "Part", "Kind", "What it does", "Contact", "Country"), rows)
    received = [(r.name, RECEIVES[r.receives], r.purpose, r.gateway, KINDS[r.kind]) for r in manifest.recipients]
    yield table("Who receives what: a closed list", ("Recipient", "Receives", "Purpose", "Gateway", "Kind"), received)
    places = [(STORES[one.store], one.place, _country(one)) for one in manifest.locations]
    yield table("Where it stands", ("Store", "Place", "Country"), places)


def _country(one: Party | Location) -> str:
    return f"{one.country}; safeguard: {one.safeguard}" if one.safeguard else one.country


def _scope(manifest: Manifest) -> Iterator[Block]:
    yield Heading("Scope")
    head = ("Item", "Definition", "Where from, and how fine", "What fails without it", "Sensitivity")
    yield table("What is collected", head, map(_item_row, manifest.items))
    yield _special(manifest)
    yield Paragraph(f"Counts are broken down by: {said([spoken(one) for one in manifest.counters.characteristics])}.")
    release = manifest.release
    yield Paragraph(f"Figures are made by {release.method} and protected by {release.disclosure_profile}.")
    areas = said(manifest.scope.authorities) if manifest.scope.authorities else "every authority"
    yield Paragraph(f"Schools of these local authorities: {areas}.")
    f = manifest.frequency
    asked = f"Sources are asked at most {f.pulls_a_day} times a day, for {f.window_days} days back at most."
    yield Paragraph(f"{asked} A day is settled after {f.settled_after_days} days. {said(f.why)}")
    kept = [(STORES[r.store], r.keep.words, r.starts, r.basis, r.enactment, r.method) for r in manifest.retention]
    yield table("How long it is kept", ("Store", "Kept for", "Counted from", "Why", "Law", "How it goes"), kept)


def _item_row(item: ItemClause) -> tuple[object, ...]:
    optional = "" if item.mandatory else " It may be refused."
    source = f"{said(item.source_field)}; {said(item.granularity)}"
    grade = f"{said(item.sensitivity)}; identifiability {item.identifiability} of 5"
    return ITEMS[item.name], f"{item.definition}{optional}", source, item.needed_for, grade


def _special(manifest: Manifest) -> Table:
    named: list[tuple[str, ItemClause | CodeClause]] = [(ITEMS[i.name], i) for i in manifest.items if i.reveals]
    named += [(f"Attendance codes {said(one.codes)}", one) for one in manifest.codes]
    rows = [(name, [REVEALS[r] for r in one.reveals], one.condition, one.schedule_1) for name, one in named]
    head = ("Item or code", "Reveals", "Condition", "Data Protection Act 2018, Schedule 1")
    return table("Special categories and criminal offences", head, rows)


def _context(manifest: Manifest) -> Iterator[Block]:
    yield Heading("Context")
    yield Paragraph(f"The people are children on school registers. {_ASKED[manifest.collection.mandatory]}")
    if manifest.collection.every_child:
        yield Paragraph(manifest.collection.every_child)
    rows = (
        ("Power to ask schools", manifest.request.legal_gateway),
        ("Items that the law allows at most", [ITEMS[one] for one in manifest.request.statutory_items]),
        ("Items asked for", [ITEMS[one] for one in manifest.request.requested_items]),
    )
    yield table("The request to schools", ("Matter", "What is said"), rows)


def _purposes(manifest: Manifest) -> Iterator[Block]:
    yield Heading("Purposes")
    rows = [
        (p.text, p.id, spoken(p.kind), f"Article {p.basis}" if p.basis else "", p.enactment) for p in manifest.purposes
    ]
    yield table("What it is for", ("Purpose", "Name", "Kind", "Lawful basis", "Law"), rows)
    denied = [(spoken(one.use).capitalize(), one.text or "No permit can allow it.") for one in manifest.forbidden]
    yield table("What it is never for", ("Use", "What is said"), denied)


def consultation(manifest: Manifest) -> Section:
    """Step 3: whose views were sought, what they said, and what was done about it."""
    head = ("Whose views", "When", "What they said", "Where the design departs, and why")
    blocks: list[Block] = [table("Views sought", head, map(_views_row, manifest.consultations))]
    officers = manifest.officers
    posts = [
        ("Advises", officers.dpo.post, officers.dpo.contact),
        ("Decides", officers.approver.post, officers.approver.contact),
        ("Owns the collection", officers.asset_owner.post, officers.asset_owner.contact),
        ("Regulates", manifest.regulator.name, manifest.regulator.contact),
    ]
    blocks.append(table("Who else is involved", ("Part", "Post or body", "Contact"), posts))
    law = manifest.request.lawmaking
    if law is not None:
        text = f"{law.measure}: {manifest.regulator.name} was consulted on {said(law.regulator_consulted_on)}."
        blocks.append(Paragraph(f"{text} {law.outcome}"))
    return Section("Step 3: Consultation", "UK GDPR Article 35(2) and (9)", tuple(blocks))


def _views_row(one: Consultation) -> tuple[object, ...]:
    if one.held_on is None:
        return spoken(one.of).capitalize(), "Not sought", one.not_sought_because, one.departures
    return spoken(one.of).capitalize(), one.held_on, one.summary, one.departures


def necessity(manifest: Manifest) -> Section:
    """Step 4: whether it is necessary and proportionate, what lesser ways there are, and how rights are met."""
    c = manifest.collection
    blocks: list[Block] = [
        *(Heading("Necessity"), Paragraph(said(c.necessity))),
        *(Heading("Proportionality"), Paragraph(said(c.proportionality))),
        table(
            "Lesser ways that were weighed",
            ("Way", "Taken", "Why"),
            [(spoken(one.option).capitalize(), one.adopted, one.why) for one in manifest.alternatives],
        ),
        table(
            "Rights of pupils and families",
            ("Right", "Applies", "How"),
            [(spoken(one.right).capitalize(), one.applies, one.how) for one in manifest.rights],
        ),
        _processors(manifest),
        Paragraph(_policy(manifest)),
        Paragraph(_concerns(manifest)),
        *(Heading("Equality and human rights"), Paragraph(said(manifest.assessments.equality))),
        Paragraph(said(manifest.assessments.human_rights)),
    ]
    return Section("Step 4: Assess necessity and proportionality", "UK GDPR Article 35(7)(b)", tuple(blocks))


def _processors(manifest: Manifest) -> Table:
    """Those who handle data for others: what each can read, who holds the keys, and what binds it."""
    bound = [p for p in manifest.parties if p.sees or p.contract or p.key_custodian or p.hosting]
    rows = [(p.name, spoken(p.sees or ""), p.key_custodian, p.hosting, _contract(p.contract)) for p in bound]
    return table("Processors", ("Processor", "Can read", "Keys held by", "Hosted by", "Contract"), rows)


def _contract(contract: Contract | None) -> str:
    if contract is None:
        return ""
    terms = "all terms" if contract.article_28_terms else "not all terms"
    ends, looked = said(contract.ends), said(contract.due_diligence_on)
    return f"{contract.reference}; ends {ends}; diligence looked at {looked}; {terms} of Article 28(3)"


def _concerns(manifest: Manifest) -> str:
    concerns = manifest.concerns
    if concerns is None:
        return "Nothing is said of how concerns of the regulator are answered."
    return f"A concern of the regulator is answered within {concerns.answer_within_days} days: {concerns.shown_at}."


def _policy(manifest: Manifest) -> str:
    document = manifest.policy_document
    if document is None:
        return "No appropriate policy document is named."
    return f"Appropriate policy document: {document.reference}, to be reviewed by {said(document.review_on)}."
