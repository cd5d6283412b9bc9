"""Whether `run` is still being started, and comes to its end: what nothing can notice but somebody who asks."""

from datetime import datetime

from reporting_governance.contracts.frozen import frozen
from reporting_governance.core.policy_templates import duration_words

MISSED_TICKS = 5  #: so many ticks without a run are no coincidence
_CRON = (
    "Does cron run?  Is the line in the crontab of the state's owner?  What did it mail?  `reportgov schedule print`"
)
_FAILS = "Start `reportgov run` by hand as the state's owner, and read what it says."


@frozen(kw_only=True)
class RunsSeen:
    """What is known of runs; None: never, or not known."""

    began_at: datetime | None
    ended_at: datetime | None  #: when one last had the whole chain through
    succeeded_at: datetime | None
    exit_code: int | None  #: of the last that came to any end
    state_since: datetime | None  #: when the state was set up


@frozen
class Stale:
    """Why runs are not what they should be, and what to do."""

    sentence: str
    advice: str


def stale_runs(seen: RunsSeen, *, now: datetime, tick_seconds: int) -> Stale | None:
    """Return what is wrong with the runs; None when nothing is, or nothing can be said yet.

    A run that ends with findings has done its work; only when none at all succeeds for so long is that said too.
    """
    limit = MISSED_TICKS * tick_seconds

    def is_old(moment: datetime | None) -> bool:
        return moment is not None and (now - moment).total_seconds() > limit

    if seen.began_at is None:
        if not is_old(seen.state_since):
            return None
        return Stale("`run` was never started here: nothing is watched and nobody is told", _CRON)
    if is_old(seen.began_at):
        return Stale(
            f"the last `run` began {_ago(seen.began_at, now)} ago, one is expected every {tick_seconds} s", _CRON
        )
    if seen.ended_at is None:
        known = seen.exit_code is not None and is_old(seen.state_since)
        return Stale(f"no `run` has come to its end yet{_code(seen.exit_code)}", _FAILS) if known else None
    if is_old(seen.ended_at):
        sentence = f"runs begin, and none has come to its end for {_ago(seen.ended_at, now)}{_code(seen.exit_code)}"
        return Stale(sentence, _FAILS)
    since = seen.succeeded_at or seen.state_since
    if seen.exit_code and is_old(since) and since is not None:
        return Stale(f"no `run` has succeeded for {_ago(since, now)}{_code(seen.exit_code)}", _FAILS)
    return None


def _ago(moment: datetime, now: datetime) -> str:
    return duration_words(max(0, int((now - moment).total_seconds())))


def _code(code: int | None) -> str:
    return "" if not code else f"; the last ended with {code}"
