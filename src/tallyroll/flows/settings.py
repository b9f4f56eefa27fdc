"""Settings of a node: one file, read once, unknown keys refused."""

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tallyroll.vocab.errors import InputProblem, UsageProblem

_PATHS = ("manifest", "calendars", "store", "journal")
_SOURCE_PATHS = {"wonde": ("token_file",), "csv": ("folder",), "ctf": ("file", "folder", "schools")}
"""Which settings of each connector are paths; those of a plugin are its own affair."""


class NodeSettings(BaseModel):
    """Where a node keeps what it holds, and how it reaches its source. Paths are relative to the settings file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    manifest: Path
    purpose: str
    calendars: Path
    store: Path
    journal: Path
    connector: str
    source: dict[str, str]
    schools_at_once: Annotated[int, Field(ge=1, le=64)] = 8

    @classmethod
    def read(cls, path: Path) -> "NodeSettings":
        """The settings in this TOML file; InputProblem lists everything that is wrong with it."""
        try:
            tree = tomllib.loads(path.read_text(encoding="utf-8"))
            found = cls.model_validate(tree)
        except FileNotFoundError as error:
            raise UsageProblem(
                "There is no settings file here.", where=str(path), mend="See docs/how-to/collect-from-wonde.md."
            ) from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InputProblem(f"This is not TOML: {error}.", where=str(path), mend="Mend the line.") from error
        except ValidationError as error:
            faults = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
            raise InputProblem(f"{faults}.", where=str(path), mend="See docs/reference/settings.md.") from error
        places: dict[str, object] = {name: path.parent / getattr(found, name) for name in _PATHS}
        places["source"] = {key: _beside(path, found, key) for key in found.source}
        return found.model_copy(update=places)


def _beside(path: Path, settings: NodeSettings, key: str) -> str:
    """A setting of the source; one that is a path is taken from the settings file's folder."""
    value = settings.source[key]
    is_path = key in _SOURCE_PATHS.get(settings.connector, ())
    return str(path.parent / value) if is_path and value else value
