"""A node as the verbs find it: by its settings file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from tallyroll.cli.options import gate_at
from tallyroll.flows.node import Node
from tallyroll.flows.settings import NodeSettings
from tallyroll.register import RegisterStore
from tallyroll.vocab.calendars import read_calendars

Settings = Annotated[Path, typer.Option("--settings", help="The node's settings file (TOML).")]


@contextmanager
def node_of(chosen: NodeSettings, now: str) -> Iterator[Node]:
    """The node that the settings describe; its store is closed with the block."""
    gate, calendars = gate_at(chosen, now), read_calendars(chosen.calendars)
    with RegisterStore(chosen.store) as store:
        yield Node(gate, chosen.purpose, store, calendars)
