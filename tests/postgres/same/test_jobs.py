"""tests/acceptance/test_jobs.py on a database."""

from tests.acceptance import test_jobs
from tests.postgres.same.again import again

globals().update(again(test_jobs))
