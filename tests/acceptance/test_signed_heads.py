"""Heads as verbs make them: signed at the end of `run`, by the key that `init` printed, and never in the way."""

import json
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from reporting_governance.commands._heads import DUE_SECONDS, last_problem
from reporting_governance.verifier.merkle import extend, leaf_hash
from reporting_governance.verifier.merkle import root as tree_root
from reporting_governance.verifier.note import (
    VerifierKey,
    is_signed_by,
    log_key_text,
    parse_head,
    parse_note,
    parse_vkey,
    vkey_of,
)
from tests.acceptance.verbs import Verbs
from tests.storage.back_ends import current

SIGNS = (
    "import sys, base64\n"
    "from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey as K\n"
    "print(base64.b64encode(K.from_private_bytes(b'7' * 32).sign(sys.stdin.buffer.read())).decode())\n"
)
THEIRS = Ed25519PrivateKey.from_private_bytes(b"7" * 32).public_key().public_bytes_raw()


@pytest.fixture
def verbs(tmp_path: Path) -> Verbs:
    return Verbs(tmp_path / "state")


def documents(verbs: Verbs) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log_lines(verbs)]


def log_lines(verbs: Verbs) -> list[bytes]:
    return current().raw_lines(str(verbs.state))


def checked_heads(verbs: Verbs) -> dict[int, VerifierKey]:
    """Return by size who signed, after every head was held against the lines that are there."""
    lines = log_lines(verbs)
    keys: list[tuple[int, VerifierKey]] = []
    for seq, line in enumerate(lines, start=1):
        document = json.loads(line)
        if document["type"] == "log.key":
            meta = document["meta"]
            key, note = parse_vkey(meta["vkey"]), parse_note(meta["note"].encode())
            assert note.text == log_key_text(key.name, meta["vkey"], meta["previous"])
            assert is_signed_by(note, key)
            assert meta["previous"] == (keys[-1][1].text() if keys else None)
            assert document.get("reason") or not keys or is_signed_by(note, keys[-1][1])
            keys.append((seq, key))
    signed: dict[int, VerifierKey] = {}
    for size, data in current().heads(str(verbs.state)).items():
        note = parse_note(data)
        head = parse_head(note.text)
        assert head.size == size
        in_force = [key for seq, key in keys if seq <= head.size][-1]
        assert is_signed_by(note, in_force)
        assert head.root == tree_root(extend(0, (), (leaf_hash(line) for line in lines[: head.size]))[1])
        signed[head.size] = in_force
    return signed


def signer_checks(verbs: Verbs) -> list[dict[str, str]]:
    checks = verbs.call("doctor", "--format", "json").document()["checks"]
    return [each for each in checks if each["rule"] == "GOV915"]


def test_init_makes_the_key_and_names_it_for_the_reviewer(verbs: Verbs) -> None:
    made = verbs.ok("init", "--format", "json").document()
    key = parse_vkey(made["verifier_key"])
    assert key.name == made["log_id"]
    assert made["fingerprint"].replace(" ", "") == sha256(key.public).hexdigest()[:32]
    assert checked_heads(verbs) == {2: key}
    before = sorted(documents(verbs), key=str)
    again = verbs.ok("init")
    assert made["verifier_key"] in again.out
    assert made["fingerprint"] in again.out
    assert sorted(documents(verbs), key=str) == before


def test_run_signs_what_it_recorded_and_a_run_with_nothing_to_do_signs_nothing(verbs: Verbs) -> None:
    verbs.ok("report", "start", "job", "--agent", "coder")
    assert not (verbs.state / "keys").exists()
    assert verbs.ok("run").err == ""
    heads = checked_heads(verbs)
    assert list(heads) == [len(log_lines(verbs))]
    for _ in range(2):
        verbs.ok("run")
    assert checked_heads(verbs) == heads
    verbs.ok("report", "checkpoint", "job", "half of it")
    verbs.ok("run")
    assert len(checked_heads(verbs)) == 2
    assert len({each.text() for each in checked_heads(verbs).values()}) == 1


def test_other_verbs_sign_only_when_it_is_due(verbs: Verbs) -> None:
    verbs.ok("init")
    verbs.ok("report", "start", "job", "--agent", "coder")
    verbs.ok("report", "checkpoint", "job", "half")
    assert list(checked_heads(verbs)) == [2]
    current().let_pass(str(verbs.state), DUE_SECONDS + 5)
    verbs.ok("status")
    assert list(checked_heads(verbs)) == [2]
    verbs.ok("report", "checkpoint", "job", "more")
    assert list(checked_heads(verbs)) == [2, len(log_lines(verbs))]


def test_a_dry_run_signs_nothing(verbs: Verbs) -> None:
    verbs.ok("report", "start", "job", "--agent", "coder")
    verbs.ok("run", "--dry-run")
    assert not (verbs.state / "keys").exists()
    assert checked_heads(verbs) == {}


def test_a_key_that_cannot_sign_stops_nothing_and_is_told(verbs: Verbs) -> None:
    verbs.ok("init")
    key = verbs.state / "keys/log.key"
    os.chmod(key, 0o644)
    verbs.ok("report", "start", "job", "--agent", "coder")
    ended = verbs.call("run")
    assert ended.code == 0
    assert "the journal's head is not signed" in ended.err
    assert "0644" in ended.err
    assert len(checked_heads(verbs)) == 1
    problem = last_problem(str(verbs.state))
    assert problem is not None
    assert "0644" in problem["problem"]
    assert "Heads of the journal are not signed" in verbs.ok("status").out
    signing = verbs.ok("status", "--format", "json").document()["signing"]
    assert (signing["newest_head"], "0644" in signing["problem"]["problem"]) == (2, True)
    assert [each["verdict"] for each in signer_checks(verbs)] == ["bad"]
    shown = verbs.call("keys", "show", "--format", "json")
    assert shown.code == 1
    assert "0644" in shown.document()["problem"]
    os.chmod(key, 0o600)
    assert verbs.ok("run").err == ""
    assert len(checked_heads(verbs)) == 2
    assert last_problem(str(verbs.state)) is None
    assert [each["verdict"] for each in signer_checks(verbs)] == ["ok"]
    assert verbs.ok("status", "--format", "json").document()["signing"]["problem"] is None


def test_a_key_that_is_gone_is_not_quietly_replaced(verbs: Verbs) -> None:
    verbs.ok("init")
    (verbs.state / "keys/log.key").unlink()
    verbs.ok("report", "start", "job", "--agent", "coder")
    ended = verbs.call("run")
    assert ended.code == 0
    assert "is not there" in ended.err
    assert not (verbs.state / "keys/log.key").exists()
    assert verbs.call("keys", "rotate").code == 3
    verbs.ok("keys", "rotate", "--lost", "--reason", "the disk is gone")
    assert last_problem(str(verbs.state)) is None
    assert [each.get("reason") for each in documents(verbs) if each["type"] == "log.key"] == [None, "the disk is gone"]
    assert len(checked_heads(verbs)) == 2
    assert verbs.ok("run").err == ""


def test_a_rotation_leads_from_one_key_to_the_next(verbs: Verbs) -> None:
    first = verbs.ok("init", "--format", "json").document()["verifier_key"]
    second = verbs.ok("keys", "rotate", "--format", "json").document()["key"]["verifier_key"]
    third = verbs.ok("keys", "rotate", "--format", "json").document()["key"]["verifier_key"]
    assert len({first, second, third}) == 3
    assert [key.text() for key in checked_heads(verbs).values()] == [first, second, third]
    shown = verbs.ok("keys", "show", "--format", "json").document()
    assert (shown["key"]["verifier_key"], shown["problem"], shown["newest_head"]) == (third, None, 4)


def test_a_program_signs_from_the_command_line_and_from_the_profile(verbs: Verbs, tmp_path: Path) -> None:
    program = tmp_path / "sign.py"
    program.write_text(SIGNS)
    command = f"{sys.executable} {program}"
    verbs.ok("init")
    entered = verbs.ok(
        "keys", "rotate", "--new-signer", command, "--new-signer-key", _encoded(THEIRS), "--format", "json"
    ).document()
    assert parse_vkey(entered["key"]["verifier_key"]).public == THEIRS
    verbs.ok("report", "start", "job", "--agent", "coder")
    refused = verbs.call("run")
    assert refused.code == 0
    assert "audit.signer" in refused.err
    assert ["another key" in each["seen"] for each in signer_checks(verbs)] == [True]
    assert verbs.ok("run", "--signer", command).err == ""
    text = (verbs.state / "profile.yaml").read_text()
    signer = json.dumps({"command": [sys.executable, str(program)], "public_key": _encoded(THEIRS)})
    assert "  signer: null" in text or "audit:" in text
    (verbs.state / "profile.yaml").write_text(_with_signer(text, signer))
    verbs.ok("report", "checkpoint", "job", "half")
    assert verbs.ok("run").err == ""
    assert [key.public == THEIRS for key in checked_heads(verbs).values()] == [False, True, True, True]
    own = str(tmp_path / "own.key")
    back = verbs.ok("keys", "rotate", "--new-key", own, "--format", "json").document()
    assert back["signer"].endswith("own.key")
    assert os.path.exists(own)
    assert len(checked_heads(verbs)) == 5


def _encoded(public: bytes) -> str:
    from base64 import b64encode

    return b64encode(public).decode()


def _with_signer(text: str, signer: str) -> str:
    import yaml

    document = yaml.safe_load(text)
    document.setdefault("audit", {})["signer"] = json.loads(signer)
    return str(yaml.safe_dump(document))


@pytest.mark.parametrize(
    "words",
    [
        ("keys", "show", "--lost"),
        ("keys", "rotate", "--lost"),
        ("keys", "rotate", "--reason", "because"),
        ("keys", "rotate", "--new-signer", "x"),
        ("keys", "rotate", "--new-key", "a", "--new-signer", "x", "--new-signer-key", "y"),
        ("keys", "rotate", "--signer-key", "x"),
        ("keys", "rotate", "--new-signer", "x", "--new-signer-key", "not a key"),
        ("keys", "rotate", "--new-signer", "'", "--new-signer-key", _encoded(THEIRS)),
        ("run", "--signer-key", "x"),
        ("run", "--signer", " "),
    ],
)
def test_options_that_do_not_fit_are_a_mistake_of_the_call(verbs: Verbs, words: tuple[str, ...]) -> None:
    verbs.ok("init")
    before = documents(verbs)
    assert verbs.call(*words).code == 2
    assert documents(verbs) == before


def test_a_rotation_that_the_profile_does_not_know_yet_names_the_profile(verbs: Verbs) -> None:
    """Another rotation is no help: who has the key in force is only not named."""
    verbs.ok("init")
    verbs.ok("keys", "rotate", "--new-key", verbs.state / "keys/other.key")
    ended = verbs.call("export-audit", "--output", verbs.state.parent / "b.zip")
    assert ended.code == 3
    assert "audit.signer" in ended.err
    assert "keys rotate" not in ended.err


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_another_user_shows_no_key_and_signs_nothing(verbs: Verbs) -> None:
    verbs.ok("init")
    before = checked_heads(verbs)
    other = Verbs(verbs.state, before=("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"))
    for words in (("keys", "show"), ("keys", "rotate")):
        ended = other.call(*words)
        assert ended.code != 0
        assert "Traceback" not in ended.err
    assert checked_heads(verbs) == before


def test_a_gate_never_signs(verbs: Verbs) -> None:
    verbs.ok("init")
    verbs.ok("report", "start", "job", "--agent", "coder")
    current().let_pass(str(verbs.state), DUE_SECONDS + 5)
    before = len(log_lines(verbs))
    claim = {"session_id": "s-1", "message": "Done.", "claim": {"kind": "completion"}}
    assert verbs.call("gate", "--host", "generic", given=json.dumps(claim)).code in (0, 1)
    assert len(log_lines(verbs)) > before
    assert list(checked_heads(verbs)) == [2]
    verbs.ok("report", "checkpoint", "job", "more")
    assert len(checked_heads(verbs)) == 2


def test_a_signer_that_failed_is_not_waited_for_by_every_verb(verbs: Verbs) -> None:
    verbs.ok("init")
    os.chmod(verbs.state / "keys/log.key", 0o644)
    verbs.ok("report", "start", "job", "--agent", "coder")
    current().let_pass(str(verbs.state), DUE_SECONDS + 5)
    assert "not signed" in verbs.call("report", "checkpoint", "job", "one").err
    assert "not signed" not in verbs.call("report", "checkpoint", "job", "two").err
    assert "not signed" in verbs.call("run").err
    problem = verbs.state / "journal/checkpoints/signing.json"
    os.utime(problem, (problem.stat().st_mtime - 700,) * 2)
    assert "not signed" in verbs.call("report", "checkpoint", "job", "three").err
    assert {each["type"] for each in documents(verbs)} >= {"record.added"}
    assert list(checked_heads(verbs)) == [2]


def test_a_verb_with_nothing_due_does_not_load_what_signs(verbs: Verbs) -> None:
    verbs.ok("init")
    verbs.ok("report", "start", "job", "--agent", "coder")
    verbs.ok("run")
    look = (
        "import sys; from reporting_governance.commands.main import main\n"
        f"code = main(sys.argv[1:]); print([name for name in {LOADED!r} if name in sys.modules], code)\n"
    )
    for words in (("run",), ("report", "checkpoint", "job", "half"), ("status",)):
        run = [sys.executable, "-P", "-c", look, words[0], *verbs.place, *words[1:]]
        ended = subprocess.run(run, capture_output=True, text=True, check=True, timeout=60, env=verbs.variables())
        assert ended.stdout.splitlines()[-1] == "[] 0", words


@pytest.mark.parametrize("kept", ["", "x y", "2 {other}", "900 {log}", "{garbage}"])
def test_what_is_kept_of_the_key_is_a_cache(verbs: Verbs, kept: str) -> None:
    verbs.ok("init")
    verbs.ok("keys", "show")
    path = verbs.state / "journal/checkpoints/key"
    assert path.exists()
    log_id = documents(verbs)[0]["meta"]["log_id"]
    words = {"other": vkey_of("ab" * 16, THEIRS).text(), "log": vkey_of(log_id, THEIRS).text(), "garbage": "é" * 3000}
    path.write_text(kept.format(**words), "utf-8")
    verbs.ok("report", "start", "job", "--agent", "coder")
    assert verbs.ok("run").err == ""
    assert len(checked_heads(verbs)) == 2


LOADED = (
    "cryptography",
    "reporting_governance.verifier.ed25519",
    "reporting_governance.verifier.note",
    "reporting_governance.stages.checkpointing",
    "reporting_governance.adapters.signing.key_file",
)
