"""Privacy notices for schools, parents and children: all that Articles 13 and 14 want told, from the manifest alone.

Nothing enters that is not part of `notice_facts`, so that the notice's digest changes whenever what it says does
(LAW-02). The page for children is a layer of its own: plain words, little pictures with words beside them, no link to
follow, nothing to press, nobody urged to do anything (LAW-12).
"""

from collections.abc import Mapping
from enum import StrEnum

from tallyroll.governance.lifecycle import Version
from tallyroll.governance.manifest import Manifest
from tallyroll.governance.manifest.words import Part, PurposeKind, Right
from tallyroll.governance.notices import notice_digest
from tallyroll.governance.records import words
from tallyroll.governance.records.notice_tables import ABOUT_PEOPLE, CONTROLLERS, tables
from tallyroll.governance.records.rendering import render
from tallyroll.governance.statements import Kind


class Audience(StrEnum):
    """Who reads a notice."""

    SCHOOL = "school"
    PARENT = "parent"
    CHILD = "child"


def notice(version: Version, audience: Audience) -> str:
    """The notice of a version for these readers, as an HTML page; marked as a draft before the version is approved."""
    approved = version.step(Kind.APPROVED)
    return render(
        "notice-child.html" if audience is Audience.CHILD else "notice.html",
        for_school=audience is Audience.SCHOOL,
        number=version.number,
        dated=approved.statement.at.date() if approved else None,
        digest=version.digest,
        notice_digest=notice_digest(version.manifest),
        tables=tables(version.manifest, for_school=audience is Audience.SCHOOL),
        **_told(version.manifest),
    )


def _told(manifest: Manifest) -> Mapping[str, object]:
    """What a notice tells, as its templates ask for it."""
    rights = {one.right: one for one in manifest.rights}
    purposes = manifest.purposes
    return {
        "words": words,
        "collection": manifest.collection,
        "controllers": [one for one in manifest.parties if one.part in CONTROLLERS],
        "helpers": [one for one in manifest.parties if one.part not in (*CONTROLLERS, Part.SOURCE)],
        "sources": [one for one in manifest.parties if one.part is Part.SOURCE],
        "officers": manifest.officers,
        "regulator": manifest.regulator,
        "purposes": purposes,
        "figures_only": all(one.kind is PurposeKind.STATISTICS for one in purposes),
        "forbidden": manifest.forbidden,
        "items": manifest.items,
        "revealed": sorted(
            {kind for one in manifest.items for kind in one.reveals}
            | {kind for one in manifest.codes for kind in one.reveals}
        ),
        "recipients": manifest.recipients,
        "kept": [one for one in manifest.retention if one.store in ABOUT_PEOPLE],
        "public": [one for one in manifest.retention if one.store not in ABOUT_PEOPLE],
        "rights": manifest.rights,
        "complaint": rights.get(Right.COMPLAINT),
        "automated": rights.get(Right.AUTOMATED_DECISIONS),
    }
