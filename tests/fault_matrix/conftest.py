"""What the tests here share with those of the stages."""

from tests.stages.conftest import world

__all__ = ["world"]
