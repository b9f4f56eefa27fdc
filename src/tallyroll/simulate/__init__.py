"""A synthetic England and a simulated information system of its schools. No real child is in it."""

from tallyroll.simulate.england import England, england
from tallyroll.simulate.extract import extract_of
from tallyroll.simulate.fit import fit
from tallyroll.simulate.headcounts import headcounts, write_headcounts
from tallyroll.simulate.mis_awkward import Awkward
from tallyroll.simulate.mis_serve import Mis, child, running, serve
from tallyroll.simulate.mis_world import Access, Control, World

__all__ = [
    "Access",
    "Awkward",
    "Control",
    "England",
    "Mis",
    "World",
    "child",
    "england",
    "extract_of",
    "fit",
    "headcounts",
    "running",
    "serve",
    "write_headcounts",
]
