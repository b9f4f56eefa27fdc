"""A node as the verbs find it: by its settings file."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from tallyroll.cli.options import gate_at
from tallyroll.flows.node import Node
from tallyroll.flows.rota.opening import kept_elsewhere
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


@contextmanager
def own_node_of(chosen: NodeSettings, now: str) -> Iterator[Node]:
    """The same, which knows what schools another collector keeps by now: what leaves this node has none of them."""
    with node_of(chosen, now) as held:
        home, moment = held.gate.log.origin, held.clock.now()
        elsewhere = kept_elsewhere(chosen.rota, source=chosen.connector, home=home, now=moment)
        yield replace(held, elsewhere=elsewhere)
