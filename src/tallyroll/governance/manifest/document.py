"""The reference of the manifest, made from the schema, the template and the rules themselves."""

import json
import re
from collections.abc import Iterator

from tallyroll.governance.manifest.ceilings import LONGEST, ceiling
from tallyroll.governance.manifest.rules import DATED_RULES, RULES
from tallyroll.governance.manifest.template import explanations
from tallyroll.governance.manifest.whole import Manifest
from tallyroll.governance.manifest.words import Store, Tier

Schema = dict[str, object]
_HEAD = """# The manifest

The impact assessment as data, written in TOML. Begin with `tallyroll dpia new --out manifest.toml`, and let
`tallyroll dpia check manifest.toml` say everything that is wrong at once. Whole examples stand in `examples/`.

A key that is not named here is refused. Status, version and the dates of signing and publishing are not written: the
ledger gives them. A manifest is named by the SHA-256 of its values as RFC 8785 JSON, so spacing, comments and the order
of keys do not matter, and any change of a value does. As a JSON Schema: [manifest.schema.json](manifest.schema.json).

Items: `pupil` (the source's own opaque key), `mark`, `admission_date`, `leaving_date` (these four are always needed),
`enrolment_status`, `upn`, `year_group`, `sex`, `fsm`, `fsm6`, `pupil_premium`, `sen`, `ethnicity_minor`,
`looked_after`, `previously_looked_after`. There is no item for a name, an address or free text.
"""


def schema() -> Schema:
    """The manifest's JSON Schema, draft 2020-12."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Tallyroll manifest"}
    return {**Manifest.model_json_schema(), **head}


def schema_page() -> str:
    """The JSON Schema as it is published."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


def page() -> str:
    """The reference page: every table and key, every rule with its requirements, and the ceilings of retention."""
    return "\n".join([_HEAD, *_tables(), *_rules(), *_ceilings()])


def _tables() -> Iterator[str]:
    whole, said = schema(), explanations()
    for table, value in _of(whole, "properties").items():
        yield from _table(table, value, _of(whole, "$defs"), said, many="array" in str(_at(value, "type")))


def _table(name: str, value: object, defs: Schema, said: dict[str, str], *, many: bool) -> Iterator[str]:
    part = defs[_ref(value)]
    yield f"## `{'[[' if many else '['}{name}{']]' if many else ']'}`\n\n{_at(part, 'description')}\n"
    below, rows = [], []
    needed = _at(part, "required") or ()
    for key, field in _of(part, "properties").items():
        if "properties" in _of(defs, _ref(field)):
            below.append((f"{name}.{key}", field))
            continue
        must = "; must be there" if isinstance(needed, list) and key in needed else ""
        rows.append(f"| `{key}` | {said[f'{name}.{key}']} | {_takes(field, defs)}{must} |")
    if rows:
        yield "\n".join(["| Key | Says | Takes |\n|---|---|---|", *rows, ""])
    for table, field in below:
        yield from _table(table, field, defs, said, many=False)


def _takes(field: object, defs: Schema) -> str:
    """What a key takes, in a few words."""
    if inner := _ref(field):
        words = _takes(defs[inner], defs)
        return f"list of: {words}" if _at(field, "type") == "array" else words
    if isinstance(values := _at(field, "enum"), list):
        return ", ".join(f"`{one}`" for one in values if one)
    if isinstance(options := _at(field, "anyOf"), list):
        return _takes(options[0], defs)
    if _at(field, "type") == "integer":
        return f"{_at(field, 'minimum')} to {_at(field, 'maximum')}"
    if _at(field, "format") == "date":
        return "a day"
    return {"array": "list of text", "boolean": "`true` or `false`"}.get(str(_at(field, "type")), "text")


def _rules() -> Iterator[str]:
    yield "## What is refused\n\nEach of these must hold; the rows are requirements by which it can be looked up.\n"
    yield "| What must hold | Rows |\n|---|---|"
    for rule in (*RULES, *DATED_RULES):
        what, _, rows = (rule.__doc__ or "").partition("\n")[0].removesuffix(".").rpartition(" (")
        yield f"| {what}. | {rows.removesuffix(')')} |"
    yield ""


def _ceilings() -> Iterator[str]:
    yield "## Ceilings of retention\n\nMore needs the law that demands it, by section, in `enactment`; nothing about a"
    yield f"person is kept over {LONGEST.words}, whatever is cited.\n"
    yield f"| Store | {' | '.join(Tier)} |\n|---|{'---|' * len(Tier)}"
    for store in Store:
        limits = [ceiling(store, tier=tier) for tier in Tier]
        yield f"| {store} | {' | '.join(one.words if one else 'none: public' for one in limits)} |"
    yield ""


def _ref(value: object) -> str:
    """The name of the definition that a value leads to; blank where it leads to none."""
    found = re.search(r"#/\$defs/(\w+)", json.dumps(value))
    return found[1] if found else ""


def _at(value: object, key: str) -> object:
    return value.get(key) if isinstance(value, dict) else None


def _of(value: object, key: str) -> Schema:
    found = _at(value, key)
    return found if isinstance(found, dict) else {}
