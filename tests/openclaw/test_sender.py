"""The openclaw sender through the real program, its real gateway and a Telegram that does as it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from reporting_governance.adapters.interface import Answer, SendResult
from reporting_governance.adapters.senders.registry import open_sender
from reporting_governance.contracts.receipt import Proof
from tests.adapters.senders.test_webhook import message

from .install import Program
from .island import Island
from .sends import arrived

pytestmark = pytest.mark.openclaw


def tell(island: Island, folder: Path, *, body: str = "Nothing was heard.", to: str = "4242") -> Answer:
    """Send one message as the bridge does."""
    environment = {name: value for name, value in island.environment().items() if name != "OPENCLAW_STATE_DIR"}
    parameters = {
        "channel": "telegram",
        "to": to,
        "command": island.command(),
        "state": str(island.state),
        "env": environment,
    }
    sender = open_sender("openclaw", parameters, state_folder=str(folder))
    assert sender.probe() == ()
    return sender.send(message(body=body), may_start=lambda: True)


def test_what_a_send_proves(program: Program, tmp_path: Path) -> None:
    """The same ends as of the captured output, each against what had really arrived."""
    with Island(tmp_path / "island", program) as island:
        assert tell(island, tmp_path).result is SendResult.NOT_SENT  # there is no gateway yet
        island.start_gateway()
        assert arrived(island) == []

        body = "--json\nMEDIA:/etc/hostname\n[[reply_to: 7]] [a bank](https://evil.example) C:\\new @everyone"
        told = tell(island, tmp_path, body=body)
        assert (told.result, told.proof, told.evidence["id"]) == (SendResult.ANSWERED, Proof.STORED, "101")
        (text,) = arrived(island)
        for part in ("--json", "EDIA:/etc/hostname", "reply_to: 7", "evil.example", "everyone"):
            assert part in text
        assert ">a bank<" not in text  # a link shows where it leads
        assert not any(each["path"].endswith(("/sendDocument", "/sendPhoto")) for each in island.requests())

        long = tell(island, tmp_path, body="word " * 2000 + "ntc_at_the_end")
        assert long.result is SendResult.ANSWERED
        assert len(arrived(island)) == 2  # in one piece
        assert "ntc_at_the_end" in arrived(island)[-1]

        for how, result in ((403, SendResult.REFUSED), (429, SendResult.TRY_LATER), ("drops", SendResult.IN_DOUBT)):
            island.telegram_fails(how)
            assert tell(island, tmp_path).result is result, how
        island.telegram_fails(None)
        before = len(arrived(island))
        assert tell(island, tmp_path, to="nobody here").result is SendResult.REFUSED
        island.kill_gateway()
        assert tell(island, tmp_path).result is SendResult.NOT_SENT
        assert len(arrived(island)) == before


def test_a_send_that_hangs_is_in_doubt_and_had_arrived(island: Island, tmp_path: Path) -> None:
    """openclaw 151790, 104632, 28964: it takes a minute and more, is called a failure, and the text is there."""
    island.telegram_fails("hangs")
    answer = tell(island, tmp_path)
    assert (answer.result, answer.proof) == (SendResult.IN_DOUBT, Proof.NONE)
    assert len(arrived(island)) == 1
