"""Tripwires for every test: no network but this machine, and no number that hangs on a seed left by another test."""

import random
from collections.abc import Iterator

import numpy as np
import pytest
import pytest_socket


@pytest.fixture(autouse=True)
def _no_network() -> Iterator[None]:
    """Connections leave this machine nowhere; servers on the loopback interface and local sockets work."""
    pytest_socket.socket_allow_hosts(["127.0.0.1", "::1"], allow_unix_socket=True)
    yield
    pytest_socket._remove_restrictions()


@pytest.fixture(autouse=True)
def _own_seed(request: pytest.FixtureRequest) -> None:
    """Global randomness differs from test to test and not from run to run, whatever ran before."""
    seed = sum(request.node.nodeid.encode()) % 2**32
    random.seed(seed)
    np.random.seed(seed)  # the legacy state is what a careless library would read
