"""What a bundle says about its gaps, from the lines that it shows."""

import json
from typing import Any

from reporting_governance.verifier.tally import MOST_LISTED, Tally

NOON = "2026-03-01T12:00:00.000Z"


def line(kind: str = "record.added", ts: str = NOON, **more: Any) -> dict[str, Any]:
    return {"type": kind, "ts": ts, **more}


def record(kind: str, identity: str, **body: Any) -> dict[str, Any]:
    return line(record={"kind": kind, "id": identity, "about": ["tsk_1", "a", "ntc_1"], "body": body})


def told(*documents: dict[str, Any]) -> Tally:
    tally = Tally()
    for seq, document in enumerate(documents, start=1):
        tally.line(seq, document, b"")
    return tally


def attempt(identity: str, item: str = "spl_1") -> dict[str, Any]:
    return record("attempt", identity, spool_id=item)


def receipt(of: str, outcome: str, reason: str | None = None) -> dict[str, Any]:
    body = {"attempt_id": of, "outcome": outcome} | ({"reason": reason} if reason else {})
    return record("receipt", f"rcp_{of}", **body)


def doubts(*documents: dict[str, Any]) -> list[tuple[str, str]]:
    section = told(*documents).coverage()["notices_in_doubt"]
    assert section["count"] == len(section["found"])
    return [(each["attempt"], each["reason"]) for each in section["found"]]


def test_counts_by_type_and_kind_in_order() -> None:
    tally = told(line("log.open"), attempt("att_1"), receipt("att_1", "acked"), attempt("att_2"))
    tally.withheld(5, bytes(32))
    tally.void(6, b"x\n")
    assert json.dumps(tally.counts()) == (
        '{"kinds": {"attempt": 2, "receipt": 1}, "types": {"log.open": 1, "record.added": 3}}'
    )
    assert (tally.selected, tally.withheld_lines, tally.void_lines) == (4, 1, 1)
    assert (tally.first_ts, tally.last_ts) == (NOON, NOON)


def test_an_empty_section_says_what_was_looked_at() -> None:
    coverage = Tally().coverage()
    assert sorted(coverage) == [
        "cannot_record",
        "clock_steps",
        "loss",
        "notices_in_doubt",
        "retired_segments",
        "silences",
        "torn",
        "unclean_stops",
        "unsigned_tail",
    ]
    for section in coverage.values():
        assert section["looked_at"]
        assert (section["count"], section["found"]) == (0, [])


def test_a_pause_of_more_than_two_hours_between_neighbours_is_a_silence() -> None:
    tally = told(
        line(ts="2026-03-01T12:00:00.000Z"),
        line(ts="2026-03-01T14:00:00.999Z"),
        line(ts="2026-03-01T16:00:02.000Z"),
        line(ts="2026-03-01T15:00:00.000Z"),
    )
    section = tally.coverage()["silences"]
    assert section["found"] == [
        {"from": 2, "to": 3, "since": "2026-03-01T14:00:00.999Z", "until": "2026-03-01T16:00:02.000Z", "seconds": 7201}
    ]
    assert "3 pairs" in section["looked_at"]


def test_what_lies_between_is_not_taken_for_silence() -> None:
    tally = Tally()
    tally.line(1, line(ts="2026-03-01T12:00:00.000Z"), b"")
    tally.withheld(2, bytes(32))
    tally.line(3, line(ts="2026-03-02T12:00:00.000Z"), b"")
    section = tally.coverage()["silences"]
    assert section["count"] == 0
    assert "0 pairs" in section["looked_at"]
    assert "1 withheld lines have no time" in section["looked_at"]


def test_of_very_many_all_are_counted_and_the_first_listed() -> None:
    steps = [line("log.clock_step", meta={"by_ms": each}) for each in range(MOST_LISTED + 3)]
    section = told(*steps).coverage()["clock_steps"]
    assert section["count"] == MOST_LISTED + 3
    assert [each["by_ms"] for each in section["found"]] == list(range(MOST_LISTED))


def test_a_torn_stretch_is_void_from_where_to_where_and_who_says_so() -> None:
    tally = told(line("log.open"))
    tally.void(2, b"x\n")
    tally.void(3, b"y\n")
    tally.line(4, line("log.torn", meta={"from_seq": 2, "lines": 2, "bytes": 4, "sha256": "0" * 64}), b"")
    coverage = tally.coverage()
    assert coverage["torn"]["found"] == [{"from": 2, "to": 3, "bytes": 4, "declared_by": 4}]
    assert coverage["unclean_stops"]["found"] == [{"seq": 4, "at": NOON, "void_lines": 2}]


def test_void_lines_at_the_end_are_not_declared_yet() -> None:
    tally = told(line("log.open"))
    tally.void(2, b"x\n")
    assert tally.coverage()["torn"]["found"] == [{"from": 2, "to": 2, "bytes": None, "declared_by": None}]


def test_loss_and_retired_segments_say_what_their_lines_say() -> None:
    coverage = told(
        line("log.open"),
        line("log.loss", meta={"applied_seq": 9, "found_seq": 2}),
        line("log.segment_retired", meta={"from_seq": 1, "to_seq": 2}),
    ).coverage()
    assert coverage["loss"]["found"] == [{"applied_seq": 9, "found_seq": 2, "seq": 2, "at": NOON}]
    assert coverage["retired_segments"]["found"] == [{"from_seq": 1, "to_seq": 2, "seq": 3, "at": NOON}]


def test_an_attempt_without_receipt_is_in_doubt() -> None:
    assert doubts(attempt("att_1")) == [("att_1", "no_receipt")]


def test_a_receipt_settles_its_attempt() -> None:
    assert doubts(attempt("att_1"), receipt("att_1", "acked")) == []
    assert doubts(attempt("att_1"), receipt("att_1", "deferred", "try_later")) == []


def test_a_receipt_in_doubt_says_why_and_a_later_proof_ends_it() -> None:
    unsure = [attempt("att_1"), receipt("att_1", "pending_external_send", "in_doubt")]
    assert doubts(*unsure) == [("att_1", "in_doubt")]
    assert doubts(*unsure, receipt("att_1", "blocked", "never_confirmed")) == [("att_1", "never_confirmed")]
    assert doubts(*unsure, receipt("att_1", "acked")) == []


def test_an_item_that_has_arrived_ends_the_doubt_about_its_other_attempts_only() -> None:
    again = [attempt("att_1"), receipt("att_1", "pending_external_send", "in_doubt"), attempt("att_2")]
    assert doubts(*again, attempt("att_9", "spl_9"), receipt("att_2", "acked")) == [("att_9", "no_receipt")]


def test_lines_behind_the_newest_signed_head() -> None:
    tally = told(line("log.open"), line(), line())
    assert tally.coverage()["unsigned_tail"]["found"] == [{"from": 1, "to": 3}]
    tally.signed(2)
    tally.signed(1)
    assert tally.coverage()["unsigned_tail"]["found"] == [{"from": 3, "to": 3}]
    tally.signed(3)
    assert tally.coverage()["unsigned_tail"]["found"] == []


def test_what_a_runtime_claims_not_at_all_or_in_part_cannot_be_in_the_log() -> None:
    leaf = {"supported": True, "level": "partial", "limits": ["Only what checks in."]}
    groups = {
        "watchdog": {"evaluation": {"level": "full"}},
        "observation": {"tasks": leaf, "children": {"level": "none"}},
    }
    tally = told(line("log.open"))
    tally.descriptor(1, "d1", {"capabilities": groups})
    tally.descriptor(7, "d1", {"capabilities": {}})
    tally.descriptor(8, "d2", None)
    section = tally.coverage()["cannot_record"]
    assert "(2)" in section["looked_at"]
    assert section["found"] == [
        {"seq": 1, "descriptor": "d1", "power": "observation.children", "level": "none", "limits": []},
        {
            "seq": 1,
            "descriptor": "d1",
            "power": "observation.tasks",
            "level": "partial",
            "limits": ["Only what checks in."],
        },
        {"seq": 8, "descriptor": "d2", "level": "unknown", "reason": "not_shown"},
    ]
