"""The journal as CloudEvents: each chosen line once, in order, in the form that the specification and its SDK take."""

import json
import re
import shutil
import subprocess
import tracemalloc
from datetime import datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from reporting_governance.contracts.times import parse_time
from reporting_governance.core.cloudevents import cloud_event
from reporting_governance.errors import StorageError
from reporting_governance.stages.cloudevents import EventsReport, write_events
from reporting_governance.storage.files.exporting import log_folder
from reporting_governance.verifier.selection import Selection
from tests.stages.export_world import worked_state
from tests.storage.building import later
from tests.storage.retention import DAY, DAYS, days_of_work, documents, leaves_by_hand, open_daily

#: What the specification says of the JSON format: every attribute's type, and how attributes may be called.
FORM = {
    "type": "object",
    "required": ["id", "source", "specversion", "type"],
    "properties": {
        "id": {"type": "string", "minLength": 1},
        "source": {"type": "string", "format": "uri", "minLength": 1},
        "specversion": {"const": "1.0"},
        "type": {"type": "string", "minLength": 1},
        "datacontenttype": {"type": "string", "minLength": 1},
        "dataschema": {"type": "string", "format": "uri", "minLength": 1},
        "subject": {"type": "string", "minLength": 1},
        "time": {"type": "string", "format": "date-time"},
        "data": {"type": "object"},
    },
    "propertyNames": {"pattern": "^[a-z0-9]{1,20}$"},
    "additionalProperties": {"type": ["string", "boolean", "integer"]},
}
JUDGE = jsonschema.Draft202012Validator(FORM, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)


def events(where: str, chosen: Any = None, **options: Any) -> tuple[list[dict[str, Any]], EventsReport]:
    written: list[bytes] = []
    report = write_events(
        log_folder(where), Selection.of(chosen or {}), written.append, progress=lambda _: None, **options
    )
    assert all(line.endswith(b"\n") and line.count(b"\n") == 1 for line in written)
    return [json.loads(line) for line in written], report


@pytest.fixture
def state(tmp_path: Path) -> str:
    where = str(tmp_path / "state")
    worked_state(where)
    return where


def test_every_line_is_one_event_of_the_form(state: str) -> None:
    found, report = events(state)
    lines = documents(state)
    assert [each["data"] for each in found] == lines
    assert report.events == report.size == len(lines)
    leaves = leaves_by_hand(state)
    for place, each in enumerate(found):
        JUDGE.validate(each)
        line = lines[place]
        assert each["id"] == f"{report.log_id}/{line['seq']}"
        assert each["time"] == line["ts"]
        assert re.fullmatch(r"[0-9T:.-]+Z", each["time"])
        assert parse_time(each["time"]).utcoffset() is not None
        assert int(each["sequence"]) == line["seq"]
        assert each["leafhash"] == leaves[place].hex()
        assert each.get("subject") == line.get("record", {}).get("id")
    assert len({(each["source"], each["id"]) for each in found}) == len(found)
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", found[0]["source"])
    assert [each["sequence"] for each in found] == sorted(each["sequence"] for each in found)
    assert found[0]["type"] == "org.cowbay.reporting-governance.log.open"
    assert found[1]["type"] == "org.cowbay.reporting-governance.record.added.event-envelope"


def test_a_filter_chooses_as_it_does_for_a_bundle(state: str) -> None:
    chosen = {"tasks": ["tsk_1"], "agents": ["coder"]}
    found, report = events(state, chosen)
    expected = [line["seq"] for line in documents(state) if Selection.of(chosen).selects(line)]
    assert [each["data"]["seq"] for each in found] == expected
    assert report.not_chosen == report.size - len(expected) > 0


def test_it_ends_with_the_line_asked_for(state: str) -> None:
    found, report = events(state, last=5)
    assert [each["data"]["seq"] for each in found] == [1, 2, 3, 4, 5]
    assert report.size == 5


def test_damage_ends_the_stream_with_an_error(tmp_path: Path) -> None:
    where = str(tmp_path / "state")
    days_of_work(where, days=3)
    path = Path(f"{where}/journal/log/000000000001.jsonl")
    data = path.read_bytes()
    place = data.index(b'"seq":4,') - 40
    path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
    written: list[bytes] = []
    with pytest.raises(StorageError, match="damaged"):
        write_events(log_folder(where), Selection.of({}), written.append, progress=lambda _: None)
    assert len(written) < 5


def test_a_torn_end_is_left_out_and_counted(state: str) -> None:
    with open(f"{state}/journal/log/000000000001.jsonl", "ab") as log:
        log.write(b'{"actor":"uid:0","g":[1,1],"pre')
    found, report = events(state)
    assert report.left_out == 1
    assert len(found) == report.events == report.size


@pytest.mark.parametrize("bare", [False, True])
def test_of_a_pruned_log_what_is_kept_is_told(tmp_path: Path, bare: bool) -> None:
    where = str(tmp_path / "state")
    days_of_work(where)
    log_id = open_daily(where).ready().log_id
    before = later((DAYS - 3) * DAY)
    plan, *_ = open_daily(where).keeper().retire(before, reason="r", approver="a", now=later(DAYS * DAY))
    if bare:
        Path(f"{where}/journal/applied").unlink()
    found, report = events(where)
    assert report.log_id == log_id
    assert report.retired == plan.stretches[-1].to_seq
    assert found[0]["data"]["seq"] == report.retired + 1
    assert len(found) == report.events == report.size - report.retired


def test_memory_does_not_grow_with_the_log(tmp_path: Path) -> None:
    def peak(days: int) -> int:
        where = str(tmp_path / str(days))
        days_of_work(where, days=days)
        tracemalloc.start()
        write_events(log_folder(where), Selection.of({}), lambda _: None, progress=lambda _: None)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(2)
    assert peak(24) < 1.2 * peak(6) + 50_000


#: run by the Python that has the SDK, which need not be ours
SDK = """
import json, sys
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
for line in sys.stdin:
    event = JSONFormat().read(CloudEvent, line.encode())
    print(json.dumps([event.get_id(), event.get_time().isoformat(), event.get_extension("sequence"), event.get_data()]))
"""


@pytest.mark.outside
def test_the_sdk_of_the_specification_takes_each(state: str) -> None:
    program = shutil.which("python")
    assert program is not None
    found, _ = events(state)
    given = "".join(f"{json.dumps(each)}\n" for each in found)
    done = subprocess.run([program, "-c", SDK], input=given, capture_output=True, text=True, timeout=60, check=True)
    read = [json.loads(line) for line in done.stdout.splitlines()]
    expected = [[each["id"], parse_time(each["time"]), each["sequence"], each["data"]] for each in found]
    assert [[one, datetime.fromisoformat(two), *rest] for one, two, *rest in read] == expected


def test_a_line_without_a_record_has_no_subject() -> None:
    line = {"seq": 7, "ts": "2026-03-01T04:05:06.789Z", "type": "log.heartbeat", "actor": "ops"}
    event = cloud_event("0" * 32, line, "f" * 64)
    assert "subject" not in event
    JUDGE.validate(event)
