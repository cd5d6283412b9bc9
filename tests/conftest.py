"""What every test may rely on."""

import os

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


@pytest.fixture(scope="session")
def checkout() -> str:
    """Return the absolute path of the checkout under test."""
    return ROOT
