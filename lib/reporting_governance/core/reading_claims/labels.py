"""Labels and headings under which reports say their five fields ("Next step: ...", "## Done", "下一步："), and what a
section under them means for the claims in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto

from reporting_governance.contracts.frozen import frozen


class Section(Enum):
    """What the lines under a label are."""

    OWN = auto()  #: ordinary words of the report
    DONE = auto()  #: a list of what was done
    OPEN = auto()  #: a list of what is left or comes next: nothing in it is claimed
    CONDITION = auto()  #: criteria or somebody else's words: nothing in it is claimed, and nothing is left by it


@frozen
class Label:
    """A label: the field it fills, if it is one of the five, and what stands under it."""

    field: str | None
    section: Section


_STATUS, _DONE, _NEXT = "current_status", "completed_this_segment", "next_step"
_AGAIN, _NEED = "next_report_condition", "operator_intervention_needed"

_GROUPS: tuple[tuple[str | None, Section, str], ...] = (
    (
        _STATUS,
        Section.OWN,
        """status | current status | current state | state | overall status | task status | where things stand | stand
        progress | progress so far | status update | result | overall | 状态 | 当前状态 | 目前状态 | 任务状态 | 进度
        当前进度 | 现状 | 进展 | 目前进展 | 总体状态 | 状态更新""",
    ),
    (
        _DONE,
        Section.DONE,
        """done | completed | completed this segment | done this segment | done so far | what was done | what i did
        accomplished | finished | work done | completed work | completed so far | done today | changes
        what changed | what i changed | changes made | work so far | achievements | completed items
        completed tasks | since last report | done since last report | this segment | segment summary | 已完成
        完成 | 本阶段完成 | 本段完成 | 已完成的工作 | 完成内容 | 完成的工作 | 本次完成 | 改动 | 变更 | 主要改动
        修改内容 | 已完成工作 | 已做 | 本阶段已完成 | 完成情况 | 目前已完成 | 本轮完成""",
    ),
    (
        _NEXT,
        Section.OPEN,
        """tomorrow | 明天 | next | next step | next steps | next action | next actions | up next | what's next
        what comes next | plan | my plan | here's my plan | here is my plan | the plan | here's the plan | 我的计划
        next task | then | 下一步 | 下一步计划 | 接下来 | 后续计划 | 后续步骤 | 下步 | 后续 | 下一步工作
        接下来的工作 | 计划 | 下阶段""",
    ),
    (
        _AGAIN,
        Section.OPEN,
        """next report | next update | next check-in | next report condition | next report when | will report
        reporting again | next checkpoint | report again | next status | 下次汇报 | 下次更新 | 下次报告 | 下一次汇报
        汇报条件 | 下次汇报条件 | 下次汇报时间 | 下次检查点 | 下次同步""",
    ),
    (
        _NEED,
        Section.CONDITION,
        """operator intervention needed | operator intervention | intervention needed | needs operator | need from you
        needed from you | operator action | operator action needed | action required | action needed | needs you
        human intervention | human intervention needed | need input | input needed | operator needed | intervention
        blockers | blocker | blocked on | help needed | operator | 需要人工介入 | 是否需要介入 | 是否需要人工介入
        需要你处理 | 需要人工处理 | 人工介入 | 需要介入 | 需要你 | 需要操作员 | 是否需要人工 | 需要协助 | 阻塞项
        需要操作员介入 | 需要你做的 | 待你处理""",
    ),
    (
        None,
        Section.OPEN,
        """remaining | what's left | left | to do | todo | todos | open | outstanding | remaining work | still open
        not done | not yet done | pending | in progress | open items | 未完成 | 剩余 | 剩余工作 | 待办 | 待完成
        还没做 | 遗留 | 尚未完成 | 待处理 | 进行中 | 遗留问题 | 未做""",
    ),
    (
        None,
        Section.CONDITION,
        """definition of done | acceptance criteria | criteria | goal | goals | task | options | requirements
        reminder | the task | request | example | expected | expected result | expected behaviour | original request
        ticket | todo for you | proposal | eta | user story | the ticket says | log | output | 完成的定义 | 验收标准
        目标 | 任务 | 要求 | 需求 | 方案 | 示例 | 预期 | 提醒 | 验收条件 | 日志 | 输出 | 工单里写着 | 原始需求
        建议""",
    ),
)

LABELS: Mapping[str, Label] = {
    " ".join(name.split()): Label(field, section)
    for field, section, names in _GROUPS
    for line in names.split("\n")
    for name in line.split("|")
    if name.strip()
}

#: a label with one of these behind it says nothing
PLACEHOLDERS = frozenset(
    (
        "",
        "-",
        "--",
        "tbd",
        "t.b.d",
        "?",
        "??",
        "...",
        "…",
        "to be determined",
        "to be decided",
        "待定",
        "未定",
        "pending input",
        "<fill in>",
    )
)
_AROUND = " \n.:!-–—#✅☑✔✓❌⏳🚧🎉📝🔄➡▶📊💡🔜⏭️?()"


def find_label(text: str) -> Label | None:
    """Return what a folded label or heading is known for."""
    name = text.strip(_AROUND)
    name = name.rpartition(". ")[2] if name[:1].isdigit() else name
    name = name.split(" (", 1)[0].strip(_AROUND)
    known = LABELS.get(name)
    if known is None and name[:2] in ("一、", "二、", "三、", "四、", "五、", "六、"):
        known = LABELS.get(name[2:].strip())
    return known


def says_something(value: str) -> bool:
    """Tell whether a folded value is more than a placeholder."""
    return value.strip(_AROUND) not in PLACEHOLDERS
