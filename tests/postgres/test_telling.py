"""What is said of an error of the driver: all that helps, and nothing that is a guess."""

from typing import Any

import pytest

from reporting_governance.storage.postgres.telling import first_line, told

pytestmark = pytest.mark.postgres

LOST = (
    "consuming input failed: server closed the connection unexpectedly\n"
    "\tThis probably means the server terminated abnormally\n\tbefore or while processing the request."
)
TWO = (
    "consuming input failed: could not receive data from server: Connection timed out\nSSL SYSCALL error: EOF detected"
)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (LOST, "consuming input failed: server closed the connection unexpectedly"),
        (TWO, TWO.replace("\n", "; ")),
        ("the connection is lost", "the connection is lost"),
        ("", "no reason given"),
        ("before or while processing the request.", "before or while processing the request."),
        ("a\nb\na\nc\nd\ne", "a; b; c; d"),
    ],
)
def test_of_several_lines_all_that_help(words: str, said: str) -> None:
    import psycopg

    error: Any = psycopg.OperationalError(words)
    assert first_line(error) == said
    assert str(told(error, "db:5432/gov", 20)).startswith("db:5432/gov: the connection was lost: " + said)
