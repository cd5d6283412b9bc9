"""What every test may rely on."""

import gc
import os
import signal

import pytest
from hypothesis import HealthCheck, settings

# a busy machine makes an example slow, never wrong
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

# a suite that is started in the background ignores interrupts, and so would every program that it starts
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# verbs run in forks of a process that holds thousands of tests: there is nothing in it for a fork to collect
os.register_at_fork(after_in_child=gc.freeze)

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


@pytest.fixture(scope="session")
def checkout() -> str:
    """Return the absolute path of the checkout under test."""
    return ROOT
