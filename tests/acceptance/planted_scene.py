"""One deployment in which every secret is a planted token, and every peer gives away what it was given."""

import base64
import json
import os
import ssl
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml

from tests.acceptance.planting import USER, CommandLines, program, refusal, token
from tests.acceptance.verbs import ROOT, Verbs
from tests.adapters.senders import peers
from tests.adapters.senders.mail_peers import MailPeer
from tests.adapters.senders.peers import Receiver, own_certificate

#: What each web API needs beside its address.
APIS: Mapping[str, Mapping[str, str]] = {
    "slack": {"token": "${env:SLACK}", "channel": "C0123456789"},
    "telegram": {"token": "${env:TELEGRAM}", "chat_id": "-1001"},
    "ntfy": {"token": "${env:NTFY}", "topic": "notices"},
    "pushover": {"token": "${env:PUSHOVER}", "user": "${env:PUSHOVER_USER}"},
    "pagerduty": {"routing_key": "${env:PAGERDUTY}", "api_token": "${env:PAGERDUTY_API}"},
    "matrix": {"token": "${env:MATRIX}", "room_id": "!room:example.org"},
}
HOOK = ("HOOK_PATH", "HOOK_QUERY", "HOOK_HEADER", "HOOK_FILE", "HOOK_SIGN")


@dataclass
class Scene:
    """What is deployed, and everything that anybody could read afterwards."""

    folder: Path
    stack: ExitStack
    lines: CommandLines = field(default_factory=CommandLines)
    names: set[str] = field(default_factory=set)  #: of all tokens
    reached: dict[str, Receiver | MailPeer] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    targets: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    sources: list[Mapping[str, Any]] = field(default_factory=list)
    said: dict[str, bytes] = field(default_factory=dict)  #: what each command wrote

    @property
    def verbs(self) -> Verbs:
        """The verbs of this deployment; what they write beside the state goes where we look for it."""
        folders = {"TMPDIR": str(self.folder / "seen/tmp"), "HOME": str(self.folder / "seen/home")}
        options = ("--profile", str(self.folder / "profile.yaml"))
        return Verbs(self.folder / "seen/state", {**self.variables, **folders}, options)

    def secret(self, name: str) -> str:
        """Plant a token in the environment of cron; return how a profile names it."""
        self.names.add(name)
        self.variables[name] = token(name)
        return f"${{env:{name}}}"

    def kept(self, name: str) -> str:
        """Plant a token in a file."""
        self.names.add(name)
        path = self.folder / f"{name}.key"
        path.write_text(token(name) + "\n")
        return f"${{file:{path}}}"

    def whole(self, name: str, template: str) -> str:
        """Plant a whole address or header, of which the token is only a part."""
        self.names.add(name)
        self.variables[name] = template.format(token(name))
        return f"${{env:{name}}}"

    def peer(self, name: str, behaviour: peers.Behaviour, *, tls: ssl.SSLContext | None = None) -> Receiver:
        """Let a web server listen that behaves so; it looks at the command lines while it is spoken to."""
        peers.BEHAVIOURS[f"planted {name}"] = behaviour  # type: ignore[index]
        receiver = self.stack.enter_context(Receiver(f"planted {name}", tls=tls, noted=self.lines.look))
        self.reached[name] = receiver
        return receiver

    def webhook(self, target: str, url: str, **parameters: Any) -> None:
        self.targets[target] = {
            "sender": "webhook",
            "parameters": {"url": url, "timeout_seconds": 5, **parameters},
        }

    def call(self, *arguments: object, given: str | None = None, also: Mapping[str, str] | None = None) -> int:
        """Run a verb, keep what it writes, and return its exit code."""
        verbs = self.verbs
        ended = Verbs(verbs.state, {**verbs.environment, **(also or {})}, verbs.options).call(*arguments, given=given)
        self.said[f"{len(self.said)} {' '.join(map(str, arguments))}"] = (ended.out + "\0" + ended.err).encode()
        return ended.code

    def texts(self) -> Mapping[str, bytes]:
        """Return everything that anybody could read: files with their names, outputs, command lines."""
        found = dict(self.said)
        for where, folders, files in os.walk(self.folder / "seen"):
            found[where] = " ".join((where, *folders, *files)).encode()
            for path in (Path(where, name) for name in files):
                if path.is_file():
                    found[str(path.relative_to(self.folder))] = path.read_bytes()
        found["command lines"] = b"\n".join(sorted(self.lines.seen))
        return found


def _echoing(scene: Scene, target: str, names: Sequence[str], status: int = 400) -> str:
    """Return the address of a web server that refuses, and repeats these tokens."""
    kind = {"Content-Type": "application/json", "X-Said": token(names[0])}
    receiver = scene.peer(target, peers.reply(status, refusal(names), kind))
    return f"http://127.0.0.1:{receiver.port}"


def _webhooks(scene: Scene) -> None:
    for target, status in (("hook", 400), ("hook-ok-false", 200), ("hook-later", 503)):
        base = _echoing(scene, target, HOOK, status)
        tail = f"HOOK_TAIL_{status}"  # a profile must not hold a query itself
        scene.names.add("HOOK_QUERY")
        scene.variables[tail] = f"{token('HOOK_PATH')}?key={token('HOOK_QUERY')}"
        scene.webhook(
            target,
            f"{base}/{scene.secret('HOOK_PATH')}/${{env:{tail}}}",
            headers={"X-Api-Key": scene.secret("HOOK_HEADER"), "Authorization": f"Bearer {scene.kept('HOOK_FILE')}"},
            secret=scene.secret("HOOK_SIGN"),
        )
    base = _echoing(scene, "hook-stored", ("HOOK_ID",), 200).replace("false", "true")
    identity = json.dumps({"ok": True, "message": {"id": token("HOOK_ID")}}).encode()
    peers.BEHAVIOURS["planted hook-stored"] = peers.reply(200, identity)  # type: ignore[index]
    scene.webhook("hook-stored", f"{base}/{scene.secret('HOOK_ID')}", ack_json_pointer="/message/id")
    base = _echoing(scene, "hook-whole", ("WHOLE_URL", "WHOLE_HEADER", "WHOLE_BASIC"))
    pair = base64.b64encode(f"{USER}:{token('WHOLE_BASIC')}".encode()).decode()
    scene.names.add("WHOLE_BASIC")
    scene.variables["WHOLE_BASIC"] = f"Basic {pair}"
    scene.webhook(
        "hook-whole",
        scene.whole("WHOLE_URL", f"{base}/services/T0/{{}}?v=1"),
        headers={
            "X-Auth": scene.whole("WHOLE_HEADER", "Token token={}"),
            "Authorization": "${env:WHOLE_BASIC}",
        },
    )
    nobody = _echoing(scene, "hook-user", ("USERINFO",)).partition("//")[2]
    scene.webhook("hook-user", scene.whole("USERINFO", f"http://{USER}:{{}}@{nobody}/"))
    away = {"Location": f"http://127.0.0.1:1/{token('MOVED')}?again={token('MOVED')}"}
    for status in (302, 307):
        moved = scene.peer(f"hook-{status}", peers.reply(status, token("MOVED").encode(), away))
        scene.webhook(f"hook-{status}", f"http://127.0.0.1:{moved.port}/{scene.secret('MOVED')}")


def _tls(scene: Scene) -> None:
    """An unknown certificate; a known one of another name; a name that does not exist; a port with nobody."""
    context, certificate = own_certificate(scene.folder)
    unknown = scene.peer("tls-unknown", peers.reply(200), tls=context)
    other = scene.peer("tls-other", peers.reply(200), tls=context)
    scene.webhook("tls-unknown", scene.whole("TLS_URL", f"https://127.0.0.1:{unknown.port}/{{}}"))
    scene.webhook("tls-other", f"https://localhost:{other.port}/{scene.secret('TLS_PATH')}", ca_file=str(certificate))
    scene.webhook("no-name", scene.whole("NAME_URL", "https://{}.invalid/x"))
    scene.webhook("no-port", f"https://127.0.0.1:1/{scene.secret('NOBODY_PATH')}")


def _apis(scene: Scene) -> None:
    for sender, parameters in APIS.items():
        names = [value[6:-1] for value in parameters.values() if value.startswith("${")]
        for name in names:
            scene.secret(name)
        asked_later = [name for name in names if name == "PAGERDUTY_API"]  # it is not sent with a message
        base = _echoing(scene, sender, [name for name in names if name not in asked_later])
        elsewhere = {"api_url": _echoing(scene, "pagerduty-api", asked_later)} if asked_later else {}
        scene.targets[sender] = {
            "sender": sender,
            "parameters": {**parameters, **elsewhere, "base_url": base, "timeout_seconds": 5},
        }


def _mail(scene: Scene) -> None:
    secret = token("MAIL_PASSWORD")
    torn = f"=550-5.7.1 no {secret[:13]}\r\n550 {secret[13:]} is known@rcpt"
    for target, script in (("mail-auth", "echo@auth"), ("mail-rcpt", "echo@rcpt"), ("mail-torn", torn)):
        peer = scene.stack.enter_context(MailPeer(script=(script,)))
        scene.reached[target] = peer
        scene.targets[target] = {
            "sender": "smtp",
            "parameters": {
                "host": "127.0.0.1",
                "port": peer.port,
                "tls": "none",
                "user": USER,
                "password": scene.secret("MAIL_PASSWORD"),
                "from_address": "watch@example.org",
                "to_address": "ops@example.org",
                "timeout_seconds": 5,
            },
        }


def _programs(scene: Scene) -> None:
    def script(name: str, text: str) -> list[str]:
        path = scene.folder / f"{name}.py"
        path.write_text(text)
        return [sys.executable, str(path)]

    env = {"KEY": scene.secret("PROGRAM_ENV"), "LOGIN": scene.whole("PROGRAM_WHOLE", f"{USER}:{{}}")}
    names = {"KEY": "PROGRAM_ENV"}
    refused = script("refuses", program(names, code=3).replace("assert os", "assert 1 or os"))
    both = program({**names, "OTHER": "PROGRAM_WHOLE"}, code=3).replace("os.environ[variable] == value", "variable")
    for target, argv in (("program", refused), ("program-whole", script("whole", both))):
        scene.targets[target] = {"sender": "command", "parameters": {"argv": argv, "env": env}}
    stored = script("stores", program(names, code=0, identity="KEY"))
    scene.targets["program-stored"] = {
        "sender": "command",
        "parameters": {"argv": stored, "env": env, "best_proof": "stored"},
    }
    gateway = {"OPENCLAW_GATEWAY_TOKEN": scene.secret("OPENCLAW")}
    told = script("openclaw", program({"OPENCLAW_GATEWAY_TOKEN": "OPENCLAW"}, code=1))
    scene.targets["openclaw"] = {
        "sender": "openclaw",
        "parameters": {"channel": "telegram", "to": "4242", "command": told, "env": gateway},
    }
    listing = script("lists", program({"KEY": "SOURCE_ENV"}, code=4))
    scene.sources.append(
        {"source": "command", "parameters": {"argv": listing, "env": {"KEY": scene.secret("SOURCE_ENV")}}}
    )


def _apprise(scene: Scene) -> None:
    if find_spec("apprise") is None:
        return
    base = _echoing(scene, "apprise", ("APPRISE_USER", "APPRISE_PATH")).partition("//")[2]
    scene.names |= {"APPRISE_USER", "APPRISE_PATH"}
    scene.variables["APPRISE"] = f"json://{USER}:{token('APPRISE_USER')}@{base}/{token('APPRISE_PATH')}"
    scene.targets["apprise"] = {"sender": "apprise", "parameters": {"url": "${env:APPRISE}"}}


def deploy(folder: Path, stack: ExitStack) -> Scene:
    """Let all peers listen, and write the profile that tells all of them."""
    scene = Scene(folder, stack)
    for each in ("seen/tmp", "seen/home", "seen/metrics"):
        (folder / each).mkdir(parents=True)
    for plant in (_webhooks, _tls, _apis, _mail, _programs, _apprise):
        plant(scene)
    ping = _echoing(scene, "heartbeat", ("PING_PATH", "PING_QUERY"), 404)
    scene.names |= {"PING_PATH", "PING_QUERY"}
    scene.variables["PING"] = f"{ping}/{token('PING_PATH')}?key={token('PING_QUERY')}"
    document = yaml.safe_load((ROOT / "profiles/minimal-solo-mode.yaml").read_text())
    targets = {"outbox": {"sender": "file", "parameters": {"path": "outbox/notices.jsonl"}}, **scene.targets}
    targets["outer"] = {"sender": "external", "parameters": {"folder": "outer"}}
    document["notification"] |= {"receivers": {"operator": {"targets": targets}}}
    document["sources"] += scene.sources
    document["self"] |= {
        "metrics_path": str(folder / "seen/metrics/reportgov.prom"),
        "heartbeat_url": "${env:PING}",
        "heartbeat_start": True,
    }
    (folder / "profile.yaml").write_text(json.dumps(document))
    return scene
