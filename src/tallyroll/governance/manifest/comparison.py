"""What a new version changes, in plain words, so that nothing grows unseen (LAW-28, ACC-A34 to ACC-A36).

"No different, just more often" cannot be said here: every changed value has its sentence.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tallyroll.governance.manifest.leaves import named
from tallyroll.governance.manifest.whole import Manifest
from tallyroll.vocab.durations import Duration

VERSION, ADVICE, NOTICES = "new version", "DPO advice", "notices"
Tree = Mapping[str, object]
_NOTHING: tuple[object, ...] = (None, "", [], {})


@dataclass(frozen=True, slots=True)
class Change:
    """One change in plain words: at which clause, which requirements watch it, and what it opens again."""

    clause: str
    what: str
    rows: tuple[str, ...]
    reopens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Watch:
    """How changes of one table or field are told and watched. Sentences for what is new, gone, and different."""

    rows: tuple[str, ...] = ("LAW-28",)
    reopens: tuple[str, ...] = (VERSION, ADVICE, NOTICES)
    new: str = "{name} is new."
    gone: str = "{name} is gone."
    differs: str = "Under {clause} it says {now}; it said {before}."


_TEXT = _Watch(reopens=(VERSION,))
_RISK = _Watch(rows=("LAW-28", "LAW-25"), reopens=(VERSION, ADVICE))
_WATCHES = {
    "collection.tier": _Watch(differs="Registers may rest at tier {now}; it was {before}."),
    "collection.means": _Watch(("LAW-28", "ACC-A34"), differs="The means are different: {now}; they were: {before}."),
    "collection.mandatory": _Watch(("LAW-28", "ACC-A36"), differs="Schools must take part: {now}; it was {before}."),
    "collection.valid_from": _Watch(reopens=(VERSION, NOTICES)),
    "collection.expires": _Watch(reopens=(VERSION, NOTICES)),
    "collection": _TEXT,
    "officers": _Watch(("LAW-28", "LAW-24"), (VERSION, NOTICES)),
    "regulator": _Watch(reopens=(VERSION, NOTICES)),
    "parties": _Watch(
        ("LAW-28", "LAW-19"), new="{name} takes part now; it did not.", gone="{name} takes part no longer."
    ),
    "request": _Watch(("LAW-28", "MAN-03", "ACC-A35")),
    "purposes": _Watch(
        ("LAW-28", "ACC-A22", "ACC-A23"), new="{name} is a purpose now; it was not.", gone="{name} is no purpose now."
    ),
    "forbidden": _Watch(
        ("LAW-28", "LAW-03"), new="{name} is forbidden now; it was not.", gone="{name} is no longer forbidden."
    ),
    "items": _Watch(
        ("LAW-28", "ACC-A35"), new="{name} is collected now; it was not.", gone="{name} is no longer collected."
    ),
    "codes": _Watch(
        ("LAW-28", "LAW-11"), new="Code {name} is declared now; it was not.", gone="Code {name} is declared no longer."
    ),
    "policy_document": _Watch(("LAW-28", "LAW-11"), (VERSION, ADVICE)),
    "counters.characteristics": _Watch(("LAW-28", "MAN-05"), differs="Breakdowns: {differ}."),
    "scope.authorities": _Watch(differs="Local authorities (none means every one): {differ}."),
    "frequency.pulls_a_day": _Watch(
        ("LAW-28", "LAW-05", "ACC-A34"), differs="Sources are asked {now} times a day instead of {before}."
    ),
    "frequency.window_days": _Watch(
        ("LAW-28", "LAW-05", "ACC-A34"), differs="A pull reaches back {now} days instead of {before}."
    ),
    "frequency": _Watch(("LAW-28", "LAW-05", "ACC-A34"), (VERSION, ADVICE)),
    "recipients": _Watch(
        ("LAW-28", "MAN-08", "ACC-A22"),
        new="{name} receives something now; it did not.",
        gone="{name} receives no more.",
    ),
    "retention": _Watch(
        ("LAW-28", "LAW-07"), new="{name} have a time now; they had none.", gone="{name} have no time any more."
    ),
    "retention.keep": _Watch(("LAW-28", "LAW-07"), differs="{name} are kept {now} instead of {before}."),
    "locations": _Watch(("LAW-28", "LAW-31")),
    "screening": _RISK,
    "risks": _RISK,
    "measures": _RISK,
    "rights": _Watch(("LAW-28", "LAW-13")),
    "release": _Watch(("LAW-28", "MAN-16"), (VERSION, ADVICE)),
}
"""By clause or by table, the nearest first; what is not here is other text, which makes a new version and no more."""


def compare(old: Manifest, new: Manifest) -> tuple[Change, ...]:
    """Every change from one version to the next; none when they say the same in the same order."""
    before, now = _tree(old), _tree(new)
    found = tuple(change for table in now for change in _changes(table, before[table], now[table]))
    if not found and old.digest != new.digest:
        what = "Only the order or the way of writing differs; both versions say the same."
        return (Change("manifest", what, ("LAW-28",), (VERSION,)),)
    return found


def _tree(manifest: Manifest) -> dict[str, object]:
    """The manifest as nested tables: entries by name, each attendance code by itself, what is left out as none."""
    tree = manifest.model_dump(mode="json")
    tree["codes"] = [{**one, "codes": [code]} for one in tree["codes"] for code in one["codes"]]
    return {key: named(value) if isinstance(value, list) else value for key, value in tree.items()}


def _changes(clause: str, before: object, now: object, *, name: str = "") -> Iterator[Change]:
    """The changes at a clause and below it; `name` is that of the entry it lies in."""
    if before == now:
        return
    if not isinstance(before, dict) and not isinstance(now, dict):
        yield _change(clause, "differs", name=name, before=before, now=now)
        return
    old, new = _table(before), _table(now)
    for key in [*new, *(key for key in old if key not in new)]:
        below, entry = f"{clause}.{key}", name or key
        if key in old and key in new:
            yield from _changes(below, old[key], new[key], name=entry)
        elif isinstance(new.get(key, old.get(key)), dict) and not name:
            yield from _entry(below, old.get(key), new.get(key), name=key)
        else:
            yield from _changes(below, old.get(key), new.get(key), name=entry)


def _entry(clause: str, before: object, now: object, *, name: str) -> Iterator[Change]:
    """One sentence for an entry that is new or gone, with all that it says."""
    said = _said(now if before is None else before)
    change = _change(clause, "new" if before is None else "gone", name=name, before=before, now=now)
    yield Change(clause, f"{change.what} {said}", change.rows, change.reopens)


def _table(value: object) -> Tree:
    return value if isinstance(value, dict) else {}


def _change(clause: str, kind: str, *, name: str, before: object, now: object) -> Change:
    watch = _watch(clause)
    words = {"name": _spoken(name), "clause": clause, "before": _said(before), "now": _said(now)}
    sentence = str(getattr(watch, kind)).format(**words, differ=_differ(before, now))
    return Change(clause, sentence[:1].upper() + sentence[1:], watch.rows, watch.reopens)


def _watch(clause: str) -> _Watch:
    table, field = clause.partition(".")[0], clause.rpartition(".")[2]
    return next((_WATCHES[key] for key in (f"{table}.{field}", table) if key in _WATCHES), _TEXT)


def _spoken(name: str) -> str:
    return {"ethnicity_minor": "ethnicity", "fsm": "free school meals", "sen": "special educational needs"}.get(
        name, name.replace("_", " ")
    )


def _said(value: object) -> str:
    """A value as people say it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value in _NOTHING:
        return "nothing"
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_said(one)}" for key, one in value.items() if one not in _NOTHING)
    if isinstance(value, list):
        return ", ".join(map(_said, value))
    return _length(value) if isinstance(value, str) else str(value)


def _length(text: str) -> str:
    """A length of time in words; any other text in quotation marks."""
    try:
        return Duration.parse(text).words
    except ValueError:
        return f"'{text}'"


def _differ(before: object, now: object) -> str:
    """Which words of a list came and which went."""
    old, new = (value if isinstance(value, Sequence) and not isinstance(value, str) else () for value in (before, now))
    came = ", ".join(str(one) for one in new if one not in old)
    went = ", ".join(str(one) for one in old if one not in new)
    said = [f"{came} now, not before" if came else "", f"{went} before, not now" if went else ""]
    return "; ".join(filter(None, said)) or "another order"
