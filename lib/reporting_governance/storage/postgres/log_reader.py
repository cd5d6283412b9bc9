"""What is read of the log and beside it; nothing here knows views."""

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from reporting_governance.storage.interface import Line, TreeHead

if TYPE_CHECKING:
    from reporting_governance.contracts.retention import Retirement
    from reporting_governance.storage.postgres.connection import Session


class LogReader:
    """The reading half of a store: lines, blobs and signed heads; see `storage.interface.Store`."""

    session: "Session"

    def tree_head(self) -> TreeHead:
        from reporting_governance.storage.postgres import looking

        return looking.tree_head(self.session)

    def log_checkpoints(self) -> list[int]:
        from reporting_governance.storage.postgres import queries

        return [row[0] for row in self.session.rows(queries.LOG_CHECKPOINTS)]

    def newest_log_checkpoint(self) -> int:
        from reporting_governance.storage.postgres import queries

        return int(self.session.rows(queries.NEWEST_LOG_CHECKPOINT)[0][0])

    def log_checkpoint(self, size: int) -> bytes | None:
        from reporting_governance.storage.postgres import queries

        rows = self.session.rows(queries.LOG_CHECKPOINT, size)
        return bytes(rows[0][0]) if rows else None

    def replay(self, from_seq: int = 1) -> Iterator[Line]:
        from reporting_governance.storage.postgres import lines

        return lines.replay(self.session, from_seq)

    def retirements(self) -> "list[Retirement]":
        from reporting_governance.storage.postgres import lines

        return lines.retirements(self.session)

    def holding(self, words: Collection[str]) -> list[int]:
        from reporting_governance.storage.postgres import lines

        return lines.holding(self.session, words)

    def get_blob(self, reference: Mapping[str, Any]) -> bytes | None:
        from reporting_governance.storage.postgres import blobs

        return blobs.get(self.session, reference["$blob"])
