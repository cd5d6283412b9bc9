"""The outside heartbeat: one address is asked for when a run succeeded, another when it did not.

Who watches from outside tells when nothing comes any more, which nothing here can.  Its address is a secret: whoever
has it can say that all is well.  So nothing that is reported here holds any part of it.
Source of the paths: healthchecks.io, "Pinging API": `/start`, `/fail` and `/<exit code>` after the check's address.
"""

import threading
import time
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit, urlunsplit

from reporting_governance import __version__
from reporting_governance.adapters.senders.http import Exchange, Forbidden, NoAnswer, NotConnected, Rules, networks
from reporting_governance.adapters.senders.secrets import SecretMissing, Secrets
from reporting_governance.contracts.frozen import frozen

LIMIT_SECONDS = 5.0  #: of all tries together
TRIES = 2
_PAUSE_SECONDS = 0.2
_TO_REPORT = 0.1  #: share of the limit in which a try that went past its own can still say so


@frozen(kw_only=True)
class Ping:
    """How one ping went.  `problem` is empty when it arrived, and never holds the address."""

    arrived: bool
    tries: int
    problem: str = ""
    is_lasting: bool = False  #: it will be no better next time: somebody has to change something


class Heartbeat:
    """Pings one address.

    Args:
        url: as a profile writes it, references and all.
        private_networks: that the address may lie in.
        ca_file: certificates that vouch for it; None: those of the host.
    """

    def __init__(self, url: str, *, private_networks: Sequence[str] = (), ca_file: str | None = None) -> None:
        self._url = url
        self._rules = Rules(private_networks=networks(private_networks), ca_file=ca_file)

    def ping(self, signal: str = "", *, tries: int = TRIES, seconds: float = LIMIT_SECONDS) -> Ping:
        """Ask for the address followed by `/signal`; return after `seconds` at the latest, whatever happens.

        Looking a name up has no limit of its own, so it is done where nobody waits for it longer than that.
        """
        waiting = self.begin(signal, tries=tries, seconds=seconds)
        return waiting.result()

    def probe(self, *, seconds: float = LIMIT_SECONDS) -> Ping:
        """Connect and ask for nothing: whoever watches must not take it for a run."""
        return self.begin(None, tries=1, seconds=seconds).result()

    def begin(self, signal: str | None = "", *, tries: int = TRIES, seconds: float = LIMIT_SECONDS) -> "Waiting":
        """Start a ping and return at once; `None` connects and asks for nothing."""
        waiting = Waiting(time.monotonic() + seconds)
        arguments = (waiting, signal, tries, waiting.ends_at - seconds * _TO_REPORT)
        thread = threading.Thread(target=self._serve, args=arguments, daemon=True)
        thread.start()
        waiting.thread = thread
        return waiting

    def _serve(self, waiting: "Waiting", signal: str | None, tries: int, ends_at: float) -> None:
        try:
            waiting.ping = self._tried(signal, tries, ends_at)
        except Exception as fault:  # a ping fails no run, and the text may hold the address
            waiting.ping = Ping(arrived=False, tries=1, problem=type(fault).__name__)

    def _tried(self, signal: str | None, tries: int, ends_at: float) -> Ping:
        problem = ""
        for number in range(1, tries + 1):
            left = ends_at - time.monotonic()
            if left <= 0:
                return Ping(arrived=False, tries=number - 1, problem=problem or "no time was left")
            # Each try has its share, so that one that hangs leaves something for the next.
            problem, is_final = self._asked(signal, left / (tries + 1 - number))
            if not problem or is_final:
                return Ping(arrived=not problem, tries=number, problem=problem, is_lasting=bool(problem))
            if number < tries:
                time.sleep(min(_PAUSE_SECONDS, max(0.0, ends_at - time.monotonic())))
        return Ping(arrived=False, tries=tries, problem=problem)

    def _asked(self, signal: str | None, seconds: float) -> tuple[str, bool]:
        """Return what went wrong, and whether trying again is of no use."""
        try:
            address = _address(Secrets().resolve(self._url), signal or "")
            exchange = Exchange(address, rules=self._rules, seconds=seconds, method="GET")
            exchange.connect(_headers(), 0)
            if signal is None:
                exchange.close()
                return "", True
            status = exchange.post(b"").status
        except SecretMissing as fault:
            return str(fault), True  # names the reference, which stands in the profile
        except Forbidden as fault:
            return str(fault), True
        except (NotConnected, NoAnswer) as fault:
            return str(fault), False
        if 200 <= status < 300:
            return "", True
        return f"HTTP status {status}", 300 <= status < 500 and status not in (408, 429)


class Waiting:
    """A ping under way."""

    def __init__(self, ends_at: float) -> None:
        self.ends_at = ends_at
        self.ping: Ping | None = None
        self.thread: threading.Thread | None = None

    def result(self) -> Ping:
        """Return how it went, at the latest when its time is over."""
        if self.thread is not None:
            self.thread.join(max(0.0, self.ends_at - time.monotonic()))
        return self.ping or Ping(arrived=False, tries=1, problem="no answer within the limit")


def _address(url: str, signal: str) -> str:
    """Return the address with the signal after its path, so that a query stays where it is."""
    if not signal:
        return url
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{signal}"))


def _headers() -> Mapping[str, str]:
    return {"User-Agent": f"reporting-governance/{__version__}", "Connection": "close"}
