"""tests/acceptance/test_signed_heads.py behind a pooler."""

from tests.acceptance import test_signed_heads
from tests.postgres.same.again import again

globals().update(again(test_signed_heads))
