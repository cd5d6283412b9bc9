"""A message that takes the place of an agent's own.  Nothing is invented: what is missing is said to be missing.

The original stays in the decision record, whatever becomes of the message.
"""

from __future__ import annotations

from reporting_governance.contracts.decision import ActionKind, Decision
from reporting_governance.core.fact_catalogue import REPORT_FIELDS
from reporting_governance.core.facts import Facts

PLACEHOLDER = "replace_with_placeholder"  #: `details.mode` of the action; any other one adds what is missing

_NAMES = {
    "en": {
        "current_status": "Current status",
        "completed_this_segment": "Completed this segment",
        "next_step": "Next step",
        "next_report_condition": "Next report",
        "operator_intervention_needed": "Operator intervention needed",
    },
    "zh": {
        "current_status": "当前状态",
        "completed_this_segment": "本段完成",
        "next_step": "下一步",
        "next_report_condition": "下次汇报条件",
        "operator_intervention_needed": "是否需要人工介入",
    },
}
_WORDS = {
    "en": ("Not stated in this report:", "not stated", "[This report was withheld: {reason}  Original: decision {id}]"),
    "zh": ("本汇报未说明：", "未说明", "[此汇报已被拦下：{reason}  原文：决定 {id}]"),
}


def rewrite(original: str, decision: Decision, facts: Facts, *, record_id: str, locale: str | None = None) -> str:
    """Return the text that takes the place of a message.

    Args:
        record_id: of the decision, in whose record the original is kept.
        locale: the language of our own words; None: that of the operator, else English.
    """
    language = "zh" if (locale or facts.known("operator_context.locale") or "").lower().startswith("zh") else "en"
    heading, absent, placeholder = _WORDS[language]
    if _mode(decision) == PLACEHOLDER:
        return placeholder.format(reason=decision.reason, id=record_id)
    if decision.rewritten_message is not None:
        return decision.rewritten_message
    missing = [name for name in REPORT_FIELDS if facts.known(f"message.{name}_present") is False]
    if not missing:
        return original
    lines = [heading, *(f"- {_NAMES[language][name]}: {absent}" for name in missing)]
    return "\n".join([original.rstrip(), "", *lines] if original.strip() else lines)


def _mode(decision: Decision) -> object:
    for each in decision.required_actions:
        if each.action is ActionKind.REWRITE_MESSAGE and each.details is not None:
            return each.details.get("mode")
    return None
