"""A small world for the bridge: a clock that tests move, notices on their way, and a look at what records prove."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from reporting_governance.contracts import ids
from reporting_governance.contracts.deployment_profile import DeploymentProfile
from reporting_governance.contracts.event_envelope import Phase
from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewKey
from reporting_governance.contracts.notice import Notice, Urgency
from reporting_governance.contracts.receipt import Proof
from reporting_governance.contracts.spool_item import JournalHead, Rendered, SpoolItem
from reporting_governance.contracts.times import FAR_FUTURE, due_name
from reporting_governance.core.delivery_state import NoticeHistory, delivery_state, histories
from reporting_governance.core.rendering import telling_of
from reporting_governance.stages.host import Host
from reporting_governance.storage.files.store import FilesStore
from reporting_governance.storage.interface import Added, Addition, Group, Store, View

START = datetime(2026, 3, 1, 4, 5, 6, tzinfo=UTC)
HERE = Host(name="alpha", boot_id="boot-1", pid=100)


@dataclass
class HandClock:
    """Time that passes when a test says so."""

    moment: datetime = START
    ticks: float = 1000.0

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.ticks

    def pass_by(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)
        self.ticks += seconds


def profile(**notification: Any) -> DeploymentProfile:
    """Return a profile; `notification` as it stands in a profile's document."""
    notification.setdefault(
        "receivers",
        {
            "operator": {"targets": {"main": {"sender": "file", "parameters": {"path": "outbox/notices.jsonl"}}}},
            "deputy": {"targets": {"main": {"sender": "file", "parameters": {"path": "outbox/deputy.jsonl"}}}},
        },
    )
    return DeploymentProfile.parse(
        {
            "apiVersion": "reporting-governance/v1alpha1",
            "kind": "DeploymentProfile",
            "metadata": {"id": "test", "title": "Test", "version": "1.0.0"},
            "notification": notification,
        }
    )


@dataclass
class World:
    """A store with notices in it."""

    store: Store
    clock: HandClock = field(default_factory=HandClock)

    def twin(self) -> "World":
        """Return the same world as another process has it: the same state, through a store of its own."""
        if isinstance(self.store, FilesStore):
            return World(FilesStore(self.store._layout.root, actor="test"), self.clock)
        return self

    def add(self, *records: RecordLine) -> None:
        (answer,) = self.store.commit(
            [Group(additions=tuple(Addition(record=each) for each in records))], now=self.clock.now()
        )
        assert isinstance(answer, Added), answer

    def notice(
        self,
        number: int = 0,
        *,
        receiver: str = "operator",
        phase: Phase = Phase.FIRING,
        condition: str = "silence_timeout",
    ) -> Notice:
        """Queue a notice about an episode of its own; its thread is born with it (or told of it)."""
        task = ids.task_key("native", "native", f"task-{number}")
        episode = ids.episode_id(task, condition, "2026-03-01T00:00:00.000Z", 0)
        thread = ids.thread_id(episode, receiver)
        notice = Notice(
            notice_id=ids.notice_id(episode, receiver, phase, 1),
            thread_key=thread,
            phase=phase,
            number=1,
            receiver=receiver,
            urgency=Urgency.HIGH,
            subject=f"task-{number} is silent",
            body="Nothing was heard for 30 minutes.",
            facts={"task_id": f"task-{number}", "agent_id": "agent-1", "task_key": task, "condition": condition},
            must_reference=(),
            created_at=self.clock.now(),
            episode_id=episode,
        )
        old = self.store.listing(Folder.EPISODES).names.get(thread)
        self.add(
            RecordLine(
                kind="notice",
                id=notice.notice_id,
                body=notice.dump(),
                parents=(episode,),
                consumes=(old,) if old else (),
                views=(ViewKey(Folder.EPISODES, thread, FAR_FUTURE),),
                about=(task, "agent-1", notice.notice_id),
            )
        )
        return notice

    def item(
        self,
        *notices: Notice,
        target: str = "operator/main",
        sender: str = "file",
        expects: Proof = Proof.STORED,
        lifetime_seconds: int = 432_000,
        html: str | None = None,
        head: JournalHead | None = None,
    ) -> str:
        """Put notices into the spool as one item; return its id."""
        told = notices or (self.notice(),)
        now = self.clock.now()
        receiver, _, name = target.partition("/")
        spool_id = ids.spool_id(tuple(each.notice_id for each in told), receiver, name, 0)
        item = SpoolItem(
            spool_id=spool_id,
            notice_ids=tuple(each.notice_id for each in told),
            thread_keys=tuple(each.thread_key for each in told),
            round=0,
            channel=sender,
            sender=sender,
            target=target,
            rendered=Rendered(subject=told[0].subject, body=told[0].body, html=html),
            telling=telling_of(told),
            idempotency_key=spool_id,
            dispatched_at=now,
            due_at=now,
            not_after=now + timedelta(seconds=lifetime_seconds),
            expects_proof=expects,
            journal_head=head,
        )
        self.add(
            RecordLine(
                kind="spool-item",
                id=spool_id,
                body=item.dump(),
                parents=item.notice_ids,
                views=(ViewKey(Folder.SPOOL, spool_id, due_name(now)),),
                about=item.notice_ids,
            )
        )
        return spool_id

    def change_thread(self, thread: str, kind: str, body: Mapping[str, Any]) -> None:
        """Let another record change a thread: `act` (a person's), `decision-record-artifact` (resolved)."""
        name = self.store.listing(Folder.EPISODES).names[thread]
        self.add(
            RecordLine(
                kind=kind,
                id=f"{kind}-{name.seq}",
                body=body,
                consumes=(name,),
                views=(ViewKey(Folder.EPISODES, thread, FAR_FUTURE),),
            )
        )

    def resolve(self, thread: str) -> None:
        """Let a thread's episode end."""
        self.change_thread(
            thread, "decision-record-artifact", {"metadata": {"recorded_at": "2026-03-01T04:06:00.000Z"}}
        )

    def acknowledge(self, thread: str) -> None:
        """Let a person take a thread's episode over."""
        self.change_thread(thread, "act", {"what": "ack", "actor": "pat"})

    def records(self) -> list[tuple[str, Mapping[str, Any]]]:
        """Return (kind, body) of every record, in order."""
        lines = (line.document for line in self.store.replay())
        return [(line["record"]["kind"], line["record"]["body"]) for line in lines if "record" in line]

    def receipts(self) -> list[Mapping[str, Any]]:
        return [body for kind, body in self.records() if kind == "receipt"]

    def attempts(self) -> list[Mapping[str, Any]]:
        return [body for kind, body in self.records() if kind == "attempt"]

    def histories(self) -> dict[str, NoticeHistory]:
        return histories(self.records())

    def states(self) -> Sequence[str]:
        """Return the delivery state of every notice, in the order of their creation."""
        return [delivery_state(each).value for each in self.histories().values()]

    def spool(self, spool_id: str) -> View | None:
        """Return an item that is still open."""
        name = self.store.listing(Folder.SPOOL).names.get(spool_id)
        return self.store.read(name) if name else None

    def thread(self, key: str) -> View:
        view = self.store.read(self.store.listing(Folder.EPISODES).names[key])
        assert view is not None
        return view
