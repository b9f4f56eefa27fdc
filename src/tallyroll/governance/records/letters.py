"""Letters to schools: invitation, change of version, suspension, resumption.

What a letter says about the regulator is rendered from the regulator's own entries in the ledger, in fixed sentences
with their day and place, and from nothing else (ACC-A04): no parameter takes words about it, and words of others that
speak of it are left out, with the place where they can be read. A name that does so stops the letter.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tallyroll.governance.lifecycle import History, Version
from tallyroll.governance.manifest.words import Part
from tallyroll.governance.records.rendering import day, render
from tallyroll.governance.statements import Kind, Signed
from tallyroll.governance.steps import Advice, State
from tallyroll.vocab.errors import Refused


class Letter(StrEnum):
    """Which letter."""

    INVITATION = "invitation"
    CHANGE = "change"
    SUSPENSION = "suspension"
    RESUMPTION = "resumption"


_ADVICE = {
    Advice.PROCEED: "to proceed",
    Advice.PROCEED_WITH_CONDITIONS: "to proceed under conditions",
    Advice.DO_NOT_PROCEED: "not to proceed",
}
_SENTENCES: Mapping[Kind, str] = {
    Kind.REGULATOR_SUBMITTED: "version {version} of the assessment was sent to the regulator",
    Kind.REGULATOR_ACKNOWLEDGED: "the regulator confirmed that it had received a document",
    Kind.REGULATOR_EXTENDED: "the regulator said that it needs six more weeks for version {version}",
    Kind.REGULATOR_ADVISED: "the regulator advised {advice} with version {version}",
    Kind.REGULATOR_LETTER: "there was a letter to or from the regulator, or about it",
    Kind.REGULATOR_CONCERN: "the regulator raised a concern",
    Kind.CONCERN_ANSWERED: "a concern of the regulator was answered",
    Kind.PAUSE_REQUESTED: "the regulator asked that the collection pause",
}
"""All that a letter can say of the regulator. A test holds every letter to these sentences."""

_SPEAKS = re.compile(r"regulator|commission|ombuds|watchdog|supervisoryauthorit|protectionauthorit")
_INITIALS = re.compile(r"\bi\W{0,2}c\W{0,2}o?\b")


def files(history: History, *, on: date) -> Mapping[str, str]:
    """The letters that the ledger bears out on a day, by their names as files; those that are refused are left out."""
    made = {}
    for kind in Letter:
        with suppress(Refused):
            made[f"letters/{kind}.txt"] = letter(kind, history, on=on)
    return made


def letter(kind: Letter, history: History, *, on: date) -> str:
    """A letter to schools about the version in force, as plain text, dated `on`.

    Raises: Refused when the ledger does not hold what the letter would tell, or a name in it speaks of the regulator.
    """
    version, told = _told(kind, history, on)
    names, manifest = _Names(version.manifest.regulator.name), version.manifest
    return render(
        f"letter-{kind}.txt",
        on=on,
        said_on=told.statement.at.date(),
        index=told.index,
        title=names.kept(manifest.collection.title, clause="collection.title"),
        controllers=[names.kept(one, clause="parties") for one in _controllers(version)],
        contact=names.kept(manifest.officers.asset_owner.contact, clause="officers.asset_owner.contact"),
        dpo=names.kept(manifest.officers.dpo.contact, clause="officers.dpo.contact"),
        mandatory=manifest.collection.mandatory,
        number=version.number,
        digest=version.digest,
        supersedes=manifest.collection.supersedes,
        reason=_reason(kind, told, version, names),
        url=names.quoted(_url(version), place="the ledger"),
        regulator=list(_regulator(history, version)),
    )


def _told(kind: Letter, history: History, on: date) -> tuple[Version, Signed]:
    """The version in force and the statement that the letter passes on: no letter goes before the ledger."""
    version, found = history.active, None
    state = history.state(version, on=on) if version else State.DRAFT
    if version and state is State.SUSPENDED and kind is Letter.SUSPENSION:
        found = history.stopped
    elif version and state is State.ACTIVE and kind is Letter.RESUMPTION:
        found = next(iter(reversed(history.events(Kind.RESUMED))), None)
    elif version and state is State.ACTIVE and (kind is Letter.INVITATION or _follows(kind, version)):
        found = version.step(Kind.ACTIVATED)
    if version is None or found is None:
        reason = f"There is nothing in the ledger to send this letter for: the assessment is {state}."
        raise Refused(reason, clause=f"letters.{kind}", mend="A letter follows the ledger and never goes before it.")
    return version, found


def _follows(kind: Letter, version: Version) -> bool:
    return kind is Letter.CHANGE and bool(version.manifest.collection.supersedes)


def _reason(kind: Letter, told: Signed, version: Version, names: "_Names") -> str:
    if told.statement.kind is Kind.PAUSE_REQUESTED:
        return f"see entry {told.index} below"
    if kind is Letter.CHANGE:
        return names.quoted(version.manifest.collection.reason, place="the assessment, collection.reason")
    return names.quoted(told.statement.facts.get("reason", ""), place=f"entry {told.index} of the ledger")


def _url(version: Version) -> str:
    published = version.step(Kind.PUBLISHED)
    return published.statement.facts["url"] if published else ""


def _controllers(version: Version) -> list[str]:
    parts = (Part.CONTROLLER, Part.JOINT_CONTROLLER)
    return [one.name for one in version.manifest.parties if one.part in parts]


@dataclass(frozen=True, slots=True)
class _Names:
    """Other people's words on their way into a letter: those that speak of the regulator do not get in."""

    regulator: str

    def kept(self, text: str, *, clause: str) -> str:
        """A name; Refused when it speaks of the regulator."""
        if speaks_of_the_regulator(text, name=self.regulator):
            mend = "Only the ledger speaks of the regulator in letters. Change it, as a new version."
            raise Refused("This name speaks of the regulator.", clause=clause, mend=mend)
        return _one_line(text)

    def quoted(self, text: str, *, place: str) -> str:
        """What somebody wrote; where it speaks of the regulator, where it can be read instead."""
        if speaks_of_the_regulator(text, name=self.regulator):
            return f"not repeated in letters; read it in {place}"
        return _one_line(text) or "not said"


def speaks_of_the_regulator(text: str, *, name: str) -> bool:
    """Whether a text names or means the regulator, or is written so that this cannot be told.

    Letters of another script, which can look like ours, cannot be judged and count as yes; so do hidden characters.
    """
    plain = "".join(one for one in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(one))
    if any((one.isalpha() and not one.isascii()) or unicodedata.category(one) == "Cf" for one in plain):
        return True
    run, own = _letters(plain), _letters(name.casefold())
    named = own in run if len(own) > 5 else own in re.findall(r"[a-z]+", plain)
    return bool(named or _SPEAKS.search(run) or _INITIALS.search(plain))


def _letters(text: str) -> str:
    return re.sub(r"[^a-z]", "", text)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _regulator(history: History, version: Version) -> Iterator[str]:
    """What the ledger says of the regulator, an entry a sentence; that it was sent nothing, where that is so."""
    for one in history.events(*_SENTENCES):
        facts = one.statement.facts
        known = history.version(one.statement.manifest)
        said = _SENTENCES[one.statement.kind].format(
            version=(known.number if known and known.number else one.statement.manifest[:12]),
            advice=_ADVICE[Advice(facts["advice"])] if one.statement.kind is Kind.REGULATOR_ADVISED else "",
        )
        on, written = date.fromisoformat(facts["on"]), one.statement.at.date()
        late = "" if written == on else f", written down on {day(written)}"  # a day that is told later shows
        yield f"On {day(on)} {said} (ledger entry {one.index}{late})."
    if version.step(Kind.REGULATOR_SUBMITTED) is None:
        yield "The regulator has not been sent this version of the assessment."
