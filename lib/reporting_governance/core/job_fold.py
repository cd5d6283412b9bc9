"""The view of a job: its newest state, and how its last attempts went."""

from collections.abc import Mapping
from typing import Any

Body = Mapping[str, Any]

KEPT_ATTEMPTS = 5  #: how many attempts a view tells of; the journal has all


def fold_job(old: Body | None, body: Body) -> Body:
    """Return `{job, attempts}` after one more record of a job; `attempts` are `{number, started_at, ended_at ...}`."""
    attempts: list[Body] = list((old or {}).get("attempts", ()))
    before: Body = (old or {}).get("job", {})
    if body["state"] == "running":
        if body["attempts"] > before.get("attempts", 0):
            lease = body["lease"]
            number, host, pid = body["attempts"], lease["host"], lease["pid"]
            attempts.append({"number": number, "started_at": body["changed_at"], "host": host, "pid": pid})
    elif before.get("state") == "running" and attempts:
        said = {key: body[key] for key in ("error", "reason", "result") if key in body}
        attempts[-1] = {**attempts[-1], "ended_at": body["changed_at"], **said}
    return {"job": body, "attempts": attempts[-KEPT_ATTEMPTS:]}
