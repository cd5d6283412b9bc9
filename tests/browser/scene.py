"""A morning of the real chain on real files, with everything that a report has to show: kept and broken promises,
claims with and without evidence, a target that refuses, people who act, and texts that want to be markup."""

import hashlib
import json
import os
import sys
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import yaml

from reporting_governance.adapters.senders.registry import Senders
from reporting_governance.commands._artifacts import AllowedRoots
from reporting_governance.contracts.act import ActKind
from reporting_governance.contracts.check_in import CheckIn
from reporting_governance.contracts.deployment_profile import ProfileSpec
from reporting_governance.contracts.times import format_time
from reporting_governance.core.effective_capabilities import effective_capabilities
from reporting_governance.core.policy_compiling import compile_pack
from reporting_governance.core.profile_compile import compile_profile
from reporting_governance.core.threads import rules_of
from reporting_governance.resources import resource_path
from reporting_governance.stages.acts import run_ack
from reporting_governance.stages.bridge import run_bridge
from reporting_governance.stages.dispatch import run_dispatch
from reporting_governance.stages.enqueue import run_enqueue
from reporting_governance.stages.host import Host
from reporting_governance.stages.policy import Policy
from reporting_governance.stages.report import run_report
from reporting_governance.stages.reviewing import list_reviews, run_review
from reporting_governance.stages.run import Steps, run_chain
from reporting_governance.stages.scan import run_scan
from reporting_governance.storage.files.store import FilesStore
from tests.crash.chain.world import START, HandClock, profile_document

_MINUTE = 60
HOSTILE = (
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</style><style>body{display:none}</style>",
    "</title><h1 onclick='x()'>owned</h1>",
    "javascript:alert(1)",
    "\"' onmouseover='alert(1)' style='background:url(http://127.0.0.1:9/x)'",
    "invoice\u202egnp.exe and \u2066isolated\u2069 and a zero\u200bwidth space",
    "]]>--><svg onload=alert(1)>",
    "W" * 100_000,
)
_REVIEW = """
apiVersion: reporting-governance/v1alpha1
kind: PolicyPack
metadata:
  {id: release-review, title: Release review, version: 1.0.0, summary: A person looks at releases., owner: team,
   severity_default: high, tags: [review],
   applies_to: {runtimes: [], task_modes: [interactive, silent], workflow_shapes: [single-agent], channels: []}}
spec:
  evaluation_mode: any_rule_match
  rules:
    - id: release-review.person-looks
      title: A person looks at every release
      intent: Nobody releases alone.
      triggers: {event_types: [task_claimed_complete]}
      conditions: {all: [{fact: task.labels.kind, equals: release}]}
      decision_output:
        decision: require_review
        severity: high
        reason: A release is complete when a person has looked at it.
        required_actions: [{action: request_review, target: task_record, mandatory: true}]
"""


def profile() -> ProfileSpec:
    """Return a profile with an outbox, a pager that refuses everything, and a relay that only takes things over."""
    document = profile_document(pager=None)
    relay = {"argv": ["/bin/cat"], "best_proof": "accepted", "timeout_seconds": 5}
    document["notification"]["receivers"] = {
        "operator": {"targets": {"outbox": {"sender": "file", "parameters": {"path": "outbox/notices.jsonl"}}}},
        "night-shift": {"targets": {"relay": {"sender": "command", "parameters": relay}}},
        "pager": {"targets": {"program": {"sender": "command", "parameters": {**relay, "argv": ["/bin/false"]}}}},
    }
    document["notification"]["routes"] = [{"match": {}, "receivers": ["operator", "night-shift", "pager"]}]
    document["watchdog"]["silence_seconds"] = 3600
    return compile_profile(document, digest="0" * 64).spec


def policy() -> Policy:
    """Return two shipped packs, and one that asks a person about releases."""
    packs = []
    for name in ("no-silence", "verified-completion-only"):
        with open(resource_path("policy-packs", f"{name}.yaml"), encoding="utf-8") as file:
            packs.append(compile_pack(yaml.safe_load(file)))
    packs.append(compile_pack(yaml.safe_load(_REVIEW)))
    with open(resource_path("profiles", "minimal-solo-mode.yaml"), encoding="utf-8") as file:
        document = yaml.safe_load(file)
    with open(resource_path("capabilities", "local-host.json"), encoding="utf-8") as file:
        powers = effective_capabilities(document, yaml.safe_load(file))
    return Policy(packs=packs, powers=powers, profile_digest="p", descriptor_digest="d")


@dataclass
class Morning:
    """One state folder, and what happens in it."""

    root: str
    clock: HandClock = field(default_factory=HandClock)
    profile: ProfileSpec = field(default_factory=profile)
    policy: Policy = field(default_factory=policy)

    def store(self) -> FilesStore:
        return FilesStore(self.root, actor="uid:1000", now=self.clock.now, monotonic=self.clock.monotonic)

    def say(self, minute: float, verb: str, task: str, agent: str, **more: Any) -> None:
        """Check in."""
        self.clock.seconds = minute * _MINUTE
        at = format_time(START + timedelta(minutes=minute))
        given = {"verb": verb, "task": task, "agent": agent, "at": at, **more}
        made = AllowedRoots({"made": "made"}, folder=self.root)
        call = [CheckIn.parse(given)]
        run_report(self.store(), call, uid=1000, profile=self.profile, clock=self.clock, artifacts=made)

    def tick(self, minute: float) -> None:
        """Run the chain once."""
        self.clock.seconds = minute * _MINUTE
        store, clock = self.store(), self.clock
        senders = Senders(self.profile.notification.receivers, state_folder=self.root)
        host = Host(name="alpha", boot_id="boot-1", pid=100)
        steps = Steps(
            inbox=lambda: None,
            scan=lambda: run_scan(store, self.profile, [], clock=clock),
            enqueue=lambda: run_enqueue(store, self.policy, self.profile, clock=clock),
            dispatch=lambda: run_dispatch(store, self.profile, clock=clock),
            bridge=lambda: run_bridge(store, senders, self.profile, clock=clock, host=host, max_seconds=600),
        )
        run_chain(store, steps, clock=clock, stop=lambda: False)

    def made(self, name: str, text: str) -> dict[str, Any]:
        """Make a file, and return evidence that names it with its digest."""
        path = os.path.join(self.root, "made", name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        digest = hashlib.sha256(text.encode()).hexdigest()
        refs = [{"kind": "file", "ref": path, "sha256": digest}]
        return {"class": "file_change", "summary": f"{name} written", "refs": refs, "claims": ["completion"]}

    def live(self) -> None:
        """Let the morning pass."""
        self.store().initialise(self.clock.now())
        every = {"checkpoint": {"every_seconds": 1200}}
        self.say(0, "start", "docs-1", "writer", title="Write the release notes", **every)
        self.say(1, "start", "build-7", "builder", title="Migrate the build to the new runner", **every)
        self.say(2, "start", "import-3", "importer", title="Import the customer list", **every)
        self.say(3, "start", "release-2", "releaser", title="Publish version 2.4", labels={"kind": "release"}, **every)
        self.say(4, "start", "locale-he", "מתרגם", title="תרגום הממשק לעברית", **every)
        self.say(18, "checkpoint", "docs-1", "writer", message="Half of the notes are written.")
        self.say(18, "checkpoint", "build-7", "builder", message="The runner starts; 3 of 9 jobs are moved.")
        self.say(19, "checkpoint", "locale-he", "מתרגם", message="שליש מהמחרוזות תורגמו (112/340).")
        self.say(21, "checkpoint", "release-2", "releaser", message="Tagged. Waiting for the build.")
        self.tick(25)
        self.say(29, "evidence", "docs-1", "writer", evidence=[self.made("notes.md", "# 2.4\n\n- faster\n")])
        self.say(31, "complete", "docs-1", "writer", message="The release notes are done.")
        self.say(33, "complete", "build-7", "builder", message="All jobs run on the new runner and all tests pass!")
        self.tick(34)
        self.tick(40)
        self.say(44, "complete", "release-2", "releaser", message="Version 2.4 is published.",
                 evidence=[self.made("package.txt", "2.4")])  # fmt: skip
        self.tick(45)
        self.clock.seconds = 52 * _MINUTE
        reviews = list_reviews(self.store())
        rules = rules_of(self.profile.notification)
        for each in reviews:
            run_review(self.store(), each.review.review_id, ActKind.REJECT, actor="dana", clock=self.clock, rules=rules,
                       comment="The package on the server is still 2.3.", watchdog=self.profile.watchdog)  # fmt: skip
        self.tick(53)
        self.clock.seconds = 58 * _MINUTE
        run_ack(self.store(), "import-3", actor="dana", comment="I am looking into it.", clock=self.clock, rules=rules)
        self.say(70, "evidence", "build-7", "builder", evidence=[self.made("run.log", "9 jobs\n")])
        self.say(
            75, "checkpoint", "import-3", "importer", message="The source was locked. 40,000 of 52,000 rows are in."
        )
        self.tick(76)
        self.say(80, "complete", "build-7", "builder", message="All jobs run on the new runner. Log attached.")
        self.tick(81)
        self.tick(150)

    def be_hostile(self) -> None:
        """Let an agent try to become part of the page."""
        for place, text in enumerate(HOSTILE):
            task, agent = f"h{place}-{text}"[:120], f"agent-{text}"[:120]
            self.say(160 + place, "start", task, agent, title=text, checkpoint={"every_seconds": 600})
            self.say(160.5 + place, "complete", task, agent, message=text)
        self.tick(171)
        self.tick(200)


def main(folder: str) -> None:
    """Make the scene in a folder."""
    morning = Morning(folder)
    morning.live()
    if "--hostile" in sys.argv:
        morning.be_hostile()
    print(json.dumps({"lines": morning.store().ready().seq}))


if __name__ == "__main__":
    main(sys.argv[1])
