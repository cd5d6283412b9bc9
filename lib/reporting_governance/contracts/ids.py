"""Ids say what a thing is: a prefix and a digest of its parts.  One table: 10-contracts in the design documents.

Ids never hold a counter that a lost view would restart, never wording, never configuration text:
editing a profile tells nobody again.
"""

from hashlib import sha256

_LENGTH = 32  #: hexadecimal digits; 128 bits


def derive_id(prefix: str, *parts: str) -> str:
    """Return `prefix_digest`.  Parts are joined with their lengths, so that no two lists of parts give one text."""
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return f"{prefix}_{sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:_LENGTH]}"


def task_key(runtime: str, instance: str, task_id: str) -> str:
    """Return the id of a watched task: of its runtime, its source instance (`native` for ours) and its own id."""
    return derive_id("tsk", runtime, instance, task_id)


def episode_id(task: str, condition: str, anchor: str, reopened: int) -> str:
    """Return the id of one stretch of a condition.

    Args:
        task: the task key.
        anchor: RFC 3339 time of the observation that last made the condition false.
        reopened: how often the condition came back on this same anchor, normally 0.
    """
    return derive_id("epi", task, condition, anchor, str(reopened))


def watch_event_id(episode: str, event_type: str, phase: str) -> str:
    """Return the id of an event that `scan` makes: of its episode, type and phase."""
    return derive_id("evt", episode, event_type, phase)


def check_in_event_id(task: str, uid: int, call_id: str, event_type: str) -> str:
    """Return the id of a check-in: of its task, the uid that sent it and the sender's own id for the call."""
    return derive_id("evt", task, str(uid), call_id, event_type)


def evidence_id(event: str, evidence_class: str, refs: str) -> str:
    """Return the id of an evidence item: of its event, class and references (as canonical JSON)."""
    return derive_id("evd", event, evidence_class, refs)


def decision_id(event: str, judgement: int = 0) -> str:
    """Return the id of the `judgement`-th decision about an event; 0 is the first."""
    return derive_id("dec", event, str(judgement))


def thread_id(episode: str, receiver: str) -> str:
    """Return the id of what one receiver is told about one episode.

    It starts with the episode's own digest, so that a listing finds all threads of an episode.
    """
    return f"{thread_prefix(episode)}{derive_id('r', receiver)[2:14]}"


def thread_prefix(episode: str) -> str:
    """Return what the ids of all threads of an episode start with."""
    return f"thr_{episode.partition('_')[2]}_"


def sibling_thread(thread: str, receiver: str) -> str:
    """Return the id of what another receiver is told about the same thing."""
    return f"{thread_family(thread)}{derive_id('r', receiver)[2:14]}"


def thread_family(thread: str) -> str:
    """Return what the ids of all threads about the same episode (or event) start with."""
    return f"{thread.rpartition('_')[0]}_"


def thread_event(thread: str) -> str:
    """Return the id of the event that a thread without an episode is about."""
    return f"evt_{thread.partition('_')[2].rpartition('_')[0]}"


def notice_id(parent: str, receiver: str, phase: str, number: int) -> str:
    """Return the id of a notice: of its parent (decision, episode, or notice it replaces), receiver, phase, number."""
    return derive_id("ntc", parent, receiver, phase, str(number))


def spool_id(notices: tuple[str, ...], receiver: str, target: str, round_number: int) -> str:
    """Return the id of a rendered item for one target; `round_number` counts a person's retries."""
    return derive_id("spl", *notices, receiver, target, str(round_number))


def attempt_id(item: str, number: int) -> str:
    """Return the id of the `number`-th attempt (from 1) to send an item."""
    return derive_id("att", item, str(number))


def receipt_id(parent: str, outcome: str, proof: str, settled_by: str, foreign_id: str = "") -> str:
    """Return the id of a receipt for an attempt, an item or a notice."""
    return derive_id("rcp", parent, outcome, proof, settled_by, foreign_id)
