"""What `run` says about itself: how it ended, its metrics, and the ping to whoever watches from outside.

Nothing here fails a run or holds it beyond its limit; with everything off it costs two writes of a few bytes.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from reporting_governance.commands._last_run import RUN_LOCK, LastRun, note_end, read_last_run
from reporting_governance.errors import ExitCode, GovernanceError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from reporting_governance.adapters.heartbeat import Heartbeat, Ping, Waiting
    from reporting_governance.commands._wiring import CommandContext, Reply

_LAST_SECONDS = 2.0  #: for the ping of a run that was asked to end


class Said(NamedTuple):
    """What became of what `run` says about itself; None: it is off."""

    metrics_path: str | None = None
    metrics_problem: str | None = None
    heartbeat: Ping | None = None

    def dump(self) -> dict[str, Any]:
        """Return it as plain JSON data."""
        ping = self.heartbeat
        return {
            "metrics": self.metrics_path and {"path": self.metrics_path, "problem": self.metrics_problem},
            "heartbeat": ping and {"arrived": ping.arrived, "tries": ping.tries, "problem": ping.problem or None},
        }

    def describe(self) -> str:
        """Return what a person has to mend; a ping that did not get through this time is no such thing."""
        lines = [self.metrics_problem or ""]
        if self.heartbeat is not None and self.heartbeat.is_lasting:
            lines.append(f"The outside heartbeat was not sent: {self.heartbeat.problem}")
        return "\n".join(line for line in lines if line)


class RunWatch:
    """One run, seen from its beginning to its end."""

    def __init__(self, context: CommandContext) -> None:
        self._context = context
        self._wanted = context.settings.self_watch
        self._before: LastRun | None = None  #: None: the run does not hold its lock yet
        self._began_at: datetime = context.clock.now()
        self._started = context.clock.monotonic()
        self._stages: dict[str, float] = {}
        self._start: Waiting | None = None

    def begin(self) -> None:
        """Note in the lock's time that a run has begun, and say so outside where that is asked for.

        Called once the run holds its lock.
        """
        self._before = read_last_run(self._context.state)
        began = self._began_at.timestamp()
        os.utime(os.path.join(self._context.state, RUN_LOCK), (began, began))
        if self._wanted.get("heartbeat_url") and self._wanted.get("heartbeat_start"):
            self._start = self._heartbeat().begin("start", tries=1)

    def timed(self, stage: str, step: Callable[[], Any]) -> Callable[[], Any]:
        """Return a step that notes how long it took."""
        monotonic = self._context.clock.monotonic

        def run() -> Any:
            began = monotonic()
            try:
                return step()
            finally:
                self._stages[stage] = monotonic() - began

        return run

    def record(self, code: int, reason: str, *, has_added: bool = False) -> None:
        """Write down in the journal how the run ends, where that is news; see `stages/run_record.py`.

        What stands in the way of it stands in the way of everything, and is told as that.
        """
        if self._before is None or code == self._before.recorded or code > 128:
            return
        from reporting_governance.stages.run_record import is_news, record_run

        if not is_news(code, self._before.recorded, has_added=has_added):
            return
        host, now = self._context.local_host, self._context.clock.now()
        with suppress(GovernanceError):
            record_run(
                self._context.store, code, reason, host=host.name, pid=host.pid, began_at=self._began_at, now=now
            )
            self._before = self._before._replace(recorded=code)

    def end(self, code: int, *, unreadable_sources: int = 0) -> Said:
        """Say that the whole chain had its turn, and how it ended."""
        now = self._context.clock.now()
        assert self._before is not None
        run = self._before._replace(began_at=self._began_at).ended(now, code)
        self._note(run)
        path, problem = self._metrics(run, now, code, unreadable_sources)
        return Said(path, problem, self._ping("" if code == 0 else self._failure(code)))

    def broke_off(self, code: int) -> None:
        """Say that the chain did not come to its end, or that there was no state to begin in."""
        if self._before is None:
            self._ping(self._failure(code))
            return
        run = self._before._replace(began_at=self._began_at, exit_code=code)
        self._note(run)
        if code > 128:  # asked to end: there is no time to count
            self._ping(self._failure(code), tries=1, seconds=_LAST_SECONDS)
            return
        self._metrics(run, self._context.clock.now(), code, 0)
        self._ping(self._failure(code))

    def _note(self, run: LastRun) -> None:
        with suppress(OSError):  # a full disk is told of by what could not be recorded
            note_end(self._context.state, run)

    def _failure(self, code: int) -> str | None:
        """Return what follows the address after a run that did not succeed; None: nothing is asked for."""
        words = {"exit_code": str(code), "fail": "fail"}
        return words.get(self._wanted.get("heartbeat_failure", "exit_code"))

    def _ping(self, signal: str | None, **limits: Any) -> Ping | None:
        if signal is None or not self._wanted.get("heartbeat_url"):
            return None
        if self._start is not None:
            self._start.result()  # one that arrives after the end would say that a run goes on
        return self._heartbeat().ping(signal, **limits)

    def _heartbeat(self) -> Heartbeat:
        from reporting_governance.adapters.heartbeat import Heartbeat

        return Heartbeat(
            self._wanted["heartbeat_url"],
            private_networks=self._wanted.get("heartbeat_networks", ()),
            ca_file=self._wanted.get("heartbeat_ca_file"),
        )

    def _metrics(self, run: LastRun, now: datetime, code: int, unreadable: int) -> tuple[str | None, str | None]:
        """Write the metrics; return where, and what went wrong."""
        wanted = self._wanted.get("metrics_path")
        if not wanted:
            return None, None
        from reporting_governance.commands import _metrics_file as files

        path = files.metrics_place(self._context.state, wanted)
        try:
            files.write_metrics(path, self._text(run, now, code, unreadable))
        except GovernanceError as fault:
            return path, f"{fault}  {fault.advice()}"
        return path, None

    def _text(self, run: LastRun, now: datetime, code: int, unreadable: int) -> str:
        from reporting_governance import __version__
        from reporting_governance.commands import _metrics_file as files
        from reporting_governance.core.metrics import RunFacts, metrics_text
        from reporting_governance.stages.metrics import count_open_work

        context = self._context
        work = None
        try:
            counted = count_open_work(context.store, files.remembered(context.state))
        except (GovernanceError, LookupError, TypeError, ValueError):
            counted = None  # the run itself says what is wrong with the views
        if counted is not None:
            work = counted.work
            files.remember(context.state, counted.remembered)
        facts = RunFacts(
            began_at=self._began_at,
            ended_at=run.ended_at,
            written_at=now,
            succeeded_at=run.succeeded_at,
            exit_code=code,
            seconds=context.clock.monotonic() - self._started,
            stage_seconds=self._stages,
            tick_seconds=context.settings.timing.tick_seconds,
            unreadable_sources=unreadable,
            profile_refused=context.settings.refused is not None,
            journal_bytes=context.backend.log_bytes(),
            version=__version__,
            state=context.place.name,
        )
        return metrics_text(work, facts)


def code_of(error: BaseException) -> int:
    """Return the exit code that an error will end this process with."""
    from reporting_governance.commands._handler import Terminated

    if isinstance(error, GovernanceError):
        return int(error.exit_code)
    if isinstance(error, Terminated):
        return 128 + error.number
    return 130 if isinstance(error, KeyboardInterrupt) else int(ExitCode.BUG)


def failure_of(reply: Reply) -> str:
    """Return what kept a run from succeeding, for a person."""
    unreadable = reply.document["scan"]["unreadable"]
    if unreadable:
        return f"cannot be read: {', '.join(unreadable)}"
    if reply.document["scan"]["profile_refused"]:
        return f"the profile was refused: {reply.document['scan']['profile_refused']}"
    return "not everything could be finished" if reply.exit_code is ExitCode.PARTIAL else "something was refused"
