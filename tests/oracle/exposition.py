"""Reads Prometheus' text format by its own grammar, written from the format's description and not from our writer."""

import re
from collections.abc import Mapping
from typing import NamedTuple

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_HELP = re.compile(rf"# HELP ({_NAME}) (.+)")
_TYPE = re.compile(rf"# TYPE ({_NAME}) (counter|gauge|histogram|summary|untyped)")
_SAMPLE = re.compile(rf"({_NAME})(?:\{{(.*)\}})? (\S+)")
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(?:,|$)')
_ESCAPES = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}

Key = tuple[str, frozenset[tuple[str, str]]]


class Exposition(NamedTuple):
    """What a text says: each sample once, and the help of each metric."""

    samples: Mapping[Key, float]
    helps: Mapping[str, str]

    def of(self, name: str, **labels: str) -> float:
        """Return the one sample of a metric whose labels include these."""
        (value,) = [
            value
            for (metric, found), value in self.samples.items()
            if metric == name and labels.items() <= dict(found).items()
        ]
        return value

    def label_values(self, label: str) -> set[str]:
        """Return every value of a label."""
        return {value for _, labels in self.samples for name, value in labels if name == label}


def parse(text: str) -> Exposition:
    """Return what a text says.  Raises: ValueError for what no scraper would take."""
    if not text.endswith("\n"):
        raise ValueError("the last line does not end")
    samples: dict[Key, float] = {}
    helps: dict[str, str] = {}
    types: dict[str, str] = {}
    current = ""
    for line in text.split("\n")[:-1]:
        if found := _HELP.fullmatch(line):
            if found[1] in helps:
                raise ValueError(f"HELP twice: {line}")
            helps[found[1]] = found[2]
        elif found := _TYPE.fullmatch(line):
            if found[1] in types or found[1] not in helps:
                raise ValueError(f"TYPE twice, or without HELP: {line}")
            types[found[1]] = found[2]
            current = found[1]
        elif found := _SAMPLE.fullmatch(line):
            if found[1] != current:
                raise ValueError(f"a sample outside its group: {line}")
            key = (found[1], frozenset(_labels(found[2] or "").items()))
            if key in samples:
                raise ValueError(f"the same sample twice: {line}")
            samples[key] = float(found[3])
        else:
            raise ValueError(f"no line of this format: {line!r}")
    if set(types) != {name for name, _ in samples}:
        raise ValueError("a metric without samples, or samples without a metric")
    return Exposition(samples, helps)


def _labels(text: str) -> dict[str, str]:
    labels: dict[str, str] = {}
    place = 0
    while place < len(text):
        found = _LABEL.match(text, place)
        if found is None or found[1] in labels:
            raise ValueError(f"not labels: {text!r}")
        labels[found[1]] = re.sub(r"\\.", lambda escape: _ESCAPES[escape.group()], found[2])
        place = found.end()
    return labels
