"""Heads as commits in a git repository, on a branch of their own: the note is the message of the commit.

`git log --format=%B BRANCH` gives all notes, newest first.  The tree holds the newest one, so that a commit costs the
same however many there are.  Objects are made one by one, so neither an index, nor a work tree, nor another branch of
the repository is touched; hooks are not run.
"""

import os
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from reporting_governance.adapters.anchors.place import place_problem
from reporting_governance.adapters.anchors.process import Ended, run
from reporting_governance.adapters.interface import Anchored

if TYPE_CHECKING:
    from reporting_governance.verifier.note import LogHead

LIMIT_SECONDS = 20.0
BRANCHES = "refs/heads/reporting-governance/"  #: followed by the log's id: several hosts may share a repository
_TRIES = 2  #: of moving the branch, when somebody else moved it meanwhile
_NAME = "reporting-governance"
_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsync=committed,reference",
    "i18n.commitEncoding=UTF-8",
    "gc.auto=0",
    "push.gpgSign=false",
    "push.followTags=false",
    "push.recurseSubmodules=no",
)
_NO_QUESTIONS = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "",
    "GCM_INTERACTIVE": "never",
    "SSH_ASKPASS_REQUIRE": "never",
}


class _Failed(Exception):
    """A step of git's did not go through."""


class GitAnchor:
    """Commits each head to a repository, and pushes it where that is asked for.

    Args:
        repository: absolute path of a repository, with a work tree or bare.
        state_folder: what must not hold the repository.
        push: name of a remote; None: nothing is pushed.  A head that could not be pushed is not held.
    """

    def __init__(
        self, repository: str, *, state_folder: str, push: str | None = None, limit_seconds: float = LIMIT_SECONDS
    ) -> None:
        self.name = f"git {repository}" + (f" to {push}" if push else "")
        self.limit_seconds = limit_seconds
        self._repository = repository
        self._push = push
        self._state_folder = state_folder

    def anchor(self, note: bytes, head: "LogHead") -> Anchored:
        """Commit a head; the same one again is pushed again and not committed."""
        ends_at = time.monotonic() + self.limit_seconds
        branch = f"{BRANCHES}{head.origin}"
        if problem := place_problem(self._repository, self._state_folder):
            return Anchored(problem)
        try:
            self._commit(branch, f"{head.origin}.note", note, ends_at)
            if self._push:
                pushed = self._git(
                    ("push", "--porcelain", "--no-verify", self._push, f"{branch}:{branch}"), b"", ends_at
                )
                if pushed.problem:
                    return Anchored(f"it is committed here and could not be pushed to {self._push}: {pushed.problem}")
        except (_Failed, OSError) as fault:
            return Anchored(f"git: {fault}")
        return Anchored()

    def probe(self) -> str:
        """Say whether there is such a repository, and such a remote; nobody outside is asked."""
        ends_at = time.monotonic() + self.limit_seconds
        if problem := place_problem(self._repository, self._state_folder):
            return problem
        try:
            self._said(("rev-parse", "--git-dir"), b"", ends_at)
            if self._push:
                self._said(("remote", "get-url", "--push", self._push), b"", ends_at)
        except (_Failed, OSError) as fault:
            return f"git: {fault}"
        return ""

    def _commit(self, branch: str, name: str, note: bytes, ends_at: float) -> None:
        blob = self._said(("hash-object", "-w", "--stdin", "--no-filters"), note, ends_at)
        tree = self._said(("mktree",), f"100644 blob {blob}\t{name}\n".encode(), ends_at)
        for tries_left in reversed(range(_TRIES)):
            newest = self._git(("rev-parse", "--verify", "--quiet", f"{branch}^{{commit}}"), b"", ends_at)
            before = newest.output.decode("ascii", "replace").strip()
            if before and self._said(("rev-parse", "--verify", f"{before}^{{tree}}"), b"", ends_at) == tree:
                return
            parents = ("-p", before) if before else ()
            commit = self._said(("commit-tree", tree, *parents, "-F", "-"), note, ends_at)
            # With the value it had: where somebody else moved the branch meanwhile, nothing is lost.
            moved = self._git(("update-ref", "-m", "head of the journal", branch, commit, before), b"", ends_at)
            if not moved.problem:
                return
            if not tries_left:
                raise _Failed(moved.problem)

    def _said(self, words: Sequence[str], given: bytes, ends_at: float) -> str:
        ended = self._git(words, given, ends_at)
        if ended.problem:
            raise _Failed(ended.problem)
        return ended.output.decode("utf-8", "replace").strip()

    def _git(self, words: Sequence[str], given: bytes, ends_at: float) -> Ended:
        settings = [word for each in _SETTINGS for word in ("-c", each)]
        argv = ["git", "-C", self._repository, *settings, *words]
        return run(argv, given, ends_at=ends_at, env=_environment(self._repository), cwd="/")


def _environment(repository: str) -> Mapping[str, str]:
    """Return what git is told: nothing of what a caller's own git was told, and that nobody can be asked anything."""
    ours = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    who = {f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER") for part, value in _WHO.items()}
    # The folder itself must be the repository: one further up is another's.
    above = os.path.dirname(os.path.realpath(repository))
    return {**ours, **who, **_NO_QUESTIONS, "GIT_CEILING_DIRECTORIES": above, "LC_ALL": "C.UTF-8"}


_WHO = {"NAME": _NAME, "EMAIL": f"{_NAME}@{os.uname().nodename}"}
