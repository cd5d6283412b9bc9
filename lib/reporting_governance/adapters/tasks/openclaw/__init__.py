"""The `openclaw` task source: OpenClaw's own records of its tasks, read and never written."""

from reporting_governance.adapters.tasks.openclaw.source import OpenClawSource

__all__ = ["OpenClawSource"]
