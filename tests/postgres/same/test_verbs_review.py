"""tests/acceptance/test_verbs_review.py on a database."""

from tests.acceptance import test_verbs_review
from tests.postgres.same.again import again

globals().update(again(test_verbs_review))
