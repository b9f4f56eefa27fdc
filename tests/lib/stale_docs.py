"""Generated pages: write them anew (`--write`), or say which are stale."""

import sys
from collections.abc import Callable
from pathlib import Path

from tallyroll.governance.manifest import document as manifest_document
from tallyroll.release import reference
from tallyroll.tally import document

ROOT = Path(__file__).resolve().parents[2]

PAGES: dict[str, Callable[[], str]] = {
    "docs/reference/release-check.md": reference.page,
    "docs/reference/definitions.md": document.definitions_page,
    "docs/reference/manifest.md": manifest_document.page,
    "docs/reference/manifest.schema.json": manifest_document.schema_page,
}
"""Each generated page and the function that gives its text."""


def stale() -> list[str]:
    """The pages whose file is not what their function gives."""
    return [name for name, make in PAGES.items() if _text(ROOT / name) != make()]


def write() -> None:
    """Write every page anew."""
    for name, make in PAGES.items():
        (ROOT / name).write_text(make(), encoding="utf-8")


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


if __name__ == "__main__":
    if "--write" in sys.argv:
        write()
    elif names := stale():
        sys.exit(f"Stale: {', '.join(names)}. Run `make docs`.")
