"""The tree of a manifest as people speak of it: an entry of a list has a name, and every value has a clause."""

from collections.abc import Iterator

NAMES = ("id", "name", "store", "right", "option", "use", "of")
"""The keys that name an entry of a list, in the order in which they are looked for."""


def name_of(entry: object) -> str:
    """What an entry of a list is called; blank where it has no name."""
    if not isinstance(entry, dict):
        return ""
    codes = entry.get("codes")
    names = [entry.get(key) for key in NAMES] + [" ".join(map(str, codes)) if isinstance(codes, list) else None]
    return next((one[:60] for one in names if isinstance(one, str)), "")


def named(entries: list[object]) -> dict[str, object]:
    """The entries of a list by their names; where a name comes again it is numbered."""
    found: dict[str, object] = {}
    for place, entry in enumerate(entries):
        name = name_of(entry) or str(place)
        times = sum(1 for one in entries[:place] if name_of(one) == name_of(entry))
        found[f"{name} #{times + 1}" if times and name_of(entry) else name] = entry
    return found


def leaves(tree: object, clause: str = "") -> Iterator[tuple[str, object]]:
    """Every value with its clause; a list of plain words is one value."""
    if isinstance(tree, list) and any(isinstance(one, dict) for one in tree):
        tree = named(tree)
    if not isinstance(tree, dict):
        yield clause, tree
        return
    for key, value in tree.items():
        yield from leaves(value, f"{clause}.{key}" if clause else key)
