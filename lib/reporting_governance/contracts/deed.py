"""What an agent did, as its host's own records show it.

No schema of its own and never stored: evidence is made of deeds, and evidence is what is stored.
"""

from datetime import datetime
from enum import StrEnum

from reporting_governance.contracts.frozen import frozen

MOST_OUTPUT_BYTES = 8 * 1024  #: of the end of a command's output
MOST_TEXT_BYTES = 64 * 1024  #: of words, and of a command line


class DeedKind(StrEnum):
    """What kind of thing happened."""

    REQUEST = "request"  #: a person, or a parent, asked for something new: a segment begins
    SAID = "said"  #: words of the agent
    EDIT = "edit"  #: a file was written, changed or deleted
    RUN = "run"  #: a command ran
    TOOL = "tool"  #: any other call of a tool
    SPAWN = "spawn"  #: a sub-agent was started
    CHILD_RESULT = "child_result"  #: what a sub-agent found came back


@frozen(kw_only=True)
class Deed:
    """One thing that happened.  Deeds come in the order in which they began."""

    kind: DeedKind
    at: datetime | None  #: aware, UTC; None when the host does not say
    id: str  #: of the tool call, or the line's number: what evidence refers to
    tool: str = ""  #: the host's name of the tool
    command: str = ""  #: RUN: the command line as the agent wrote it
    folder: str = ""  #: RUN: where it ran, as far as known
    paths: tuple[str, ...] = ()  #: EDIT: the files
    created: tuple[str, ...] = ()  #: EDIT: those of them that were not there before, where the host says so
    removed: tuple[str, ...] = ()  #: EDIT: those of them that are gone or empty now
    exit_status: int | None = None  #: RUN: None when the host does not say
    failed: bool | None = None  #: the host's own word that the call failed; None when it does not say
    interrupted: bool = False  #: timed out, killed or moved to the background: it has no outcome
    output: str = ""  #: the end of its output
    text: str = ""  #: SAID, REQUEST, CHILD_RESULT: the words; TOOL: the action, where the host names one
    sha256: str = ""  #: of the whole output, as the host keeps it
    child: str = ""  #: SPAWN, CHILD_RESULT: id of the child
