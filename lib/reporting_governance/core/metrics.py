"""Numbers about ourselves, as text that node_exporter's textfile collector reads.

Source of the form: Prometheus, "Exposition formats", text-based format 0.0.4.  A sample has no timestamp of its own:
the collector refuses files with one, and tells the age of the file itself.

A label is one of few words that we chose, the version, or the state folder: never a task, an agent, an address, or
anything that somebody else wrote.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum

from reporting_governance.contracts.frozen import frozen
from reporting_governance.core.conditions import Condition

PREFIX = "reportgov_"
STAGES = ("inbox", "scan", "enqueue", "dispatch", "bridge")


class NoticeState(StrEnum):
    """Where a notice that is not over stands; the last needs a person."""

    QUEUED = "queued"
    HELD = "held"  #: kept back on purpose: by a cause that is open, a calendar or a silence
    DISPATCHED = "dispatched"
    PENDING_EXTERNAL_SEND = "pending_external_send"
    BLOCKED = "blocked"


#: What waits although nothing keeps it back: the age of the oldest of these is what an alert looks at.
PENDING = (NoticeState.QUEUED, NoticeState.DISPATCHED, NoticeState.PENDING_EXTERNAL_SEND)


@frozen(kw_only=True)
class OpenWork:
    """What the views say at one moment."""

    native_tasks: int
    undecided_events: int
    episodes: Mapping[str, int]  #: open ones by condition; what is missing is 0
    notices: Mapping[NoticeState, int]
    oldest_at: Mapping[NoticeState, datetime]  #: since when the oldest of each state waits
    in_doubt: int  #: of the pending: nobody knows whether they arrived
    lines: int  #: of the journal


@frozen(kw_only=True)
class RunFacts:
    """What is known of the run that ends now."""

    began_at: datetime
    ended_at: datetime | None  #: when a run last had its chain through; None: never
    written_at: datetime
    succeeded_at: datetime | None  #: when a run last ended with 0; None: never
    exit_code: int
    seconds: float
    stage_seconds: Mapping[str, float]  #: by stage; a stage that had nothing due is missing
    tick_seconds: int
    unreadable_sources: int
    profile_refused: bool
    journal_bytes: int
    version: str
    state: str  #: the state folder, which tells the metrics of two deployments on one host apart


@frozen
class Metric:
    """One metric with its samples: labels and value."""

    name: str
    help: str
    samples: tuple[tuple[Mapping[str, str], float], ...]


def metrics_text(work: OpenWork | None, run: RunFacts) -> str:
    """Return the whole file.

    Args:
        work: None when the views could not be read; then only the run is told of.
    """
    metrics = [*_of_run(run), *(() if work is None else _of_work(work, run.written_at))]
    return "".join(_lines(metric, {"state_folder": run.state}) for metric in metrics)


def _of_run(run: RunFacts) -> Iterator[Metric]:
    yield _one("build_info", "Always 1; the version is a label.", 1, version=run.version)
    yield _one("run_last_start_timestamp_seconds", "When the last run began.", run.began_at.timestamp())
    yield _one("run_last_end_timestamp_seconds", "When a run last had its chain through; 0: never.", _at(run.ended_at))
    sentence = "When a run last ended with exit code 0; 0: never."
    yield _one("run_last_success_timestamp_seconds", sentence, _at(run.succeeded_at))
    yield _one("run_last_exit_code", "Exit code of the last run.", run.exit_code)
    yield _one("run_duration_seconds", "How long the last run took.", run.seconds)
    yield Metric(
        "run_stage_duration_seconds",
        "How long each stage of the last run took; 0: it had nothing due.",
        tuple(({"stage": stage}, run.stage_seconds.get(stage, 0.0)) for stage in STAGES),
    )
    yield _one("run_interval_seconds", "How often the profile expects a run.", run.tick_seconds)
    yield _one("unreadable_sources", "Task sources that the last run could not read.", run.unreadable_sources)
    yield _one("profile_refused", "1: the profile was refused and the last good one is in force.", run.profile_refused)
    yield _one("journal_bytes", "Size of the journal's segments.", run.journal_bytes)


def _of_work(work: OpenWork, now: datetime) -> Iterator[Metric]:
    yield _one("journal_lines", "Lines of the journal.", work.lines)
    yield _one("native_tasks", "Tasks that check in with us.", work.native_tasks)
    yield _one("undecided_events", "Events without a decision.", work.undecided_events)
    yield Metric(
        "open_episodes",
        "Open episodes by condition; that a test notice is on its way is none.",
        tuple(({"condition": name}, count) for name, count in _by_condition(work.episodes).items()),
    )
    yield Metric(
        "notices",
        "Notices and rendered items that are not settled, and those that are blocked, by state.",
        tuple(({"state": state.value}, work.notices.get(state, 0)) for state in NoticeState),
    )
    ages = {state: max(0.0, (now - since).total_seconds()) for state, since in work.oldest_at.items()}
    yield Metric(
        "oldest_notice_age_seconds",
        "Age of the oldest notice or item of each state; 0: there is none.",
        tuple(({"state": state.value}, ages.get(state, 0.0)) for state in (*PENDING, NoticeState.HELD)),
    )
    oldest = max((ages.get(state, 0.0) for state in PENDING), default=0.0)
    yield _one(
        "oldest_pending_age_seconds", "Age of the oldest notice that waits although nothing holds it back.", oldest
    )
    yield _one("in_doubt", "Items of which nobody knows whether they arrived.", work.in_doubt)


def _by_condition(found: Mapping[str, int]) -> dict[str, int]:
    """What another version of this program recorded under a name that we do not know is counted, and not named."""
    known = {each.value: found.get(each.value, 0) for each in Condition}
    return {**known, "other": sum(found.values()) - sum(known.values())}


def _at(moment: datetime | None) -> float:
    return 0.0 if moment is None else moment.timestamp()


def _one(name: str, sentence: str, value: float, **labels: str) -> Metric:
    return Metric(name, sentence, ((labels, value),))


def _lines(metric: Metric, common: Mapping[str, str]) -> str:
    name = f"{PREFIX}{metric.name}"
    head = f"# HELP {name} {_escaped_help(metric.help)}\n# TYPE {name} gauge\n"
    return head + "".join(
        f"{name}{{{_labels({**common, **labels})}}} {_number(value)}\n" for labels, value in metric.samples
    )


def _labels(labels: Mapping[str, str]) -> str:
    return ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())


def _escaped(value: str) -> str:
    """A name of a file may hold anything but a NUL; what is no character is shown as its number."""
    plain = value.encode("utf-8", "backslashreplace").decode("utf-8")
    return plain.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def _escaped_help(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _number(value: float) -> str:
    """Return whole numbers without a fraction, others to the millisecond."""
    return str(int(value)) if value == int(value) else f"{value:.3f}"
