"""What is not shown of a line, found in the line alone."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reporting_governance.contracts.blob_reference import is_reference, without_references
from reporting_governance.verifier.context import canonical_json, context_files
from reporting_governance.verifier.redaction import BlobReference, blobs_of, is_blob_reference, redactions_in

A, B, C = "a" * 64, "b" * 64, "c" * 64


def reference(digest: str, **more: Any) -> dict[str, Any]:
    return {"$blob": digest, "size": 7, **more}


def test_blobs_are_found_wherever_they_stand_in_the_order_of_the_text() -> None:
    line = {
        "type": "record.added",
        "record": {"body": {"z": reference(C), "a": [{"deep": [reference(A)]}, reference(B, json=True)]}},
        "meta": {"x": 1},
    }
    assert [each.digest for each in blobs_of(line)] == [A, B, C]
    text = json.dumps(line, sort_keys=True)
    assert sorted((A, B, C), key=text.index) == [A, B, C]


def test_settings_in_force_are_told_apart() -> None:
    line = {"type": "log.open", "meta": {"context": {"in_force": reference(A), "profile": B}}}
    assert list(blobs_of(line)) == [BlobReference(A, 7, in_force=True)]


def test_what_only_looks_like_a_reference_is_none() -> None:
    for value in (
        {"$blob": A, "size": 1, "more": 2},
        {"$blob": "A" * 64},
        {"$blob": A[:63]},
        {"$blob": 5},
        {"blob": A},
        A,
    ):
        assert not is_blob_reference(value)
        assert list(blobs_of({"type": "record.added", "record": {"body": {"x": value}}})) == []


VALUES = st.recursive(
    st.none()
    | st.text(max_size=3)
    | st.integers()
    | st.fixed_dictionaries({"$blob": st.just(A), "size": st.integers()}),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["$blob", "a", "size"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(value=VALUES)
def test_of_somebody_elses_data_nothing_is_left_that_looks_like_one(value: Any) -> None:
    plain = without_references(value)
    assert list(blobs_of({"type": "record.added", "record": plain})) == []
    json.dumps(plain)


@given(value=VALUES)
def test_both_rooms_know_the_same_references(value: Any) -> None:
    assert is_reference(value) == is_blob_reference(value)


def test_a_line_says_what_was_taken_out() -> None:
    scrubbed = {"type": "record.added", "meta": {"scrubbed": 2}}
    assert list(redactions_in(3, scrubbed)) == [{"kind": "scrubbed", "seq": 3, "values": 2}]
    erased = {"type": "record.erased", "meta": {"blob": A}, "reason": "asked for"}
    assert list(redactions_in(4, erased)) == [{"kind": "erased", "seq": 4, "blob": A, "reason": "asked for"}]
    retired = {"type": "log.segment_retired", "meta": {"from": 1, "to": 9, "root": B}}
    assert list(redactions_in(12, retired)) == [{"kind": "retired", "seq": 12, "from": 1, "to": 9, "root": B}]
    assert list(redactions_in(13, {"type": "record.added"})) == []


def test_readable_copies_have_names_that_are_files_on_every_system() -> None:
    context = {"pack:../My Päck.YAML": A, "profile": B, "schemas": C, "in_force": reference(C), "pack:gone.yaml": C}
    content = {"artifact": {"b": 1, "a": "ü"}, "packs": [{"id": 1}], "parts": [{}, {"digest": A}, {}]}
    found = {each.name: each.data for each in context_files(context, content)}
    assert found == {
        f"pack-..-my-p-ck-{A[:12]}.json": b'{"id":1}\n',
        f"profile-{B[:12]}.json": b'{"a":"\\u00fc","b":1}\n',
    }
    assert canonical_json({}) == b"{}\n"
