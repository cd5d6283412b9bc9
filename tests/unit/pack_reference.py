"""A slow second reading of how packs decide, written to be obvious: the oracle for the compiled evaluator.

It works on the documents alone and shares nothing with the product but the facts and the oracle for conditions.
"""

from tests.unit.policy_reference import TRUE, UNKNOWN, reference

ORDER = ["block", "escalate", "force_checkpoint", "require_review", "downgrade_status", "rewrite",
         "annotate_placeholder", "allow"]  # fmt: skip
SEVERITIES = ["info", "low", "medium", "high", "critical"]
UNKNOWN_ACTIONS = {
    "require_review": [("request_review", "task_record"), ("notify_operator", "operator_channel")],
    "escalate": [("raise_escalation", "operator_channel"), ("notify_operator", "operator_channel")],
    "block": [("block_transition", "status_transition"), ("notify_operator", "operator_channel")],
}
ONE_PER_TARGET = {"notify_operator", "rewrite_message", "record_placeholder", "set_status", "block_transition",
                  "request_review", "raise_escalation"}  # fmt: skip
CHANGES = {"rewrite_message", "record_placeholder"}


def decide(packs, facts):
    """Return what packs decide: a plain description of the decision, and how each rule turned out, by rule id."""
    if facts.known("event.caused_by") is not None:
        return plain("allow", "default.caused", "info"), {}
    if facts.known("event.phase") == "resolved":
        return plain("allow", "default.resolved", "info"), {}
    looked = {}
    wishes = []
    for pack in packs:
        for rule in pack["spec"]["rules"]:
            if applies(pack, facts) and triggered(rule, facts):
                truth = reference(rule["conditions"], facts.with_labels(["task.labels.team"]), facts.now)
                wish = wish_of(pack, rule, truth)
                looked[rule["id"]] = ({0: "false", 1: "unknown", 2: "true"}[truth], wish and wish["kind"])
                if wish:
                    wishes.append(wish)
    certain = [SEVERITIES.index(each["severity"]) for each in wishes if each["certain"]]
    wishes = [
        each for each in wishes if each["certain"] or all(SEVERITIES.index(each["severity"]) >= one for one in certain)
    ]
    if not wishes:
        return plain("allow", "default.allow", "info"), looked
    wishes.sort(key=lambda each: each["rule"]["id"])
    wishes.sort(key=lambda each: each["rule"].get("priority", 0), reverse=True)
    wishes.sort(key=lambda each: SEVERITIES.index(each["severity"]), reverse=True)
    wishes.sort(key=lambda each: ORDER.index(each["kind"]))
    return merged(wishes, facts), looked


def plain(kind, policy_id, severity, status=None, actions=(), notice=None):
    return {"decision": kind, "policy_id": policy_id, "severity": severity, "status": status,
            "actions": list(actions), "notice": notice}  # fmt: skip


def triggered(rule, facts):
    triggers = rule["triggers"]
    return (
        facts.event_type in triggers.get("event_types", [])
        or any(signal in facts.signals for signal in triggers.get("derived_signals", []))
        or any(claim in facts.claim_types for claim in triggers.get("claim_types", []))
    )


def applies(pack, facts):
    wanted = pack["metadata"].get("applies_to") or {}
    known = facts.known("task.task_id") is not None
    family = facts.known("task.parent_task_id") is not None or (facts.known("children.open") or 0) > 0
    shape = ("parent-child" if family else "single-agent") if known and facts.known("task.task_id") else None
    for key, value in (
        ("runtimes", facts.known("event.runtime")),
        ("task_modes", facts.known("task.mode")),
        ("workflow_shapes", shape),
        ("channels", facts.known("operator_context.channel")),
    ):
        if wanted.get(key) and value is not None and value not in wanted[key]:
            return False
    return True


def wish_of(pack, rule, truth):
    """Return what a rule wants, or nothing."""
    output = rule["decision_output"]
    severity = output.get("severity") or pack["metadata"]["severity_default"]
    if truth == TRUE:
        notice = output.get("operator_notice")
        return {"rule": rule, "kind": output["decision"], "severity": severity, "certain": True,
                "status": output.get("suggested_status"), "actions": output.get("required_actions", []),
                "notifies": bool(notice and notice["required"])}  # fmt: skip
    on_unknown = rule.get("on_unknown", "require_review")
    if truth != UNKNOWN or on_unknown == "skip":
        return None
    actions = [{"action": name, "target": target, "mandatory": True} for name, target in UNKNOWN_ACTIONS[on_unknown]]
    status = "awaiting_review" if on_unknown == "require_review" else None
    return {"rule": rule, "kind": on_unknown, "severity": severity, "certain": False, "status": status,
            "actions": actions, "notifies": True}  # fmt: skip


def merged(wishes, facts):
    winner = wishes[0]
    with_a_say = [winner, *(each for each in wishes[1:] if each["certain"])]
    actions = []
    for wish in with_a_say:
        for action in wish["actions"]:
            if wish is not winner and contradicts(action, wish, winner):
                continue
            same = [each for each in actions if same_work(each, action)]
            if same:
                same[0]["mandatory"] = same[0]["mandatory"] or action["mandatory"]
            else:
                actions.append({"details": None, **action})
    telling = next((each for each in with_a_say if each["notifies"]), winner)
    return plain(winner["kind"], winner["rule"]["id"], winner["severity"], winner["status"], actions,
                 notice_of(telling, facts))  # fmt: skip


def contradicts(action, loser, winner):
    if action["action"] == "set_status":
        return winner["status"] is not None and winner["status"] != loser["status"]
    return winner["kind"] == "block" and action["action"] in CHANGES | {"dispatch_message"}


def same_work(one, other):
    if one["target"] != other["target"]:
        return False
    if {one["action"], other["action"]} <= CHANGES:
        return True
    if one["action"] != other["action"]:
        return False
    return one["action"] in ONE_PER_TARGET or one["details"] == other.get("details")


def notice_of(wish, facts):
    if not wish["certain"]:
        return {"required": True, "channel": "operator", "urgency": wish["severity"],
                "must_reference": [facts.event_type]}  # fmt: skip
    notice = wish["rule"]["decision_output"].get("operator_notice")
    if notice is None:
        return None
    return {"required": notice["required"], "channel": notice["channel"], "urgency": notice["urgency"],
            "must_reference": list(notice.get("must_reference", []))}  # fmt: skip
