"""Settings: one file, read once, unknown keys refused. A node's say also how it reaches its source."""

import tomllib
from pathlib import Path
from typing import Annotated, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tallyroll.governance.manifest.words import Tier
from tallyroll.vocab.errors import InputProblem, UsageProblem

_SOURCE_PATHS = {
    "wonde": ("token_file",),
    "csv": ("folder",),
    "ctf": ("file", "folder", "schools"),
    "arrow": ("folder",),
}
"""Which settings of each connector are paths; those of a plugin are its own affair."""


class Settings(BaseModel):
    """A settings file: closed, read whole, its paths relative to where it lies."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    paths: ClassVar[tuple[str, ...]] = ()
    guide: ClassVar[str] = "docs/reference/settings.md"

    @classmethod
    def read(cls, path: Path) -> Self:
        """The settings in this TOML file; InputProblem lists everything that is wrong with it."""
        try:
            found = cls.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError as error:
            raise UsageProblem("There is no settings file here.", where=str(path), mend=f"See {cls.guide}.") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InputProblem(f"This is not TOML: {error}.", where=str(path), mend="Mend the line.") from error
        except ValidationError as error:
            faults = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
            raise InputProblem(f"{faults}.", where=str(path), mend=f"See {cls.guide}.") from error
        return found.model_copy(update=found.beside(path))

    def beside(self, path: Path) -> dict[str, object]:
        """The settings that are paths, taken from the settings file's folder."""
        return {name: path.parent / getattr(self, name) for name in self.paths}


class OfficeSettings(Settings):
    """Where those who keep a ledger find it, its key and its roles."""

    paths: ClassVar[tuple[str, ...]] = ("ledger", "log_key", "roles")

    ledger: Path = Path("ledger")
    log_key: Path = Path("ledger.key")
    roles: Path = Path("roles.toml")


class GateSettings(Settings):
    """Where the gate reads what is permitted and writes its answers.

    `assessments` is the public ledger: a folder, or an address of which `mirror` keeps a verified copy. `log` is this
    machine's own ledger of the gate's answers, signed with `log_key`; both are made on first use.
    """

    paths: ClassVar[tuple[str, ...]] = ("mirror", "roles", "log", "log_key")

    collection: str
    purpose: str
    tier: Tier = Tier.SCHOOL  # where this machine stands; only rows are bound by it
    assessments: str
    mirror: Path = Path("mirror")
    roles: Path = Path("roles.toml")
    log: Path = Path("log")
    log_key: Path = Path("log.key")

    @property
    def is_remote(self) -> bool:
        """Whether the public ledger stands at an address."""
        return self.assessments.startswith(("http://", "https://"))

    @property
    def ledger(self) -> Path:
        """The folder in which the public ledger, or its verified copy, is read."""
        return self.mirror if self.is_remote else Path(self.assessments)

    def beside(self, path: Path) -> dict[str, object]:
        """The settings that are paths, the ledger's folder among them."""
        places = super().beside(path)
        return places if self.is_remote else {**places, "assessments": str(path.parent / self.assessments)}


class NodeSettings(GateSettings):
    """Where a node keeps what it holds, how it reaches its source, and when (see `flows.rota`).

    `rota` is a file, or the address of a database that several collectors share (`postgresql://…`).
    """

    paths: ClassVar[tuple[str, ...]] = (*GateSettings.paths, "calendars", "store")

    calendars: Path
    store: Path
    connector: str
    source: dict[str, str]
    schools_at_once: Annotated[int, Field(ge=1, le=64)] = 8
    rota: str = ""
    hours: str = "06:00-20:00"
    weekends: bool = False
    reach_days: Annotated[int, Field(ge=0, le=366)] = 7
    tries: Annotated[int, Field(ge=1, le=20)] = 6
    source_at_once: Annotated[int, Field(ge=1)] = 512
    schools_a_second: Annotated[float, Field(ge=0)] = 0
    silent_days: Annotated[int, Field(ge=1, le=60)] = 3

    def beside(self, path: Path) -> dict[str, object]:
        """The settings that are paths, those of the source and the rota among them."""
        rota = self.rota if "://" in self.rota else str(path.parent / (self.rota or self.store.parent / "rota.sqlite"))
        source = {key: _beside(path, self, key) for key in self.source}
        return {**super().beside(path), "source": source, "rota": rota}


def _beside(path: Path, settings: NodeSettings, key: str) -> str:
    """A setting of the source; one that is a path is taken from the settings file's folder."""
    value = settings.source[key]
    is_path = key in _SOURCE_PATHS.get(settings.connector, ())
    return str(path.parent / value) if is_path and value else value


def read_gate(path: Path) -> GateSettings:
    """The gate that a settings file describes, be it a gate's own or a whole node's."""
    try:
        is_node = "connector" in tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        is_node = False  # whatever is wrong with it is said below
    return NodeSettings.read(path) if is_node else GateSettings.read(path)
