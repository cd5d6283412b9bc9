"""Real verbs, a real state folder and a mail server: what a notice's state is when a report or a reply comes back."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.verbs import Verbs, with_target
from tests.adapters.senders.mail_peers import MailPeer
from tests.adapters.senders.test_smtp_dsn import DELIVERED, FAILED, report


@dataclass
class Told:
    """A notice that a mail server has taken."""

    verbs: Verbs
    peer: MailPeer

    @property
    def attempt(self) -> str:
        return str(self.peer.mails[0].parsed["Reportgov-Attempt"])

    def drop(self, name: str, data: bytes) -> None:
        """Put a mail into the inbox as a delivery agent does."""
        path = self.verbs.state / "inbox" / f"{name}.tmp"
        path.write_bytes(data)
        path.rename(path.with_suffix(".eml"))

    def records(self, kind: str) -> list[dict[str, Any]]:
        lines = [line["record"] for line in self.verbs.journal() if line.get("record")]
        return [each["body"] for each in lines if each["kind"] == kind]

    def about(self, *groups: str, name: str = "report-1") -> bytes:
        about = f"Reporting-MTA: dns; relay.example.org\nOriginal-Envelope-Id: {self.attempt}\n"
        return report(*groups, about=about, quoted=f"Reportgov-Attempt: {self.attempt}\n", name=name)

    def refused(self) -> list[str]:
        paths = sorted((self.verbs.state / "corrupt").glob("*.finding.json"))
        return [json.loads(path.read_text())["findings"][0]["message"] for path in paths]


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Told]:
    password = tmp_path / "password"
    password.write_text("planted-pass-word\n")
    with MailPeer() as peer:
        parameters = {
            "host": "127.0.0.1",
            "port": peer.port,
            "tls": "none",
            "user": "gov",
            "password": f"${{file:{password}}}",
            "from_address": "gov@example.org",
            "to_address": "pat@example.com",
            "replies_from": ["pat@example.com"],
            "replies_vouched_by": "mx.example.org",
        }
        profile = with_target(tmp_path, "smtp", parameters)
        verbs = Verbs(tmp_path / "state", options=("--profile", str(profile)))
        verbs.overdue()
        verbs.ok("run")
        assert len(peer.mails) == 1
        yield Told(verbs, peer)
    for path in (tmp_path / "state").rglob("*"):
        assert not path.is_file() or b"planted-pass-word" not in path.read_bytes()


def test_accepted_then_delivered(told: Told) -> None:
    assert [(each["outcome"], each["proof"]) for each in told.records("receipt")] == [
        ("pending_external_send", "accepted")
    ]
    told.drop("report", told.about(DELIVERED))
    told.verbs.ok("run")
    assert [(each["outcome"], each["proof"]) for each in told.records("receipt")][1:] == [("acked", "delivered")]
    assert list((told.verbs.state / "inbox").glob("*")) == []
    told.drop("report-again", told.about(DELIVERED))
    told.verbs.ok("run")
    assert len(told.records("receipt")) == 2


def test_a_mail_that_was_set_aside_before_a_crash_is_read_as_mail(told: Told) -> None:
    told.drop("report", told.about(DELIVERED))
    inbox = told.verbs.state / "inbox"
    (inbox / "report.eml").rename(inbox / f".done-{'ab' * 16}.eml")
    told.verbs.ok("run")
    assert [each["outcome"] for each in told.records("receipt")][1:] == ["acked"]
    assert list(inbox.iterdir()) == []


def test_accepted_then_bounced(told: Told) -> None:
    told.drop("report", told.about(FAILED))
    told.verbs.call("run")
    receipt = told.records("receipt")[1]
    assert (receipt["outcome"], receipt["reason"]) == ("blocked", "refused")
    assert receipt["evidence"]["status"] == "5.1.1"
    assert "no such user" in receipt["evidence"]["diagnostic"]


def test_delayed_is_kept_and_proves_nothing_more(told: Told) -> None:
    told.drop("report", told.about("Final-Recipient: rfc822; x@example.org\nAction: delayed\nStatus: 4.4.1\n"))
    told.verbs.ok("run")
    receipt = told.records("receipt")[1]
    assert (receipt["outcome"], receipt["proof"]) == ("pending_external_send", "accepted")
    assert (receipt["evidence"]["action"], receipt["evidence"]["status"]) == ("delayed", "4.4.1")


def test_a_report_about_nothing_of_ours_is_put_aside(told: Told) -> None:
    told.drop("strange", report(DELIVERED))
    told.drop("spam", b"Subject: buy now\n\n")
    told.drop("large", b"Subject: " + b"a" * (1024 * 1024 + 1))
    ended = told.verbs.call("run")
    assert ended.code == 1
    assert len(told.records("receipt")) == 1
    first, second, third = sorted(told.refused())
    assert "no attempt of ours has this id" in first
    assert "larger than" in second
    assert "neither a delivery report nor an answer" in third
    assert sorted(path.suffix for path in (told.verbs.state / "corrupt").iterdir()) == [".eml"] * 3 + [".json"] * 3


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away")
def test_a_report_that_another_user_put_in_proves_nothing(told: Told) -> None:
    told.drop("report", told.about(DELIVERED))
    os.chown(told.verbs.state / "inbox/report.eml", 65534, 65534)
    told.verbs.call("run")
    assert len(told.records("receipt")) == 1
    assert "no `senders` entry of roles.yaml names them" in told.refused()[0]


def reply(told: Told, auth: str) -> bytes:
    mail = told.peer.mails[0].parsed
    references = f"{mail['References']} {mail['Message-ID']}"
    head = (auth, "From: Pat <pat@example.com>", f"In-Reply-To: {mail['Message-ID']}", f"References: {references}")
    return "\n".join((*head, "", "I am on it.")).encode()


def test_a_reply_of_the_operator_ends_the_repeats(told: Told) -> None:
    told.drop("forged", reply(told, "X-Other: yes"))
    assert told.verbs.call("run").code == 1
    assert told.records("act") == []
    told.drop("reply", reply(told, "Authentication-Results: mx.example.org; dkim=pass header.d=example.com"))
    told.verbs.ok("run")
    (act,) = told.records("act")
    assert (act["what"], act["comment"]) == ("ack", "reply by mail")
    assert (act["actor"], act["vouched_by"]) == ("pat@example.com", "mx.example.org: dkim")
    assert [(each["proof"], each["settled_by"]) for each in told.records("receipt")][1:] == [
        ("person", "pat@example.com")
    ]
    who = "pat@example.com (vouched for by mx.example.org: dkim)"
    (episode,) = json.loads(told.verbs.ok("status", "--format", "json").out)["episodes"]
    assert [each["acked_by"] for each in episode["tellings"]] == [who]
    assert f"acked by {who}" in told.verbs.ok("status").out
    assert f"{who} acknowledged" in told.verbs.ok("explain", episode["episode_id"]).out
