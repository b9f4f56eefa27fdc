"""Verbs of the web door and of anybody's plugin. A module of its own, since what lists them takes long to load."""

from importlib.metadata import entry_points

import typer


def join(app: typer.Typer) -> None:
    """Add these verbs to the command."""
    for point in entry_points(group="tallyroll.verbs"):
        point.load().join(app)
