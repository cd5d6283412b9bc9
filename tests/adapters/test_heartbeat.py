"""The outside heartbeat against real peers: bounded in time, silent about its address, and never an error."""

import socket
import time
from pathlib import Path

import pytest

from reporting_governance.adapters.heartbeat import Heartbeat, Ping
from tests.adapters.senders.peers import Receiver, own_certificate

KEY = "s3cret-key-9f8e7d6c5b4a"


def ping(receiver: Receiver, signal: str = "", **options: float) -> Ping:
    return Heartbeat(f"http://127.0.0.1:{receiver.port}/{KEY}").ping(signal, **options)


def paths(receiver: Receiver) -> list[str]:
    return [line.split()[1] for line, _, _ in receiver.requests]


@pytest.mark.parametrize(("signal", "path"), [("", ""), ("start", "/start"), ("fail", "/fail"), ("3", "/3")])
def test_what_is_asked_for(signal: str, path: str) -> None:
    with Receiver("ok") as receiver:
        assert ping(receiver, signal) == Ping(arrived=True, tries=1)
        assert paths(receiver) == [f"/{KEY}{path}"]
        assert receiver.requests[0][0].startswith("GET ")
        assert "content-length" not in receiver.requests[0][1]


def test_a_query_stays_behind_the_path() -> None:
    with Receiver("ok") as receiver:
        Heartbeat(f"http://127.0.0.1:{receiver.port}/push/{KEY}/?a=b").ping("fail")
        assert paths(receiver) == [f"/push/{KEY}/fail?a=b"]


def test_the_address_is_read_where_a_reference_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Receiver("ok") as receiver:
        (tmp_path / "url").write_text(f"{receiver.url}\n")
        assert Heartbeat(f"${{file:{tmp_path}/url}}").ping().arrived
        monkeypatch.setenv("PING", receiver.url)
        assert Heartbeat("${env:PING}").ping().arrived
        assert len(receiver.requests) == 2


@pytest.mark.parametrize("behaviour", ["hang", "drip", "drip_body", "late"])
def test_a_receiver_that_takes_its_time_holds_nobody(behaviour: str) -> None:
    with Receiver(behaviour) as receiver:
        began = time.monotonic()
        found = ping(receiver, seconds=1.0)
        assert time.monotonic() - began < 1.5
        assert not found.arrived
        assert found.tries == 2
        assert len(receiver.requests) == 2


@pytest.mark.parametrize("behaviour", ["broken_500", "busy_503", "reset", "close", "garbage"])
def test_what_may_pass_is_tried_twice(behaviour: str) -> None:
    with Receiver(behaviour, "ok") as receiver:
        assert ping(receiver) == Ping(arrived=True, tries=2)
    with Receiver(behaviour) as receiver:
        found = ping(receiver)
        assert (found.arrived, found.tries, found.is_lasting, bool(found.problem)) == (False, 2, False, True)


def test_a_redirect_is_not_followed_and_not_tried_again() -> None:
    with Receiver("moved_302", "ok") as receiver:
        found = ping(receiver)
        assert (found.arrived, found.tries, found.is_lasting) == (False, 1, True)
        assert len(receiver.requests) == 1


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    began = time.monotonic()
    found = Heartbeat(f"http://127.0.0.1:{port}/{KEY}").ping()
    assert (found.arrived, found.tries, found.is_lasting) == (False, 2, False)
    assert time.monotonic() - began < 2


def test_a_name_that_nobody_looks_up_holds_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*_: object, **__: object) -> list[object]:
        time.sleep(3)  # a resolver that does not answer; no timeout of a socket covers it
        raise socket.gaierror("too late")

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    began = time.monotonic()
    found = Heartbeat(f"https://ping.example/{KEY}").ping(seconds=0.5)
    assert time.monotonic() - began < 1.0
    assert found == Ping(arrived=False, tries=1, problem="no answer within the limit")


@pytest.mark.parametrize(
    ("url", "word"),
    [
        (f"https://10.0.0.1/{KEY}", "private"),
        (f"https://169.254.169.254/{KEY}", "private"),
        (f"http://192.0.2.1/{KEY}", "https"),
        (f"ftp://127.0.0.1/{KEY}", "http"),
        (f"https://user:{KEY}@127.0.0.1/", "password"),
        ("${env:REPORTGOV_NO_SUCH_VARIABLE}", "is not set"),
    ],
)
def test_what_may_not_be_asked_for_is_not(url: str, word: str) -> None:
    found = Heartbeat(url).ping()
    assert (found.arrived, found.tries, found.is_lasting) == (False, 1, True)
    assert word in found.problem


def test_a_certificate_that_nobody_vouches_for(tmp_path: Path) -> None:
    context, pem = own_certificate(tmp_path)
    with Receiver("ok", tls=context) as receiver:
        url = f"https://127.0.0.1:{receiver.port}/{KEY}"
        assert not Heartbeat(url).ping().arrived
        assert receiver.requests == []
        assert Heartbeat(url, ca_file=str(pem)).ping().arrived


@pytest.mark.parametrize(
    "behaviour", ["ok", "hang", "reset", "close", "garbage", "broken_500", "moved_302", "flood", "truncate"]
)
def test_nothing_that_is_reported_holds_the_address(
    behaviour: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Receiver(behaviour) as receiver:
        monkeypatch.setenv("PING", f"http://127.0.0.1:{receiver.port}/{KEY}?{KEY}=1")
        found = Heartbeat("${env:PING}").ping("fail", seconds=0.6)
        assert receiver.requests
    captured = capfd.readouterr()
    assert KEY not in repr(found) + captured.out + captured.err


def test_a_broken_address_is_said_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PING", f"https://[{KEY}/")
    found = Heartbeat("${env:PING}").ping()
    assert not found.arrived
    assert KEY not in found.problem


def test_a_ping_under_way_holds_nobody_who_does_not_ask() -> None:
    with Receiver("hang") as receiver:
        began = time.monotonic()
        waiting = Heartbeat(receiver.url).begin("start", tries=1, seconds=0.5)
        assert time.monotonic() - began < 0.2
        assert not waiting.result().arrived
        assert time.monotonic() - began < 1.0
