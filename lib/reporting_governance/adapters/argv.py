"""The words with which a program of the operator's is started: senders and task sources check them alike."""

from collections.abc import Sequence


def check_argv(words: Sequence[str], name: str = "argv") -> None:
    """Check a program and its arguments, as a profile gives them.

    Raises: ValueError, which names the parameter and never a word of it.
    """
    from reporting_governance.adapters.senders.secrets import REFERENCE

    if not words or not words[0]:
        raise ValueError(f"{name} names no program")
    if any(REFERENCE.search(each) for each in words):
        raise ValueError(f"{name} holds a secret, which every user of the machine could see; use env")
    if any("\0" in each for each in words):
        raise ValueError(f"{name} holds a zero byte")
