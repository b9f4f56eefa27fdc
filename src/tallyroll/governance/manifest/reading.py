"""A manifest from its file or from the ledger: everything that cannot be read is named at once."""

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path

import rfc8785
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from tallyroll.governance.manifest.leaves import name_of
from tallyroll.governance.manifest.whole import Manifest
from tallyroll.vocab.errors import InputProblem, UsageProblem, VerificationProblem

Tree = dict[str, object]
MOST_LISTED = 80  # characters: a longer list is looked up in the reference
_COMPUTED = ("digest", "version", "status", "signed_on", "published_on")
"""What the ledger says of a manifest; a manifest cannot say it of itself."""

Place = tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class Misfit:
    """A value that the schema does not take: where it stands, what is wrong, and pydantic's word for the kind."""

    clause: str
    what: str
    kind: str


def parse(text: str, *, where: str) -> Manifest:
    """The manifest in this TOML; InputProblem lists everything that the schema does not take."""
    return build(tree_of(text, where=where), where=where)


def tree_of(text: str, *, where: str) -> Tree:
    """The TOML as plain values, its dates as text; InputProblem when it is no TOML."""
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputProblem(f"This is not TOML: {error}.", where=where, mend="Mend the line it names.") from error
    except RecursionError as error:
        raise InputProblem("This is nested too deeply.", where=where, mend="Write it as the template does.") from error
    plain = _plain(tree)
    assert isinstance(plain, dict)
    return plain


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, date | datetime | time) else value


def build(tree: Tree, *, where: str) -> Manifest:
    """The manifest of these plain values; InputProblem names everything that the schema does not take."""
    made = _built(tree)
    if isinstance(made, Manifest):
        return made
    faults = "\n".join(f"  {one.clause}: {one.what}" for one in made.values())
    mend = "Mend these lines; see docs/reference/manifest.md."
    raise InputProblem(f"The manifest cannot be used:\n{faults}\n", where=where, mend=mend)


def readable(tree: Tree) -> tuple[Manifest | None, tuple[Misfit, ...]]:
    """What can be read of these values when misfits are left out, and the misfits; None when too little is left.

    The digest of what is read so is that of a manifest without the misfits: good for rules and for nothing else.
    """
    found: dict[str, Misfit] = {}
    while True:  # what is left out may lay bare another fault; each turn leaves something out or ends
        made = _built(tree)
        if isinstance(made, Manifest):
            return made, tuple(found.values())
        for one in made.values():
            found.setdefault(one.clause, one)
        rest = _without(tree, made)
        if rest == tree:
            return None, tuple(found.values())
        tree = rest


def _built(tree: Tree) -> Manifest | dict[Place, Misfit]:
    """The manifest of these values, or what is wrong at which place."""
    try:
        canonical = rfc8785.dumps(tree)  # type: ignore[arg-type]  # plain values, by construction
        made = Manifest.model_validate_json(canonical, strict=True)  # strict: "2" is no number, and 1 is not true
    except rfc8785.CanonicalizationError as error:
        return {(): Misfit("manifest", f"A number cannot be written exactly: {error}.", "number")}
    except ValidationError as error:
        places = [fault["loc"] for fault in error.errors()]
        deepest = [one for one in error.errors() if not any(_lies_in(place, one["loc"]) for place in places)]
        return {fault["loc"]: _misfit(fault, tree) for fault in deepest}
    made._canonical = canonical
    made._digest = hashlib.sha256(canonical).hexdigest()
    return made


def _lies_in(place: Place, other: Place) -> bool:
    """Whether a place lies within another: a list is called too short when its only entry is wrong."""
    return len(place) > len(other) and place[: len(other)] == other


def _misfit(fault: ErrorDetails, tree: Tree) -> Misfit:
    place, kind = _named(fault["loc"], tree), fault["type"]
    if kind == "extra_forbidden" and fault["loc"][-1] in _COMPUTED:
        return Misfit(place, "The ledger says this, not the manifest.", "computed")
    if kind in ("enum", "literal_error"):
        known = str(fault.get("ctx", {}).get("expected"))
        listed = f"; known are {known}" if len(known) <= MOST_LISTED else ""
        return Misfit(place, f"'{str(fault['input'])[:40]}' is not known here{listed}.", kind)
    said = {"extra_forbidden": "This key is not known", "missing": "This key is missing"}.get(kind, fault["msg"])
    return Misfit(place, f"{said.removeprefix('Value error, ')}.", kind)


def _named(place: Place, tree: object) -> str:
    """The place in words: an entry of a list by its name, where it has one."""
    words = []
    for step in place:
        tree = _at(tree, step)
        words.append(name_of(tree) or str(step) if isinstance(step, int) else step)
    return ".".join(words)


def _at(tree: object, step: int | str) -> object:
    if isinstance(tree, dict):
        return tree.get(step)
    return tree[step] if isinstance(tree, list) and isinstance(step, int) and step < len(tree) else None


def _without(tree: Tree, misfits: Mapping[Place, Misfit]) -> Tree:
    """The values without these, the last of a list first, so that none moves before it goes."""
    copy: Tree = json.loads(json.dumps(tree))
    for place in sorted({_cut(place, one) for place, one in misfits.items()} - {()}, reverse=True):
        here: object = copy
        for step in place[:-1]:
            here = _at(here, step)
        if isinstance(here, dict):
            here.pop(place[-1], None)
        elif _at(here, place[-1]) is not None:
            here.pop(place[-1])  # type: ignore[attr-defined]  # only a list holds something at a number
    return copy


def _cut(place: Place, misfit: Misfit) -> Place:
    """What goes with a misfit: a key that is not known by itself, anything else with its entry of a list."""
    last = max((at for at, step in enumerate(place) if isinstance(step, int)), default=len(place) - 1)
    return place if misfit.kind in ("extra_forbidden", "computed") else place[: last + 1]


def from_canonical(content: bytes, *, digest: str) -> Manifest:
    """The manifest in these canonical bytes; VerificationProblem when they are not what the digest names."""
    if hashlib.sha256(content).hexdigest() != digest:
        raise VerificationProblem("These bytes are not what their digest names.", where=f"manifest {digest[:12]}")
    made = build(_tree_in(content, where=f"manifest {digest[:12]}"), where=f"manifest {digest[:12]}")
    if made.canonical != content:
        raise VerificationProblem("These bytes are not in canonical form.", where=f"manifest {digest[:12]}")
    return made


def _tree_in(content: bytes, *, where: str) -> Tree:
    try:
        tree = json.loads(content)
    except ValueError as error:  # of JSON and of UTF-8
        raise VerificationProblem("These bytes are no manifest.", where=where) from error
    if not isinstance(tree, dict):
        raise VerificationProblem("These bytes are no manifest.", where=where)
    return tree


def text_of(path: Path) -> str:
    """The text of a manifest's file; said plainly where it cannot be had."""
    try:
        return path.read_bytes().decode()
    except FileNotFoundError as error:
        raise UsageProblem("There is no manifest here.", where=str(path), mend="Give the path of one.") from error
    except OSError as error:
        raise UsageProblem(f"This cannot be read: {error.strerror}.", where=str(path), mend="Name a file.") from error
    except UnicodeDecodeError as error:
        raise InputProblem("The manifest is not UTF-8 text.", where=str(path), mend="Save it as UTF-8.") from error


def read(path: Path) -> Manifest:
    """The manifest in this file."""
    return parse(text_of(path), where=str(path))
