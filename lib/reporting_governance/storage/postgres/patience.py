"""A connection that does not wait for ever: whatever lies between may swallow a message, and tell neither end.

The kernel notices a host that is gone, by its keepalives.  It does not notice a pooler or a virtual machine that stands
still, nor a server that waits for a standby which never comes.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import suppress
from functools import cache
from threading import Thread
from typing import Any

CANCEL_SECONDS = 5.0  #: what the server gets to say that it broke off


@cache
def patient_class() -> type[Any]:
    """Return the driver's class of connections with a limit to each wait: `silence_seconds`, None for no limit."""
    import psycopg

    class PatientConnection(psycopg.Connection[Any]):
        silence_seconds: float | None = None

        def wait(self, gen: Any, *given: Any, **options: Any) -> Any:
            limited = gen if self.silence_seconds is None else _limited(self, gen, self.silence_seconds)
            return super().wait(limited, *given, **options)

    return PatientConnection


def _limited(connection: Any, steps: Generator[Any, Any, Any], seconds: float) -> Generator[Any, Any, Any]:
    """Go the driver's steps; when nothing comes for so long ask the server to break off, and then end the connection.

    The driver comes by every tenth of a second in which nothing came.
    """
    since: float | None = None
    was_asked = False
    try:
        wanted = next(steps)
        while True:
            ready = yield wanted
            if ready:
                since = None
            else:
                now = time.monotonic()
                since = now if since is None else since
                if now - since > seconds:
                    if was_asked:
                        give_up(connection)
                    ask_to_break_off(connection)
                    was_asked, since, seconds = True, None, min(seconds, CANCEL_SECONDS)
            wanted = steps.send(ready)
    except StopIteration as end:
        return end.value


def ask_to_break_off(connection: Any) -> None:
    """Ask over another connection, which may hang as well: nobody waits for that."""

    def ask() -> None:
        with suppress(Exception):
            connection.cancel_safe(timeout=CANCEL_SECONDS)

    Thread(target=ask, daemon=True).start()


def give_up(connection: Any) -> None:
    """End the connection at this end.  Raises: psycopg.OperationalError."""
    import psycopg

    connection.close()
    raise psycopg.OperationalError("no answer came, nor to the wish to break off")
