"""tests/acceptance/test_verbs_run.py behind a pooler."""

from tests.acceptance import test_verbs_run
from tests.postgres.same.again import again

globals().update(again(test_verbs_run))
