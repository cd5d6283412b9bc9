"""What happened to a plugin of OpenClaw, in plain words; its lines carry no record."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from reporting_governance.contracts.journal_line import LineType
from reporting_governance.contracts.record import Document


def plugin_sentence(line: Document) -> str:
    """Return what a line about a plugin says."""
    return _SENTENCES[LineType(line["type"])](line, line.get("meta") or {})


def _switched(line: Document, meta: Document) -> str:
    now = "on" if line["type"] == LineType.PLUGIN_ENABLE else "off"
    again = ", as it was" if meta.get("before") is meta.get("after") else ""
    parts = [f"{line['actor']} turned it {now}{again}: {line.get('reason') or 'no reason was kept'}"]
    parts += [str(each) for each in meta.get("changes", ())]
    if meta.get("forced"):
        parts.append("a rule that it does not meet was passed over by force")
    if "seen" in meta and meta["seen"] is not meta.get("after"):
        parts.append("looked at again, that was not so")
    return "; ".join(parts)


def _unfit(line: Document, meta: Document) -> str:
    then = "it was turned on all the same, by force" if meta.get("forced") else "it was left as it is"
    return f"{line['actor']} wanted it on, and it does not fit: {line.get('reason', '')}; {then}"


def _discovered(line: Document, meta: Document) -> str:
    now = "on" if meta.get("after") else "off"
    why = f" ({meta['why']})" if meta.get("why") else ""
    return f"{line.get('reason') or 'seen'}: {now}{why}"


_SENTENCES: Mapping[LineType, Callable[[Document, Document], str]] = {
    LineType.PLUGIN_ENABLE: _switched,
    LineType.PLUGIN_DISABLE: _switched,
    LineType.PLUGIN_COMPATIBILITY_FAILED: _unfit,
    LineType.PLUGIN_DISCOVERED: _discovered,
}
PLUGIN_LINES = frozenset(each.value for each in _SENTENCES)
