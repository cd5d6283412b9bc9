"""The whole report: its parts in their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reporting_governance.core.audit_report.claims import claims
from reporting_governance.core.audit_report.decisions import decisions
from reporting_governance.core.audit_report.fold import ReportFold
from reporting_governance.core.audit_report.gaps import gaps
from reporting_governance.core.audit_report.legend import left_out, legend
from reporting_governance.core.audit_report.notices import notices
from reporting_governance.core.audit_report.summary import ALWAYS_CHECKED, Check, summary
from reporting_governance.core.audit_report.timelines import timelines
from reporting_governance.core.markup import element, join
from reporting_governance.core.page import moment, page

Document = Mapping[str, Any]


def render_report(
    report: ReportFold,
    manifest: Document,
    coverage: Document,
    *,
    redactions: Mapping[str, int] | None = None,
    checks: Sequence[Check] = ALWAYS_CHECKED,
) -> str:
    """Return the page.  The same arguments give the same text, on any machine and at any time.

    Args:
        report: which has taken every selected line.
        manifest: of the bundle; `files` and `program` are not read, so that it may still lack them.
        coverage: of the bundle, as `tally.Tally.coverage` gives it.
        redactions: how many entries redactions.jsonl has, by kind.
        checks: what the exporter looked at.  One that does not hold is shown as what it is.
    """
    header = join(
        (
            element("h1", "What agents claimed, and what is proven"),
            element(
                "p",
                "Audit report of journal ",
                element("code", manifest["log_id"][:8]),
                ", ",
                moment(manifest["first_ts"]),
                " to ",
                moment(manifest["last_ts"]),
                " UTC",
                class_="quiet",
            ),
        )
    )
    parts = (
        ("summary", "Summary", summary(report, manifest, coverage, redactions or {}, checks)),
        ("gaps", "Gaps", gaps(coverage)),
        ("legend", "How to read this page", legend()),
        ("claims", "Claims against proof", claims(report)),
        ("tasks", "Tasks, one by one", timelines(report)),
        ("notices", "Who was told", notices(report)),
        ("decisions", "Decisions", decisions(report)),
        ("left-out", "What this page leaves out", left_out(report)),
    )
    footer = element(
        "p",
        "Made from the lines in data/log of the bundle. The lines are the records; this page is for reading. It "
        "loads nothing and runs nothing.",
    )
    return page(f"Audit report of journal {manifest['log_id'][:8]}", header, parts, footer)
