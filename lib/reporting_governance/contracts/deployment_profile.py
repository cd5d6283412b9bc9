"""What a deployment wants: its expectations, thresholds, receivers and limits.  Shape: deployment-profile.schema.json.

A person writes a `DeploymentProfile` in YAML and may leave out whatever `minimal-solo-mode` already says;
`core/profile_compile.py` makes the `DeploymentProfileArtifact` of it, in which everything is written out, so that a run
reads JSON only.  Durations are whole seconds.  The values of the settings below are those of `minimal-solo-mode`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import field, fields
from typing import Any, ClassVar

from reporting_governance.contracts.addresses import address_problems as address_problems  # noqa: PLC0414 (part of what a profile promises)
from reporting_governance.contracts.addresses import parameter_problems, secret_problem
from reporting_governance.contracts.audit_settings import Audit
from reporting_governance.contracts.capability import API_VERSION, EXPECTATIONS, Requirement
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.gate_settings import Gate
from reporting_governance.contracts.notification_settings import Notification
from reporting_governance.contracts.problem import Problem, below, refuse
from reporting_governance.contracts.record import Record, named
from reporting_governance.contracts.resource import ResourceMetadata, wrong_kind
from reporting_governance.contracts.role import MOVABLE, REQUIRED, Role, table_problems
from reporting_governance.contracts.self_watch import SelfWatch
from reporting_governance.contracts.suggest import did_you_mean
from reporting_governance.contracts.watch_settings import Watchdog

KIND = "DeploymentProfile"
ARTIFACT_KIND = "DeploymentProfileArtifact"
#: `decision.ActionKind`, as plain words: a run that has nothing to decide need not import decisions
ACTIONS = (
    "notify_operator",
    "emit_event",
    "append_audit_note",
    "rewrite_message",
    "set_status",
    "block_transition",
    "record_placeholder",
    "request_review",
    "raise_escalation",
    "dispatch_message",
)
#: what a profile may name stand-ins for: every action, and the decision that is a deed of its own
FALLBACK_FOR = ("force_checkpoint", *ACTIONS)


@frozen(kw_only=True)
class Requires(Record):
    """What a descriptor must be for this profile; null is any."""

    schema: ClassVar[str] = "deployment-profile"
    writes_defaults: ClassVar[bool] = True
    runtime: str | None = None
    plugin_spec_version: str | None = "0.1.0-mainline"


@frozen(kw_only=True)
class Retention(Record):
    """How long things are kept; null is for ever."""

    schema: ClassVar[str] = "deployment-profile"
    writes_defaults: ClassVar[bool] = True
    past_seconds: int | None = 2_592_000
    journal_seconds: int | None = None
    originals_seconds: int | None = None
    daily_copies_seconds: int | None = 2_592_000


@frozen(kw_only=True)
class SourceSettings(Record):
    """A task source beside our own task files, which are always read."""

    schema: ClassVar[str] = "deployment-profile"
    writes_defaults: ClassVar[bool] = True
    source: str  #: a name in the registry of task sources
    parameters: Mapping[str, Any] = field(default_factory=dict)  #: checked by the source's own schema
    when_present: bool = False  #: that there is nothing to read is no finding

    def __post_init__(self) -> None:
        refuse(secret_problem(f"/parameters{place}", each) for place, each in parameter_problems(self.parameters))


def _expectations() -> Mapping[str, Requirement]:
    wanted = dict.fromkeys(EXPECTATIONS, Requirement.REQUIRED)
    return {
        **wanted,
        "final_delivery_ack": Requirement.PREFERRED,
        "inline_dispatch_blocking": Requirement.OFF,
    }


def _fallbacks() -> Mapping[str, tuple[str, ...]]:
    return {
        "force_checkpoint": ("notify_operator",),
        "block_transition": ("set_status", "request_review", "notify_operator"),
        "rewrite_message": ("record_placeholder", "request_review", "notify_operator"),
        "record_placeholder": ("notify_operator",),
        "set_status": ("request_review", "notify_operator"),
        "raise_escalation": ("notify_operator",),
        "request_review": ("notify_operator",),
    }


def _roles() -> Mapping[str, Role]:
    return {action.value: REQUIRED[action] for action in MOVABLE}


@frozen(kw_only=True)
class ProfileSpec(Record):
    """Everything a profile decides."""

    schema: ClassVar[str] = "deployment-profile"
    writes_defaults: ClassVar[bool] = True
    requires: Requires = Requires()
    expectations: Mapping[str, Requirement] = field(default_factory=_expectations)  #: see `capability.EXPECTATIONS`
    policy_packs: tuple[str, ...] = ("no-silence", "verified-completion-only")  #: ids
    sources: tuple[SourceSettings, ...] = (SourceSettings(source="openclaw", when_present=True),)
    watchdog: Watchdog = field(default_factory=Watchdog)
    notification: Notification = field(default_factory=Notification)
    gate: Gate = field(default_factory=Gate)
    self_watch: SelfWatch = named("self", default_factory=SelfWatch)
    audit: Audit = Audit()
    fallbacks: Mapping[str, tuple[str, ...]] = field(default_factory=_fallbacks)  #: by action, strongest first
    artifact_roots: Mapping[str, str] = field(default_factory=lambda: {"workspace": "."})
    retention: Retention = Retention()
    roles: Mapping[str, Role] = field(default_factory=_roles)  #: the least role for each action

    def __post_init__(self) -> None:
        refuse(self.problems())

    def problems(self) -> Iterator[Problem]:
        """Yield every name that nobody knows, and every artifact root that cannot be one."""
        for name in self.expectations:
            if name not in EXPECTATIONS:
                message = f"{name} is no expectation; there are {', '.join(EXPECTATIONS)}"
                yield Problem(f"/expectations/{name}", message, did_you_mean(name, EXPECTATIONS), at_key=True)
        yield from _unknown("/fallbacks", self.fallbacks, FALLBACK_FOR)
        for action, instead in self.fallbacks.items():
            for place, each in enumerate(instead):
                if each not in ACTIONS:
                    message = f"{each} is none of {', '.join(ACTIONS)}"
                    yield Problem(f"/fallbacks/{action}/{place}", message, did_you_mean(each, ACTIONS))
        yield from below("roles", table_problems(self.roles))
        for name, path in self.artifact_roots.items():
            problem = root_problem(path)
            if problem:
                from reporting_governance.contracts.finding_rules import WRONG_PATH

                yield Problem(f"/artifact_roots/{name}", problem, rule=WRONG_PATH)


def _unknown(pointer: str, names: Iterable[str], known: Collection[str]) -> Iterator[Problem]:
    for name in names:
        if name not in known:
            message = f"{name} is none of {', '.join(known)}"
            yield Problem(f"{pointer}/{name}", message, did_you_mean(name, known), at_key=True)


@frozen(kw_only=True)
class DeploymentProfile(ProfileSpec):
    """A profile as a person writes it."""

    schema: ClassVar[str] = "deployment-profile"
    writes_defaults: ClassVar[bool] = False
    schema_uri: str | None = named("$schema", default=None)  #: for editors only
    api_version: str = named("apiVersion")
    kind: str
    metadata: ResourceMetadata

    def __post_init__(self) -> None:
        refuse([*wrong_kind(self.api_version, self.kind, KIND), *self.problems()])


@frozen(kw_only=True)
class DeploymentProfileArtifact(Record):
    """A profile with everything written out, ready to be kept as JSON."""

    schema: ClassVar[str] = "deployment-profile"
    writes_defaults: ClassVar[bool] = True
    api_version: str = named("apiVersion", default=API_VERSION)
    kind: str = ARTIFACT_KIND
    metadata: ResourceMetadata
    source_digest: str  #: SHA-256 of the bytes the profile was read from
    notes: tuple[str, ...] = ()  #: where what is in force differs from what was written
    spec: ProfileSpec

    def __post_init__(self) -> None:
        refuse(wrong_kind(self.api_version, self.kind, ARTIFACT_KIND))

    @property
    def profile(self) -> DeploymentProfile:
        """The profile that is in force."""
        sections = {each.name: getattr(self.spec, each.name) for each in fields(ProfileSpec)}
        return DeploymentProfile(api_version=API_VERSION, kind=KIND, metadata=self.metadata, **sections)


def root_problem(path: str) -> str | None:
    """Return why a path cannot be an artifact root, None when its text is right; links are checked again at use."""
    if not path or "\0" in path:
        return "a path is not empty"
    if path.startswith(("/", "~")):
        return "a root is relative to the deployment's own folder"
    if ".." in path.replace("\\", "/").split("/"):
        return "a root must not leave the deployment's own folder"
    return None
