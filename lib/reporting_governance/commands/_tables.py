"""Tables for people.  Imported only when there is something to show."""

from collections.abc import Iterable, Mapping, Sequence

from tabulate import tabulate

from reporting_governance.commands._text import one_line
from reporting_governance.contracts.finding import Finding


def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return rows under headers, aligned; numbers and ids stay as they are written."""
    return tabulate(
        [["" if cell is None else one_line(str(cell)) for cell in row] for row in rows],
        headers=list(headers),
        tablefmt="simple",
        disable_numparse=True,
    )


def counts(named: Mapping[str, int]) -> str:
    """Return the counts that are not zero on one line."""
    return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in named.items() if count)


def findings(found: Iterable[Finding]) -> str:
    """Return each finding on one line: place, rule, message."""
    return "\n".join(_finding(each) for each in found)


def _finding(each: Finding) -> str:
    place = each.file if each.line is None else f"{each.file}:{each.line}:{each.column}"
    advice = f"; {each.suggestion}" if each.suggestion else ""
    return one_line(f"{place}: {each.severity.value} {each.rule}: {each.message}{advice}")
