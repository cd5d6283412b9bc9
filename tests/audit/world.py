"""A small log as the product writes it, with everything in it that a log can have, and what an attacker does to it.

An attacker has all rights on the host.  So each attack is carried out as well as it can be: what follows from a change
is changed too, lists and counts of a bundle included.
"""

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from reporting_governance.adapters.bundle.stored_zip import StoredZip
from reporting_governance.adapters.bundle.writing import BundleFile
from reporting_governance.adapters.signing.key_file import KeyFile
from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewKey
from reporting_governance.stages.checkpointing import LogKey, key_in_force, make_log_checkpoint
from reporting_governance.stages.export_survey import Wanted
from reporting_governance.stages.exporting import Export, Signing, export_bundle
from reporting_governance.storage.files.exporting import log_folder
from reporting_governance.storage.files.in_force import InForce
from reporting_governance.storage.files.store import FilesStore
from reporting_governance.storage.interface import Addition, Group
from reporting_governance.storage.limits import Limits
from reporting_governance.verifier.merkle import extend, leaf_hash, root
from reporting_governance.verifier.note import (
    LogHead,
    Signature,
    VerifierKey,
    format_note,
    head_mark,
    head_text,
    log_key_text,
    parse_vkey,
    vkey_of,
)
from reporting_governance.verifier.one_file import text
from reporting_governance.verifier.selection import Selection
from reporting_governance.verifier.verifying import Wish, verify_wish
from tests.storage.building import DUE, NOW, later

LONG = "words of an agent that somebody may want erased " * 8
CONTENT = {
    "artifact": {"kind": "DeploymentProfileArtifact", "spec": {"quiet": "ü"}},
    "descriptor": {"capabilities": {"observation": {"children": {"level": "none"}}}},
    "packs": [{"metadata": {"id": "no-silence"}}],
    "parts": [{"path": "p", "digest": "a" * 64}, {"path": "n", "digest": "b" * 64}, {"path": "d", "digest": "c" * 64}],
}
DIGESTS = {"profile": "a" * 64, "pack:n.yaml": "b" * 64, "descriptor": "c" * 64}
SMALL = Limits(segment_bytes=3_000)
MAIL = "Subject: checkpoint overdue\r\n\r\nnightly-import is silent.\r\n\r\n{}\r\n"
ENDING = ".jsonl"


class FixedClock:
    """Always the same moment."""

    def now(self) -> Any:
        return later(7200)

    def monotonic(self) -> float:
        return 1.0


def open_log(state: str, **options: Any) -> FilesStore:
    """Open a state with small segments."""
    context = InForce(state, DIGESTS, lambda: json.dumps(CONTENT).encode())
    options.setdefault("limits", SMALL)
    return FilesStore(state, actor="uid:0", context=context, now=lambda: NOW, monotonic=lambda: 1.0, **options)


def key_file(state: str) -> KeyFile:
    """Return the log's key file, made when it is not there."""
    key = KeyFile(f"{state}/keys/log.key")
    key.make()
    return key


def event(number: int, *, task: str = "tsk_1", message: str = "done") -> Group:
    """Return a group that adds one event."""
    identity = f"evt_{number:032x}"
    record = RecordLine(
        kind="event-envelope",
        id=identity,
        body={"event_id": identity, "task_id": "job", "agent_id": "coder", "payload": {"message": message}},
        views=(ViewKey(Folder.EVENTS, identity, DUE),),
        about=(task, "coder"),
    )
    return Group(additions=(Addition(record=record),))


def sign(store: FilesStore, state: str) -> int:
    """Sign the head of a log and return its size."""
    made = make_log_checkpoint(store, key_file(state), clock=FixedClock())
    assert made is not None
    return made.head.size


class World(NamedTuple):
    """A state, the key that the reviewer was given, and two heads of it that left the host."""

    state: str
    vkey: str
    early: int  #: size of a head in the middle
    late: int  #: of the newest
    early_mail: str  #: path of a mail that carries it
    late_mail: str

    @property
    def log(self) -> str:
        return f"{self.state}/journal/log"

    @property
    def checkpoints(self) -> str:
        return f"{self.state}/journal/checkpoints"

    def copied(self, folder: Path) -> "World":
        """Return the same world elsewhere, to be damaged; the mails stay where they are."""
        shutil.copytree(self.state, folder / "state")
        return self._replace(state=str(folder / "state"))

    def head(self, size: int) -> str:
        return f"{self.checkpoints}/{size:012d}.note"

    def segments(self) -> dict[str, list[bytes]]:
        """Return the lines of each segment, without LF."""
        names = sorted(name for name in os.listdir(self.log) if name.endswith(ENDING))
        return {name: Path(self.log, name).read_bytes().split(b"\n")[:-1] for name in names}

    def lines(self) -> list[bytes]:
        return [raw for lines in self.segments().values() for raw in lines]

    def write(self, segments: Mapping[str, Sequence[bytes]]) -> None:
        """Put other lines in the place of the log's; segments that are not named go."""
        for name in os.listdir(self.log):
            if name not in segments:
                os.unlink(f"{self.log}/{name}")
        for name, lines in segments.items():
            Path(self.log, name).write_bytes(b"".join(raw + b"\n" for raw in lines))

    def place(self, seq: int) -> tuple[str, int]:
        """Return in which segment a line stands, and where in it."""
        for name in sorted(self.segments(), reverse=True):
            if int(name[:12]) <= seq:
                return name, seq - int(name[:12])
        raise AssertionError(seq)

    def change(self, seq: int, change: Callable[[list[bytes], int], None]) -> None:
        """Change the lines of the segment in which a line stands."""
        segments = self.segments()
        name, place = self.place(seq)
        change(segments[name], place)
        self.write(segments)

    def heads(self) -> dict[int, str]:
        names = sorted(name for name in os.listdir(self.checkpoints) if name.endswith(".note"))
        return {int(name[:12]): f"{self.checkpoints}/{name}" for name in names}


def made_world(folder: Path) -> World:
    """Make a log with three segments, a void stretch, groups, long texts, an erased one, and signed heads."""
    state = str(folder / "state")
    store = open_log(state)
    store.commit([event(0, message=f"0 {LONG}")], now=NOW)
    sign(store, state)
    for number in range(1, 5):
        store.commit([event(number, task=f"tsk_{number % 2}", message="done")], now=later(number))
    with open(f"{state}/journal/log/{max(os.listdir(f'{state}/journal/log'))}", "ab") as log:
        log.write(b'{"actor":"uid:0","g":[1,2],"pre')  # as a killed process leaves it
    store = open_log(state)
    pair = [each.additions[0] for each in (event(5, message=f"5 {LONG}"), event(6, task="tsk_0"))]
    store.commit([Group(additions=tuple(pair))], now=later(6))
    store.maintain(later(6))
    early = sign(store, state)
    for number in range(7, 14):
        store.commit([event(number, task=f"tsk_{number % 2}", message=f"{number} {LONG}")], now=later(number))
        store.maintain(later(number))
    late = sign(store, state)
    vkey = json.loads(next(raw for raw in _lines_of(state) if b'"type":"log.key"' in raw))["meta"]["vkey"]
    world = World(state, vkey, early, late, str(folder / "early.eml"), str(folder / "late.eml"))
    for size, path in ((early, world.early_mail), (late, world.late_mail)):
        Path(path).write_text(MAIL.format(mark_of(world, size)))
    assert len(world.segments()) >= 3
    assert 5 < early < late == len(world.lines())
    return world


def mark_of(world: World, size: int) -> str:
    """Return what a notice says of the head of a size."""
    return head_mark(parse_vkey(world.vkey).name, size, root_of(world.lines()[:size]).hex())


def root_of(lines: Iterable[bytes]) -> bytes:
    """Return the root of the tree over lines."""
    return root(extend(0, (), map(leaf_hash, lines))[1])


def _lines_of(state: str) -> list[bytes]:
    folder = f"{state}/journal/log"
    return [raw for name in sorted(os.listdir(folder)) for raw in Path(folder, name).read_bytes().split(b"\n")]


def rewritten(world: World, first: int, change: Callable[[dict[str, Any]], None], signer: KeyFile) -> None:
    """Write the log anew from a line on, as whoever has the key can: links, frontiers and signed heads fit again."""
    segments = world.segments()
    written: list[bytes] = []
    last = bytes(32)
    for lines in segments.values():
        for place, raw in enumerate(lines):
            seq = len(written) + 1
            document = _document(raw)
            if seq >= first and document is not None:
                document["prev"] = last.hex()
                if document["type"] == "log.segment_open":
                    frontier = extend(0, (), map(leaf_hash, written))[1]
                    document["meta"]["frontier"] = [each.hex() for each in frontier]
                if document["type"] == "log.torn":
                    document["meta"]["after"] = leaf_hash(written[document["meta"]["from_seq"] - 2]).hex()
                change(document)
                lines[place] = raw = encoded(document)
            written.append(raw)
            last = leaf_hash(raw)
    world.write(segments)
    key = vkey_of(parse_vkey(world.vkey).name, signer.public_key())
    for size, path in world.heads().items():
        if size >= first:
            Path(path).write_bytes(signed_head(key, signer, size, root_of(written[:size])))


def signed_head(key: VerifierKey, signer: KeyFile, size: int, top: bytes) -> bytes:
    """Return the note of a head."""
    text = head_text(LogHead(key.name, size, top))
    return format_note(text, [Signature(key.name, key.key_id, signer.sign(text.encode()))])


def key_meta(key: VerifierKey, signer: KeyFile, previous: VerifierKey | None, old: KeyFile | None) -> dict[str, Any]:
    """Return what a line says that brings in a key."""
    text = log_key_text(key.name, key.text(), None if previous is None else previous.text())
    signatures = [Signature(key.name, key.key_id, signer.sign(text.encode()))]
    if previous is not None and old is not None:
        signatures.append(Signature(previous.name, previous.key_id, old.sign(text.encode())))
    note = format_note(text, signatures).decode()
    return {"vkey": key.text(), "previous": None if previous is None else previous.text(), "note": note}


def encoded(document: Mapping[str, Any]) -> bytes:
    """Return a line as the product writes it."""
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode("ascii")


def _document(raw: bytes) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(raw)
    except ValueError:
        return None
    return found


def exported(state: str, output: str | Path, *, chosen: Mapping[str, Any] | None = None, **options: Any) -> str:
    """Export a state; `signed` makes a new head and signs the bundle, else nothing is recorded."""
    signed = options.pop("signed", False)
    wanted = Wanted(
        selection=Selection.of(chosen or {}),
        last=options.pop("last", None),
        withhold_blobs=options.pop("withhold_blobs", False),
    )
    store = open_log(state) if signed else None
    signing = None
    if store is not None:
        store.ready()
        signer = key_file(state)

        def sign_head() -> LogKey:
            make_log_checkpoint(store, signer, clock=FixedClock())
            key = key_in_force(store)
            assert key is not None
            return key

        signing = Signing(store=store, signer=signer, sign_head=sign_head)
    options.setdefault("reproducible", not signed)
    export_bundle(
        log_folder(state),
        BundleFile(str(output)),
        Export(wanted=wanted, version="1.2.3", verifier="print('verify')\n", custody={"actor": "uid:0"}, **options),
        signing=signing,
        store=store,
        clock=FixedClock(),
        progress=lambda _amount: None,
    )
    return str(output)


class Bundle(NamedTuple):
    """The files of a bundle, to be changed and packed again."""

    top: str
    files: dict[str, bytes]

    @classmethod
    def of(cls, path: str) -> "Bundle":
        import zipfile

        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            return cls(names[0].partition("/")[0], {each.partition("/")[2]: archive.read(each) for each in names})

    def relisted(self) -> "Bundle":
        """Return the bundle with lists that fit its files again, without the signature that fits no more."""
        payload = {name: data for name, data in self.files.items() if name.startswith("data/")}
        files = dict(payload)
        manifest = json.loads(files["data/manifest.json"])
        for path, said in manifest["files"].items():
            if path in files:
                said["bytes"] = len(files[path])
        files["data/manifest.json"] = encoded(manifest) + b"\n"
        info = self.files["bag-info.txt"].decode().splitlines()
        oxum = f"Payload-Oxum: {sum(map(len, files.values()))}.{len(files)}"
        files["bag-info.txt"] = "".join(f"{oxum if each.startswith('Payload') else each}\n" for each in info).encode()
        files["bagit.txt"] = self.files["bagit.txt"]
        files["manifest-sha256.txt"] = listing({name: files[name] for name in sorted(payload)})
        tags = ("bag-info.txt", "bagit.txt", "manifest-sha256.txt")
        files["tagmanifest-sha256.txt"] = listing({name: files[name] for name in tags})
        return self._replace(files=files)

    def packed(self, path: str | Path) -> str:
        """Write the bundle as an archive of the one form."""
        from zlib import crc32

        with open(path, "wb") as file:
            archive = StoredZip(file.write)  # type: ignore[arg-type]
            for name in sorted(self.files):
                data = self.files[name]
                archive.add(f"{self.top}/{name}", len(data), crc32(data), [data])
            archive.end()
        return str(path)

    def unpacked(self, folder: Path) -> str:
        """Write the bundle as a folder."""
        for name, data in self.files.items():
            place = folder / self.top / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        return str(folder / self.top)


def listing(files: Mapping[str, bytes]) -> bytes:
    """Return a bag's list of files."""
    return "".join(f"{sha256(data).hexdigest()}  {name}\n" for name, data in files.items()).encode()


class Answer(NamedTuple):
    """What the verifier says."""

    code: int
    codes: set[str]  #: of findings that take something away
    notes: set[str]
    document: dict[str, Any]

    def verdict(self, name: str) -> str:
        found: str = self.document["verdicts"][name]["verdict"]
        return found


def asked(
    path: str | None, *, require: str = "anchored", keys: Sequence[str] = (), both: bool = True, **options: Any
) -> Answer:
    """Ask the verifier, in this process; and the one-file program, which must say the same.

    Args:
        both: False where a test asks hundreds of times.
    """
    done = verify_wish(Wish(path, tuple(keys), require=require, **options))
    if both:
        stranger = one_file_program()
        said = stranger["verify_wish"](stranger["Wish"](path, tuple(keys), require=require, **options))
        assert said.document == done.document, "the one-file program says something else"
        assert said.exit_code == done.exit_code
    levels = {each["code"]: each["level"] for each in done.document["findings"]}
    notes = {code for code, level in levels.items() if level == "note"}
    return Answer(done.exit_code, set(levels) - notes, notes, done.document)


@cache
def one_file_program() -> dict[str, Any]:
    """Return the names of the one-file program, run as a module of its own."""
    module = ModuleType("verify")
    sys.modules["verify"] = module  # where its named tuples look for their module
    exec(compile(text(), "verify.py", "exec"), module.__dict__)
    return module.__dict__
