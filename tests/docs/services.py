"""Those that pages send to: mail servers and web services on loopback, under the names that stand on the pages."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from tests.adapters.senders.mail_peers import MailPeer
from tests.adapters.senders.peers import Receiver, own_certificate
from tests.docs.pages import ROOT, Peers

#: page -> what its webhook does with one message after the other; on other pages it takes them all
WEBHOOKS: Mapping[str, tuple[str, ...]] = {"when-something-is-wrong.md": ("gone", "id")}


class Services(Peers):
    """A mail server that wants STARTTLS, a webhook, an API of Slack's, and somebody who is told of every run."""

    def __init__(self, page: Path, folder: Path, opened: ExitStack) -> None:
        tls, certificate = own_certificate(folder)
        self.mail = opened.enter_context(MailPeer(tls=tls))
        self.hook = opened.enter_context(Receiver(*WEBHOOKS.get(page.name, ("id",))))
        self.slack = opened.enter_context(Receiver("slack_stored"))
        self.heartbeat = opened.enter_context(Receiver("ok"))
        mail = f"host: 127.0.0.1\n            port: {self.mail.port}\n            ca_file: {certificate}"
        slack = f"base_url: http://127.0.0.1:{self.slack.port}\n            channel:"
        self.names: Mapping[str, str] = {
            "https://hooks.example.com": f"http://127.0.0.1:{self.hook.port}",
            "https://heartbeat.example.com": f"http://127.0.0.1:{self.heartbeat.port}",
            "host: mail.example.com": mail,
            "channel:": slack,
            "/opt/reporting-governance": str(ROOT),
        }

    def arrived(self, name: str) -> str:
        """Return the newest message that one of them got, as a person reads it."""
        if name == "mail":
            mail = self.mail.mails[-1].parsed
            body = mail.get_body(("plain",))
            assert body is not None
            return f"Subject: {mail['Subject']}\n\n{body.get_content()}"
        if name == "heartbeat":
            return "\n".join(line.rpartition(" ")[0] for line, _, _ in self.heartbeat.requests[-1:])
        message = {"hook": self.hook, "slack": self.slack}[name].bodies[-1]
        return str(message.get("text") or f"{message['subject']}\n\n{message['body']}")
