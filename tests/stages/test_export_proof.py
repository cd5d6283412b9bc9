"""The proof of one line: taken apart here without the code that made it."""

from base64 import b64decode
from hashlib import sha256
from pathlib import Path

import pytest

from reporting_governance.adapters.bundle.writing import BundleFile
from reporting_governance.errors import StorageError, UsageError
from reporting_governance.stages.export_proof import prove_line
from reporting_governance.stages.exporting import export_proof
from reporting_governance.storage.files.exporting import log_folder
from reporting_governance.verifier.note import is_signed_by, parse_note, parse_vkey
from tests.stages.export_world import FixedClock, open_state, signing, worked_state
from tests.storage.oracle import read_log
from tests.storage.retention import days_of_work, pruning


@pytest.fixture
def state(tmp_path: Path) -> str:
    folder = str(tmp_path / "state")
    worked_state(folder)
    signing(open_state(folder)).sign_head()
    return folder


def proven(text: bytes, vkey: str) -> bytes:
    """Return the line that a proof file proves, by RFC 6962's own words (2.1.1) and nothing of ours but the note."""
    head, _, note = text.partition(b"\n\n")
    version, extra, index, *hashes = head.decode().split("\n")
    assert (version, extra[:6], index[:6]) == ("c2sp.org/tlog-proof@v1", "extra ", "index ")
    signed = parse_note(note)
    assert is_signed_by(signed, parse_vkey(vkey))
    _, size, root = signed.text.split("\n")[:3]
    line = b64decode(extra[6:], validate=True)
    whole = sha256(b"\x00" + line).digest()
    number, last = int(index[6:]), int(size) - 1
    for each in (b64decode(one, validate=True) for one in hashes):
        if number & 1 or number == last:
            whole = sha256(b"\x01" + each + whole).digest()
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            whole = sha256(b"\x01" + whole + each).digest()
        number, last = number >> 1, last >> 1
    assert last == 0
    assert whole == b64decode(root)
    return line


def vkey_of(state: str) -> str:
    return str(next(each["meta"]["vkey"] for each in read_log(state) if each["type"] == "log.key"))


def test_every_line_is_proven(state: str) -> None:
    lines = Path(state, "journal/log/000000000001.jsonl").read_bytes().splitlines()
    for seq, line in enumerate(lines, start=1):
        proof = prove_line(log_folder(state), seq, lambda _amount: None)
        assert proven(proof.data, vkey_of(state)) == line
        assert proof.name == f"{proof.head.origin[:8]}-{seq:012d}.tlog-proof"


def test_a_proof_is_recorded_and_never_replaced(state: str, tmp_path: Path) -> None:
    store = open_state(state)
    words = {"signing": signing(store), "store": store, "clock": FixedClock(), "progress": lambda _amount: None}
    proof, written = export_proof(log_folder(state), BundleFile(str(tmp_path)), 3, **words)
    last = read_log(state)[-1]
    assert last["type"] == "audit.exported"
    assert last["meta"]["proof"] == proof.seq == 3
    assert last["meta"]["sha256"] == written.sha256 == sha256(Path(written.path).read_bytes()).hexdigest()
    with pytest.raises(UsageError, match="is there already"):
        export_proof(log_folder(state), BundleFile(str(tmp_path)), 3, **words)


@pytest.mark.parametrize(("seq", "words"), [(0, "no signed head covers line 0"), (99, "the newest covers 14 lines")])
def test_a_line_that_no_head_covers_cannot_be_proven(state: str, seq: int, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        prove_line(log_folder(state), seq, lambda _amount: None)


def test_a_void_line_and_a_retired_one_are_refused(state: str, tmp_path: Path) -> None:
    with open(f"{state}/journal/log/000000000001.jsonl", "ab") as log:
        log.write(b"torn\n")
    open_state(state).ready()
    signing(open_state(state)).sign_head()
    with pytest.raises(UsageError, match="line 15 is void"):
        prove_line(log_folder(state), 15, lambda _amount: None)
    pruned = str(tmp_path / "pruned")
    days_of_work(pruned)
    pruning(pruned, lambda _said: None)
    signing(open_state(pruned)).sign_head()
    with pytest.raises(UsageError, match="line 5 is retired"):
        prove_line(log_folder(pruned), 5, lambda _amount: None)
    size = log_folder(pruned).log_checkpoints()[-1]
    proof = prove_line(log_folder(pruned), size, lambda _amount: None)
    assert proven(proof.data, vkey_of_pruned(pruned))


def vkey_of_pruned(state: str) -> str:
    raw = b"".join(each.read_bytes() for each in sorted(Path(state, "journal/log").iterdir()))
    return raw.split(b'"vkey":"')[1].split(b'"')[0].decode()


def test_a_head_of_other_lines_proves_nothing(state: str) -> None:
    path = Path(state, "journal/log/000000000001.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))
    with pytest.raises((StorageError, UsageError, ValueError)):
        prove_line(log_folder(state), 3, lambda _amount: None)
