"""Every document of an assessment as named files: what `dpia export` writes and the public site serves."""

from collections.abc import Mapping, Sequence
from datetime import date

from tallyroll.governance.lifecycle import History, Version
from tallyroll.governance.records import correspondence, letters, sharing
from tallyroll.governance.records.article30 import article_30
from tallyroll.governance.records.catalogue import catalogue
from tallyroll.governance.records.cnil import pia_json
from tallyroll.governance.records.dpv import json_ld
from tallyroll.governance.records.letters import Letter
from tallyroll.governance.records.notice import Audience, notice
from tallyroll.governance.records.page import page
from tallyroll.governance.records.word import word
from tallyroll.ledger import Entry

Entries = Sequence[Entry]
_NOTICES = {f"notice-{one}.html": one for one in Audience}

FILES: Mapping[str, str] = {
    "assessment.html": "The assessment",
    "assessment.docx": "The assessment as a Word document",
    "manifest.json": "The manifest: the bytes that were signed",
    **{name: f"Privacy notice: {audience}" for name, audience in _NOTICES.items()},
    "article-30.csv": "Record of processing (Article 30)",
    "pia.json": "For the CNIL's PIA software",
    "assessment.jsonld": "In the Data Privacy Vocabulary (JSON-LD)",
}
"""The files of one version, with what each is."""

COLLECTION_FILES: Mapping[str, str] = {
    "correspondence.html": "Correspondence with the regulator",
    "correspondence.csv": "Letters, advice and requests (CSV)",
    "concerns.csv": "Concerns of the regulator (CSV)",
    "prior-consultation.csv": "Prior consultation (CSV)",
    **{f"letters/{one}.txt": f"Letter to schools: {one}" for one in Letter},
    "sharing-register.html": "Sharing register",
    "sharing-register.csv": "What was shared (CSV)",
    "refusals.csv": "What was refused (CSV)",
    "asked-about-most.csv": "What those asked about most received (CSV)",
    "deletions.csv": "What was destroyed (CSV)",
}
"""The files about a collection as a whole, with what each is; a letter is there while the ledger bears it out."""


def documents(
    version: Version, history: History, entries: Entries, *, log: Entries | None, on: date
) -> Mapping[str, bytes]:
    """Every file of one version as it stands on a day, by the names in FILES.

    `entries` are those of the ledger that holds the assessments; `log` those of the node, None where not known.
    """
    texts = {
        "assessment.html": page(version, history, entries, on=on),
        **{name: notice(version, audience) for name, audience in _NOTICES.items()},
        "article-30.csv": article_30(version, log),
        "pia.json": pia_json(version),
        "assessment.jsonld": json_ld(version.manifest),
    }
    made = {name: text.encode() for name, text in texts.items()}
    return made | {"assessment.docx": word(version), "manifest.json": version.manifest.canonical}


def collection_documents(
    history: History, entries: Entries, *, on: date, log: Entries | None = None
) -> Mapping[str, bytes]:
    """Every file of a collection: its page, registers and letters, and each version's in a folder named by its digest.

    `log` is the node's own log. Without one, what was shared and deleted is told only where the gate's answers stand in
    the same ledger: "nothing" would be said of what nobody looked at.
    """
    if log is None and any(one.event == sharing.GATE for one in entries):
        log = entries
    texts = {
        **correspondence.files(history, entries, on=on),
        **letters.files(history, on=on),
        **({} if log is None else sharing.files(history, log, on=on)),
    }
    links = [(name, COLLECTION_FILES[name]) for name in texts]
    texts["index.html"] = catalogue(
        history, entries, on=on, files=[*FILES.items()], registers=links, logged=log is not None
    )
    made = {name: text.encode() for name, text in texts.items()}
    for version in history.versions:
        for name, content in documents(version, history, entries, log=log, on=on).items():
            made[f"{version.digest}/{name}"] = content
    return made
