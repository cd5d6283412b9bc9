"""What every test may rely on."""

import os

import pytest
from hypothesis import HealthCheck, settings

# a busy machine makes an example slow, never wrong
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


@pytest.fixture(scope="session")
def checkout() -> str:
    """Return the absolute path of the checkout under test."""
    return ROOT
