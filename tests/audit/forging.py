"""A bundle as an attacker makes it from a log that was tampered with: every list and count fits, nothing is refused."""

import json
from pathlib import Path
from typing import Any

from reporting_governance.verifier.tally import Tally
from tests.audit.world import CONTENT, Bundle, World, encoded, root_of


def forged(honest: Bundle, world: World) -> Bundle:
    """Return the honest bundle with the log and the heads of a tampered world in it, and all that follows from them."""
    files = {
        name: data for name, data in honest.files.items() if not name.startswith(("data/log/", "data/checkpoints/"))
    }
    files.pop("bundle.note", None)  # it takes the key to make another
    told = b"".join(world.lines())
    for name in [each for each in files if each.startswith("data/blobs/") and each[11:].encode() not in told]:
        del files[name]
    for name, lines in world.segments().items():
        if lines:
            files[f"data/log/{name}"] = b"".join(raw + b"\n" for raw in lines)
    heads = world.heads()
    for size, path in heads.items():
        files[f"data/checkpoints/{size:012d}.note"] = Path(path).read_bytes()
    tally, keys = Tally(), []
    for seq, raw in enumerate(world.lines(), start=1):
        document = _read(raw)
        if document is None:
            tally.void(seq, raw)
            continue
        tally.line(seq, document, raw)
        if document["type"] == "log.key":
            keys.append(document["meta"]["vkey"])
        if "descriptor" in (document.get("meta") or {}).get("context", {}):
            tally.descriptor(seq, "c" * 64, CONTENT["descriptor"])  # type: ignore[arg-type]
    for size in heads:
        tally.signed(size)
    files["data/coverage.json"] = encoded(tally.coverage()) + b"\n"
    manifest = json.loads(files["data/manifest.json"])
    size = len(world.lines())
    blobs = [data for name, data in files.items() if name.startswith("data/blobs/")]
    manifest |= {
        "blobs": {"files": len(blobs), "bytes": sum(map(len, blobs))},
        "size": size,
        "to": size,
        "root": root_of(world.lines()).hex(),
        "first_ts": tally.first_ts,
        "last_ts": tally.last_ts,
        "selected": tally.selected,
        "void": tally.void_lines,
        "counts": tally.counts(),
        "keys": keys,
        "files": {name: _of_file(name, files[name]) for name in files if name in _listed(files)},
    }
    files["data/manifest.json"] = encoded(manifest) + b"\n"
    top = f"{manifest['log_id'][:8]}-{manifest['from']:012d}-{size:012d}"
    return Bundle(top, {**files}).relisted()


def _listed(files: dict[str, bytes]) -> set[str]:
    later = {"data/manifest.json", "data/README.txt", "data/report.html", "data/verify.py", "data/custody.jsonl"}
    return {name for name in files if name.startswith("data/") and "/blobs/" not in name} - later


def _of_file(name: str, data: bytes) -> dict[str, int]:
    has_lines = name.endswith((".jsonl", ".leaves"))
    return {"bytes": len(data), **({"lines": data.count(b"\n")} if has_lines else {})}


def _read(raw: bytes) -> dict[str, Any] | None:
    try:
        document: dict[str, Any] = json.loads(raw)
    except ValueError:
        return None
    return document
