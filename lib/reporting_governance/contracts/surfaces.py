"""Where each surface and store that the specification names lives in this package.  One table; a test holds it true."""

from collections.abc import Mapping

#: surface of a capability descriptor -> module
SURFACES: Mapping[str, str] = {
    "hook": "reporting_governance.adapters.hosts",
    "watchdog": "reporting_governance.adapters.tasks",
    "queue": "reporting_governance.stages.enqueue",
    "dispatcher": "reporting_governance.stages.dispatch",
    "bridge": "reporting_governance.stages.bridge",
    "sender_binding": "reporting_governance.adapters.senders",
    "orchestrator": "reporting_governance.stages.run",
    "scheduler": "reporting_governance.commands.init",  # cron does it; init gives its line
    "storage": "reporting_governance.storage.interface",
}
#: modules that belong to the specification's core by name
CORE = (
    "event_normalizer",
    "evidence_builder",
    "policy_evaluator",
    "decision_runner",
    "capability_profile_compatibility",
)
#: surfaces whose module does not exist yet; a descriptor that names one claims more than there is
PLANNED: frozenset[str] = frozenset()
