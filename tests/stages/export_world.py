"""Exports of real state folders, and a reader of bundles that shares no code with what writes them."""

import json
import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from reporting_governance.adapters.bundle.writing import BundleFile
from reporting_governance.adapters.signing.key_file import KeyFile
from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewKey
from reporting_governance.stages.checkpointing import LogKey, key_in_force, make_log_checkpoint
from reporting_governance.stages.export_survey import Wanted
from reporting_governance.stages.exporting import Export, ExportReport, Signing, export_bundle
from reporting_governance.storage.files.exporting import log_folder
from reporting_governance.storage.files.in_force import InForce
from reporting_governance.storage.files.store import FilesStore
from reporting_governance.storage.interface import Addition, Group
from reporting_governance.verifier.selection import Selection
from tests.storage.building import DUE, NOW, later

LONG = "words of an agent that somebody may want erased " * 8
DESCRIPTOR = {"capabilities": {"observation": {"children": {"level": "none"}, "tasks": {"level": "full"}}}}
CONTENT = {
    "artifact": {"kind": "DeploymentProfileArtifact", "spec": {"quiet": "ü"}},
    "descriptor": DESCRIPTOR,
    "packs": [{"metadata": {"id": "no-silence"}}],
    "parts": [
        {"path": "p", "digest": "a" * 64},
        {"path": "no-silence.yaml", "digest": "b" * 64},
        {"path": "d", "digest": "c" * 64},
    ],
    "effective": {"local-host": {"digest": "d" * 64, "document": {"powers": []}}},
}
DIGESTS = {
    "profile": "a" * 64,
    "pack:No Silence.yaml": "b" * 64,
    "descriptor": "c" * 64,
    "effective:local-host": "d" * 64,
}


class FixedClock:
    """Always the same moment."""

    def now(self) -> Any:
        return later(7200)

    def monotonic(self) -> float:
        return 1.0


def open_state(root: str, **options: Any) -> FilesStore:
    context = InForce(root, DIGESTS, lambda: json.dumps(CONTENT).encode())
    return FilesStore(root, actor="uid:0", context=context, now=lambda: NOW, monotonic=lambda: 1.0, **options)


def event(number: int, *, task: str = "tsk_1", agent: str = "coder", message: str = "done") -> Group:
    identity = f"evt_{number:032x}"
    record = RecordLine(
        kind="event-envelope",
        id=identity,
        body={"event_id": identity, "task_id": "job", "agent_id": agent, "payload": {"message": message}},
        views=(ViewKey(Folder.EVENTS, identity, DUE),),
        about=(task, agent),
    )
    return Group(additions=(Addition(record=record),))


def worked_state(root: str) -> FilesStore:
    """Return a state with twelve events of two tasks, every fourth with a long text; the last two are one group."""
    store = open_state(root)
    for number in range(10):
        text = f"{number} {LONG}" if number % 4 == 0 else "done"
        store.commit([event(number, task=f"tsk_{number % 2}", message=text)], now=later(number))
    pair = [each.additions[0] for each in (event(10), event(11, agent="tester"))]
    store.commit([Group(additions=tuple(pair))], now=later(11))
    return store


def exported(
    root: str,
    output: str,
    *,
    chosen: Mapping[str, Any] | None = None,
    last: int | None = None,
    signed: bool = False,
    recorded: bool = True,
    **options: Any,
) -> ExportReport:
    """Export a state folder."""
    withhold = options.pop("withhold_blobs", False)
    wanted = Wanted(selection=Selection.of(chosen or {}), last=last, withhold_blobs=withhold)
    store = open_state(root) if recorded or signed else None
    if store is not None:
        store.ready()
    options.setdefault("custody", {"at": "then", "actor": "uid:0"})
    return export_bundle(
        log_folder(root),
        BundleFile(output),
        Export(wanted=wanted, version="1.2.3", verifier="print('verify')\n", **options),
        signing=signing(store) if signed and store is not None else None,
        store=store if recorded else None,
        clock=FixedClock(),
        progress=lambda _amount: None,
    )


def signing(store: FilesStore) -> Signing:
    signer = KeyFile(f"{store_root(store)}/keys/log.key")
    signer.make()

    def sign() -> LogKey:
        make_log_checkpoint(store, signer, clock=FixedClock())
        key = key_in_force(store)
        assert key is not None
        return key

    return Signing(store=store, signer=signer, sign_head=sign)


def store_root(store: FilesStore) -> str:
    return store._layout.root


@dataclass
class Bundle:
    """An opened bundle, its bag checked by hand."""

    name: str
    files: dict[str, bytes]

    @property
    def manifest(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.files["data/manifest.json"])
        return found

    @property
    def coverage(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.files["data/coverage.json"])
        return found

    @property
    def redactions(self) -> list[dict[str, Any]]:
        return [json.loads(each) for each in self.files["data/redactions.jsonl"].splitlines()]

    def lines(self) -> dict[int, bytes]:
        """Return the shown lines by seq, without LF; void ones are numbered by their place."""
        found: dict[int, bytes] = {}
        withheld = self.withheld()
        for path in sorted(each for each in self.files if each.startswith("data/log/")):
            seq = int(Path(path).stem)
            for raw in self.files[path].split(b"\n")[:-1]:
                while seq in withheld:
                    seq += 1
                found[seq] = raw
                seq += 1
        return found

    def withheld(self) -> dict[int, bytes]:
        pairs = [each.split(b" ") for each in self.files["data/withheld.leaves"].splitlines()]
        return {int(seq): bytes.fromhex(leaf.decode()) for seq, leaf in pairs}

    def leaves(self) -> list[bytes]:
        """Return every leaf hash, of shown lines by their bytes; each seq is there exactly once."""
        shown = {seq: sha256(b"\x00" + raw).digest() for seq, raw in self.lines().items()}
        withheld = self.withheld()
        assert not set(shown) & set(withheld)
        assert sorted({**shown, **withheld}) == list(range(1, len(shown) + len(withheld) + 1))
        return [leaf for _, leaf in sorted({**shown, **withheld}.items())]


def opened(path: str | Path) -> Bundle:
    """Open a bundle as a stranger would, and check all that a bag and a zip promise."""
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        infos = archive.infolist()
        names = [each.filename for each in infos]
        assert names == sorted(names)
        assert len({each.casefold() for each in names}) == len(names)
        for info in infos:
            assert info.compress_type == zipfile.ZIP_STORED
            assert info.date_time == (1980, 1, 1, 0, 0, 0)
            assert (info.create_system, info.external_attr >> 16, info.flag_bits) == (3, 0o100644, 0)
        (top,) = {each.partition("/")[0] for each in names}
        files = {each.partition("/")[2]: archive.read(each) for each in names}
    _check_bag(files)
    return Bundle(top, files)


def _check_bag(files: Mapping[str, bytes]) -> None:
    listed = dict(reversed(each.split("  ")) for each in files["manifest-sha256.txt"].decode().splitlines())
    payload = {name: data for name, data in files.items() if name.startswith("data/")}
    assert listed == {name: sha256(data).hexdigest() for name, data in payload.items()}
    tags = dict(reversed(each.split("  ")) for each in files["tagmanifest-sha256.txt"].decode().splitlines())
    assert tags == {
        name: sha256(files[name]).hexdigest() for name in ("bag-info.txt", "bagit.txt", "manifest-sha256.txt")
    }
    oxum = f"Payload-Oxum: {sum(map(len, payload.values()))}.{len(payload)}"
    assert oxum in files["bag-info.txt"].decode().splitlines()


def left_in(folder: str | Path) -> list[str]:
    """Return what lies in a folder, names with a dot included."""
    return sorted(os.listdir(folder))
