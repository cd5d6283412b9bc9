"""tests/acceptance/test_export_audit.py on a database."""

from tests.acceptance import test_export_audit
from tests.postgres.same.again import again

globals().update(again(test_export_audit))
