"""Who signs heads of the log and who else holds them, as a profile says it."""

from typing import Any

import pytest

from reporting_governance.contracts.audit_settings import AnchorKind, Audit, public_key_problem
from reporting_governance.contracts.problem import problems_of
from reporting_governance.core.profile_meaning import anchors_in_state
from reporting_governance.errors import ContractError

KEY = "PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw="


def faults(section: dict[str, Any]) -> list[str]:
    with pytest.raises(ContractError) as caught:
        Audit.parse(section)
    return [each.pointer for each in problems_of(caught.value)]


def test_nothing_said_is_our_own_key_and_no_anchor() -> None:
    assert Audit.parse({}).dump() == {"signer": None, "anchors": []}


@pytest.mark.parametrize("kind", AnchorKind)
def test_what_a_kind_needs_is_what_it_is_given(kind: AnchorKind) -> None:
    needed = {
        "file": {"path": "/mnt/h"},
        "git": {"repository": "/srv/h"},
        "syslog": {},
        "command": {"command": ["witness"]},
    }
    for name, fields in needed.items():
        document = {"anchors": [{"kind": kind.value, **fields}]}
        if name == kind.value or not fields or (kind is AnchorKind.SYSLOG and name == "file"):
            continue
        assert faults(document), name
    anchor = Audit.parse({"anchors": [{"kind": kind.value, **needed[kind.value]}]}).anchors[0]
    assert anchor.kind is kind


@pytest.mark.parametrize(
    ("words", "is_secret"),
    [
        (["witness", "--key-file", "/etc/witness.key"], False),
        (["witness", "--url", "https://witness.example.org/add"], False),
        (["witness", "--witness", "example.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"], False),
        (["witness", "--token", "x"], True),
        (["witness", "--token=x"], True),
        (["env", "API_KEY=x", "witness"], True),
        (["witness", "--token", "${file:/etc/token}"], True),
        (["witness", "https://me:x@witness.example.org/"], True),
    ],
)
def test_words_that_every_user_could_see_hold_no_secret(words: list[str], is_secret: bool) -> None:
    section = {"anchors": [{"kind": "command", "command": words}]}
    if is_secret:
        assert faults(section) != []
    else:
        assert Audit.parse(section).anchors[0].command == tuple(words)


def test_a_public_key_is_32_bytes_in_the_one_form_of_base64() -> None:
    assert public_key_problem(KEY) is None
    for wrong in ("", "mine", KEY[:-1], KEY[:-2] + "x=", f"{KEY}\n", KEY.replace("+", "-"), "é" * 44):
        assert public_key_problem(wrong), wrong


@pytest.mark.parametrize(
    ("path", "is_inside"),
    [
        ("/srv/state", True),
        ("/srv/state/", True),
        ("/srv//state/./journal/x", True),
        ("/srv/state-2/x", False),
        ("/srv/x", False),
        ("/", False),
    ],
)
def test_a_place_inside_the_state_folder_is_no_anchor(path: str, is_inside: bool) -> None:
    written = {"audit": {"anchors": [{"kind": "syslog", "path": path}, {"kind": "file", "path": path}]}}
    found = [each.pointer for each in anchors_in_state(written, "/srv/state/")]
    assert found == (["/audit/anchors/1/path"] if is_inside else [])
