"""Open episodes that explain others, found without reading every thread: by the key of the task they are about."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from reporting_governance.adapters.interface import EXPLAINED_BY
from reporting_governance.contracts import ids
from reporting_governance.contracts.deployment_profile import ProfileSpec
from reporting_governance.contracts.event_envelope import Phase
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.contracts.notice import Notice
from reporting_governance.core.holding import OWNER_DEAD, SOURCE_UNREADABLE, Cause
from reporting_governance.core.self_notices import SELF as SELF_TASK
from reporting_governance.stages.host_sources import host_of, on_host
from reporting_governance.stages.newest import newest_view
from reporting_governance.stages.self_change import SELF, US
from reporting_governance.stages.source_labels import INSTANCE_LABEL
from reporting_governance.storage.interface import Listing, Store, expand


class _Open(NamedTuple):
    """An episode that is open; `instance`: the installation that cannot be read, where that is known."""

    episode: str
    instance: str | None


class Causes:
    """Looks up what explains a notice: its task's dead owner, and the source of its task that cannot be read.

    That an owner is dead is explained by another task, where the source says that this one tells of the same death.

    Both are seen only at tasks of other programs: who checks in with us tells neither.
    """

    def __init__(self, store: Store, profile: ProfileSpec, *, queue: Listing, threads: Listing) -> None:
        self._store = store
        self._queue = queue
        self._threads = threads
        self._sources = [each.source for each in profile.sources]
        self._watch = store.listing(Folder.WATCH)
        self._open: dict[tuple[str, str], _Open | None] = {}  #: by task key and condition
        self._known: dict[tuple[str, str], Cause | None] = {}  #: (receiver, episode) -> as that receiver knows it

    def of(self, receiver: str, facts: Mapping[str, Any]) -> tuple[Cause, ...]:
        """Return the open episodes that explain what has these facts, as far as a receiver has a thread about them."""
        if not facts.get("condition"):
            return ()
        found = [self._cause(receiver, each.episode, SOURCE_UNREADABLE) for each in self._unreadable(facts)]
        key = _dead_task(facts)
        dead = None if key is None else self._episode(key, OWNER_DEAD)
        if dead is not None:
            found.append(self._cause(receiver, dead.episode, OWNER_DEAD))
        return tuple(each for each in found if each is not None)

    def _unreadable(self, facts: Mapping[str, Any]) -> Sequence[_Open]:
        """Return what cannot be read of a notice's source.

        Of several sources of one kind it is the one that shows the notice's own installation.  Where that is not
        known, nobody can be told from another, and only all of them together explain anything.
        """
        source = str(facts.get("source") or "")
        if not source:
            return ()
        found = [
            self._episode(key, SOURCE_UNREADABLE)
            for key in self._readings(source, host_of(str(facts.get("instance") or "")))
        ]
        blind = [each for each in found if each is not None]
        mine = [each for each in blind if each.instance is not None and each.instance == facts.get("instance")]
        return mine or (blind if len(blind) == len(found) else ())

    def _readings(self, source: str, host: str | None) -> list[str]:
        """Return the keys of what we watch about reading the sources of one name; `scan` numbers a second one."""
        labels = [source, *(f"{source}-{number}" for number in range(2, self._sources.count(source) + 1))]
        return [ids.task_key(US, on_host(SELF, host), f"{SELF_TASK}source/{label}") for label in labels]

    def _episode(self, key: str, condition: str) -> _Open | None:
        if (key, condition) not in self._open:
            self._open[key, condition] = self._look(key, condition)
        return self._open[key, condition]

    def _look(self, key: str, condition: str) -> _Open | None:
        view = newest_view(self._store, self._watch, key)
        if view is None:
            return None
        entry = view.body["conditions"].get(condition)
        if not entry or entry["phase"] != Phase.FIRING:
            return None
        return _Open(str(entry["episode"]), (view.body["task"].get("labels") or {}).get(INSTANCE_LABEL))

    def _cause(self, receiver: str, episode: str, condition: str) -> Cause | None:
        if (receiver, episode) not in self._known:
            self._known[receiver, episode] = self._look_up(receiver, episode, condition)
        return self._known[receiver, episode]

    def _look_up(self, receiver: str, episode: str, condition: str) -> Cause | None:
        thread = newest_view(self._store, self._threads, ids.thread_id(episode, receiver))
        if thread is None:
            return None
        newest = thread.body["newest"] or {}
        name = self._queue.names.get(str(newest.get("notice_id")))
        view = None if name is None else self._store.read(name)
        queued = None if view is None else Notice.parse(expand(self._store, view.body["notice"]), source=str(name))
        return Cause(episode_id=episode, condition=condition, thread=thread.body, queued=queued)


def _dead_task(facts: Mapping[str, Any]) -> str | None:
    """Return the key of the task whose dead owner would explain what has these facts."""
    if facts["condition"] != OWNER_DEAD:
        return str(facts.get("task_key"))
    teller = (facts.get("labels") or {}).get(EXPLAINED_BY)
    if not teller or teller == facts.get("task_id"):
        return None
    return ids.task_key(str(facts.get("runtime")), str(facts.get("instance")), str(teller))
