"""What is in force, as lines of the log say it: digests by name, and a blob with the content itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any


class InForce(Mapping[str, Any]):
    """The context of a line: digests; the content is stored with the line that names it, and made only then.

    Args:
        digests: SHA-256 of everything that is in force, by name.
        content: returns what the blob holds.
    """

    def __init__(self, digests: Mapping[str, str], content: Callable[[], bytes]) -> None:
        self._digests = digests
        self.content = content

    def __getitem__(self, name: str) -> Any:
        return self._digests[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._digests)

    def __len__(self) -> int:
        return len(self._digests)
