"""Whatever a file holds: an answer in time, never a bug, and each finding at a place that is there."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verify.checking import SYNTAXES
from tests.verify.fuzzing import Text, any_bytes, in_an_empty_folder, look_at, mutated, with_another_value

_WRITERS: dict[str, Callable[[Any], str]] = {
    "json": json.dumps,
    "yaml": lambda value: yaml.safe_dump(value, allow_unicode=True, sort_keys=False),
}


def _noise(text: Text) -> None:
    with in_an_empty_folder() as folder:
        look_at(text, folder)


def _data(document: tuple[str, Any], syntax: str) -> None:
    verb, value = document
    with in_an_empty_folder() as folder:
        look_at(Text(verb, syntax, _WRITERS[syntax](value).encode("utf-8", "surrogatepass")), folder)


@settings(max_examples=60)
@given(any_bytes())
def test_any_bytes(text: Text) -> None:
    _noise(text)


@settings(max_examples=150)
@given(mutated())
def test_documents_with_changed_places(text: Text) -> None:
    _noise(text)


@settings(max_examples=80)
@given(with_another_value(), st.sampled_from(SYNTAXES))
def test_documents_with_another_value(document: tuple[str, Any], syntax: str) -> None:
    _data(document, syntax)


@pytest.mark.long
@settings(max_examples=3_000)
@given(any_bytes())
def test_any_bytes_at_length(text: Text) -> None:
    _noise(text)


@pytest.mark.long
@settings(max_examples=10_000)
@given(mutated())
def test_documents_with_changed_places_at_length(text: Text) -> None:
    _noise(text)


@pytest.mark.long
@settings(max_examples=5_000)
@given(with_another_value(), st.sampled_from(SYNTAXES))
def test_documents_with_another_value_at_length(document: tuple[str, Any], syntax: str) -> None:
    _data(document, syntax)
