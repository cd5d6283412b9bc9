"""Plugins that OpenClaw refuses, overlooks, or takes against all appearance: one small function each."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from .making import ENTRY, Home, floored, manifest, package, pipe, plugin, write


class Trap(NamedTuple):
    """One trap: its name is that of what it makes; `needs_root` when only root can make it."""

    name: str
    root: str  #: the folder of a `Home` in which it is made
    make: Callable[[Path], Any]
    needs_root: bool = False


TRAPS: list[Trap] = []


def trap(
    name: str, root: str = "loose", *, needs_root: bool = False
) -> Callable[[Callable[[Path], Any]], Callable[[Path], Any]]:
    """Take a function into the corpus."""

    def take(make: Callable[[Path], Any]) -> Callable[[Path], Any]:
        TRAPS.append(Trap(name, root, make, needs_root))
        return make

    return take


def simple(name: str, make: Callable[[Path], Any], root: str = "loose") -> None:
    """Take a function without a name of its own into the corpus."""
    TRAPS.append(Trap(name, root, make))


def without(content: Any) -> Callable[[Path], Any]:
    """Make a plugin whose manifest is this text."""

    def make(folder: Path) -> None:
        plugin(folder, pack=package(folder.name))
        write(folder / "openclaw.plugin.json", content)

    return make


def packed(content: Any) -> Callable[[Path], Any]:
    """Make a plugin whose package.json is this text."""
    return lambda folder: plugin(folder, pack=content)


def entries(extensions: Any, *files: str) -> Callable[[Path], Any]:
    """Make a plugin that names these entries and has these files."""

    def make(folder: Path) -> None:
        plugin(folder, pack=package(folder.name, extensions=extensions), entry=None)
        for each in files:
            write(folder / each, ENTRY)

    return make


# Manifests.
simple("plain", plugin)
simple("packed", lambda folder: plugin(folder, pack=package("@scope/packed")))
simple("no-manifest", lambda folder: write(folder / "index.js", ENTRY))
simple(
    "no-manifest-packed",
    lambda folder: [write(folder / "index.js", ENTRY), write(folder / "package.json", package("no-manifest-packed"))],
)
simple("broken-json", without('{"id": "broken-json", '))
simple("a-list", without([manifest("a-list")]))
simple("no-id", without({"configSchema": {}}))
simple("blank-id", without(manifest("  ")))
simple("number-id", without(manifest(7)))
simple("no-schema", without({"id": "no-schema"}))
simple("list-schema", without({"id": "list-schema", "configSchema": []}))
simple("null-schema", without({"id": "null-schema", "configSchema": None}))
simple("reserved-id", without(manifest("Node-MCP")))
simple("comments", without("// a comment\n{id: 'comments', /* two */ configSchema: {type: 'object',},}\n"))
simple("byte-order-mark", without("\ufeff" + '{"id": "byte-order-mark", "configSchema": {}}'))
simple("bad-utf8", without(b'{"id": "bad-\xff-utf8", "configSchema": {}}'))
simple("twice-the-key", without('{"id": "first-id", "id": "twice-the-key", "configSchema": {}}'))
simple("hexadecimal", without("{id: 'hexadecimal', configSchema: {a: 0xFF, b: Infinity, c: .5}}"))
simple("empty-manifest", without(""))
simple("huge-manifest", lambda folder: plugin(folder, description="x" * 262_144))
simple("large-manifest", lambda folder: plugin(folder, description="x" * 261_000))
simple("deep-manifest", without('{"id": "deep-manifest", "configSchema": {"a": ' + "[" * 400 + "]" * 400 + "}}"))
simple("spaced-id", lambda folder: plugin(folder, "  spaced-id\t"))
simple("other-id", lambda folder: plugin(folder, "quite-another"))
simple("climbing-id", lambda folder: plugin(folder, "../climbing"))
simple("slashed-id", lambda folder: plugin(folder, "a/b"))
simple("proto-id", lambda folder: plugin(folder, "__proto__"))
simple("long-id", lambda folder: plugin(folder, "long-" + "i" * 300))
simple("capital-id", lambda folder: plugin(folder, "CapitalId"))
simple("accent-id", lambda folder: plugin(folder, "ünïcode-Ä"))
simple("control-id", lambda folder: plugin(folder, "control\u001b[31m-id"))
simple("good-categories", lambda folder: plugin(folder, categories=["memory", "tools"]))
simple("bad-categories", lambda folder: plugin(folder, categories=["weather"]))
simple("many-categories", lambda folder: plugin(folder, categories=["memory", "web", "media", "voice"]))
simple("same-categories", lambda folder: plugin(folder, categories=["memory", "memory"]))
simple("no-categories", lambda folder: plugin(folder, categories=None))
simple("bad-backup", lambda folder: plugin(folder, backupResources=[{"disposition": "include", "scope": "state"}]))
simple(
    "climbing-backup",
    lambda folder: plugin(
        folder, backupResources=[{"disposition": "include", "scope": "state", "relativePath": "../x"}]
    ),
)
simple(
    "good-backup",
    lambda folder: plugin(
        folder, backupResources=[{"disposition": "include", "scope": "state", "relativePath": "a/b"}]
    ),
)
simple("foreign-keys", lambda folder: plugin(folder, platformContract="other", platformMinVersion="9999.1.1"))
simple("on-by-itself", lambda folder: plugin(folder, enabledByDefault=True))
simple("off-by-itself", lambda folder: plugin(folder, enabledByDefault=False))
simple("wants-another", lambda folder: plugin(folder, requiresPlugins=["nobody-has-this"]))
simple("wants-telegram", lambda folder: plugin(folder, requiresPlugins=["telegram"]))
simple("takes-memory", lambda folder: plugin(folder, kind="memory"))
simple("takes-context", lambda folder: plugin(folder, kind=["context-engine"]))
simple("has-channel", lambda folder: plugin(folder, channels=["pigeon"]))
simple("versioned", lambda folder: plugin(folder, version="7.0.0"))
simple("two-versions", lambda folder: plugin(folder, version="7.0.0", pack=package("two-versions")))

# package.json.
simple(
    "pack-comments",
    packed('// no\n{"name": "x", "openclaw": {"extensions": [], "install": {"minHostVersion": "nonsense"}}}'),
)
simple("pack-mark", packed("\ufeff" + '{"name": "x", "openclaw": {"extensions": []}}'))
simple("pack-broken", packed('{"openclaw": '))
simple("pack-list", packed([1]))
simple("pack-infinite", packed('{"openclaw": {"extensions": []}, "n": Infinity}'))
simple("pack-empty", packed(package("x", extensions=[])))
simple("pack-string", packed({"name": "x", "openclaw": "yes"}))
simple("pack-null", packed({"name": "x", "openclaw": None}))
simple("pack-extensions-string", packed(package("x", extensions="./index.js")))
simple("pack-extensions-null", packed({"name": "x", "openclaw": {"extensions": None}}))
simple("pack-extensions-number", packed(package("x", extensions=["./index.js", 7])))
simple("pack-extensions-blank", packed(package("x", extensions=[" "])))
simple("pack-without-extensions", packed(package("x", extensions=None)))
simple("pack-huge", packed('{"name": "x", "pad": "' + "x" * 300_000 + '", "openclaw": {"extensions": []}}'))
simple(
    "provider-name",
    lambda folder: [write(folder / "package.json", package("@me/weather-provider")), write(folder / "index.js", ENTRY)],
)


@trap("pack-linked")
def _(folder: Path) -> None:
    plugin(folder)
    write(folder / "real.json", package("x", extensions=[]))
    (folder / "package.json").symlink_to("real.json")


@trap("pack-two-names")
def _(folder: Path) -> None:
    plugin(folder, pack=package("x", extensions=[]))
    os.link(folder / "package.json", folder / "again.json")


# Entries.
simple("entry-missing", entries(["./gone.js"]))
simple("entry-climbing", entries(["../plain/index.js"]))
simple("entry-absolute", entries(["/etc/hostname"]))
simple("entry-without-dot", entries(["index.js"], "index.js"))
simple("entry-below", entries(["./src/deep/main.mjs"], "src/deep/main.mjs"))
simple("entry-folder", entries(["./src"], "src/index.js"))
simple("entry-itself", entries(["."], "index.js"))
simple("entry-spaces", entries(["  ./index.js "], "index.js"))
simple("entry-text", entries(["./notes.txt"], "notes.txt"))
simple("two-entries", entries(["./index.js", "./two.js"], "index.js", "two.js"))
simple("one-of-two", entries(["./index.js", "./gone.js"], "index.js"))
simple("same-names", entries(["./a/main.js", "./b/main.js"], "a/main.js", "b/main.js"))
simple("same-entry-twice", entries(["./index.js", "./index.js"], "index.js"))
simple("typescript-only", entries(["./index.ts"], "index.ts"))
simple("typescript-built", entries(["./src/index.ts"], "src/index.ts", "dist/index.js"))
simple("typescript-beside", entries(["./index.ts"], "index.ts", "index.mjs"))
simple("typescript-gone", entries(["./index.ts"], "dist/index.js"))
simple("typescript-module", entries(["./index.mts"], "index.mts", "index.cjs", "index.mjs"))
simple("typescript-page", entries(["./index.tsx"], "index.tsx"))
simple("typescript-plain", lambda folder: plugin(folder, entry="index.ts"))
simple("module-plain", lambda folder: plugin(folder, entry="index.mjs"))
simple("common-plain", lambda folder: plugin(folder, entry="index.cjs"))
simple("no-entry", lambda folder: plugin(folder, entry=None))
simple("entry-main", lambda folder: plugin(folder, entry="main.js"))
simple(
    "runtime-entry",
    lambda folder: plugin(folder, pack=package("x", extensions=["./index.ts"], runtimeExtensions=["./index.js"])),
)
simple("runtime-gone", lambda folder: plugin(folder, pack=package("x", runtimeExtensions=["./gone.js"])))
simple("runtime-more", lambda folder: plugin(folder, pack=package("x", runtimeExtensions=["./index.js", "./b.js"])))
simple("runtime-blank", lambda folder: plugin(folder, pack=package("x", runtimeExtensions=[""])))
simple("setup-gone", lambda folder: plugin(folder, pack=package("x", setupEntry="./setup.js")))
simple("setup-climbing", lambda folder: plugin(folder, pack=package("x", setupEntry="../setup.js")))


@trap("entry-linked-inside")
def _(folder: Path) -> None:
    plugin(folder, pack=package("x", extensions=["./link.js"]))
    (folder / "link.js").symlink_to("index.js")


@trap("entry-linked-out")
def _(folder: Path) -> None:
    plugin(folder, pack=package("x"), entry=None)
    (folder / "index.js").symlink_to("/etc/hostname")


@trap("entry-dangling")
def _(folder: Path) -> None:
    plugin(folder, pack=package("x"), entry=None)
    (folder / "index.js").symlink_to("nowhere.js")


@trap("entry-two-names")
def _(folder: Path) -> None:
    plugin(folder, pack=package("x"))
    os.link(folder / "index.js", folder / "again.js")


@trap("entry-two-names-plain")
def _(folder: Path) -> None:
    plugin(folder)
    os.link(folder / "index.js", folder / "again.js")


@trap("entry-pipe")
def _(folder: Path) -> None:
    plugin(folder, pack=package("x"), entry=None)
    pipe(folder / "index.js")


@trap("entry-linked-folder")
def _(folder: Path) -> None:
    plugin(folder, pack=package("x", extensions=["./src/index.js"]), entry=None)
    write(folder / "real" / "index.js", ENTRY)
    (folder / "src").symlink_to("real")


@trap("plain-linked-inside")
def _(folder: Path) -> None:
    plugin(folder, entry="main.js")
    (folder / "index.js").symlink_to("main.js")


@trap("plain-linked-out")
def _(folder: Path) -> None:
    plugin(folder, entry=None)
    (folder / "index.js").symlink_to("/etc/hostname")


@trap("plain-pipe")
def _(folder: Path) -> None:
    plugin(folder, entry=None)
    pipe(folder / "index.js")


@trap("plain-folder")
def _(folder: Path) -> None:
    plugin(folder, entry="index.js/inner.js")


# The manifest's file.
@trap("manifest-linked-out")
def _(folder: Path) -> None:
    plugin(folder)
    (folder / "openclaw.plugin.json").unlink()
    target = write(folder.parents[2] / "outside" / "linked.json", manifest("manifest-linked-out"))
    (folder / "openclaw.plugin.json").symlink_to(target)


@trap("manifest-linked-inside")
def _(folder: Path) -> None:
    plugin(folder)
    (folder / "openclaw.plugin.json").rename(folder / "real.json")
    (folder / "openclaw.plugin.json").symlink_to("real.json")


@trap("manifest-dangling")
def _(folder: Path) -> None:
    write(folder / "index.js", ENTRY)
    (folder / "openclaw.plugin.json").symlink_to("nowhere.json")


@trap("manifest-two-names")
def _(folder: Path) -> None:
    plugin(folder)
    os.link(folder / "openclaw.plugin.json", folder / "again.json")


@trap("manifest-pipe")
def _(folder: Path) -> None:
    write(folder / "index.js", ENTRY)
    pipe(folder / "openclaw.plugin.json")


@trap("manifest-folder")
def _(folder: Path) -> None:
    write(folder / "index.js", ENTRY)
    (folder / "openclaw.plugin.json").mkdir()


# Owners and modes.
@trap("open-to-all")
def _(folder: Path) -> None:
    plugin(folder).chmod(0o777)


@trap("open-entry")
def _(folder: Path) -> None:
    (plugin(folder) / "index.js").chmod(0o666)


@trap("open-entry-packed")
def _(folder: Path) -> None:
    (plugin(folder, pack=package("x")) / "index.js").chmod(0o646)


@trap("open-manifest")
def _(folder: Path) -> None:
    (plugin(folder) / "openclaw.plugin.json").chmod(0o666)


@trap("open-to-group")
def _(folder: Path) -> None:
    plugin(folder).chmod(0o775)


@trap("strange-owner", needs_root=True)
def _(folder: Path) -> None:
    os.chown(plugin(folder), 12345, 12345)


@trap("strange-entry", needs_root=True)
def _(folder: Path) -> None:
    os.chown(plugin(folder) / "index.js", 12345, 12345)


@trap("strange-group", needs_root=True)
def _(folder: Path) -> None:
    os.chown(plugin(folder), 0, 12345)


# Names of folders.
for _name in (
    "dist",
    "build",
    "node_modules",
    ".git",
    "coverage",
    "old.bak",
    "x.backup-1",
    "y.disabled",
    "Z.Disabled.1",
    ".yarn-cache",
):
    simple(_name, lambda folder: plugin(folder, f"in-{folder.name.lower()}"))
for _name in (".hidden", "src", "backup", "x.bak2", "with space", "ä-folder"):
    simple(_name, lambda folder: plugin(folder, f"in-{folder.name}"))
simple("loose.js", lambda path: write(path, ENTRY))
simple("nested", lambda folder: plugin(folder / "inner", "nested-inner"))
simple("empty-folder", lambda folder: folder.mkdir())
simple("aPipe", pipe)


@trap("linked-folder")
def _(folder: Path) -> None:
    plugin(folder.parents[1].parent / "outside" / "linked-target", "linked-folder")
    folder.symlink_to(folder.parents[1].parent / "outside" / "linked-target")


@trap("linked-twice")
def _(folder: Path) -> None:
    folder.symlink_to("plain")


@trap("linked-nowhere")
def _(folder: Path) -> None:
    folder.symlink_to("nowhere")


# Versions of the host.
for _name, _floor, _api in (
    ("floor-now", ">=2026.9.6", None),
    ("floor-before", ">=2026.7.1", None),
    ("floor-correction", ">=2026.7.1-2", None),
    ("floor-beta", ">=2026.7.1-beta.10", None),
    ("floor-later", ">=2027.1.1", None),
    ("floor-bare", "2026.7.1", None),
    ("floor-spaced", ">= 2026.7.1", None),
    ("floor-caret", "^2026.7.1", None),
    ("floor-number", 2026, None),
    ("floor-blank", "", None),
    ("api-now", None, ">=2026.9.6"),
    ("api-two-parts", None, "2026.8"),
    ("api-correction", None, ">=2026.7.1-2"),
    ("api-beta", None, ">=2026.7.1-beta.10"),
    ("api-caret", None, "^2026.7.1"),
    ("api-tilde", None, "~2026.7.1"),
    ("api-between", None, ">=2026.7.1 <2026.8"),
    ("api-or", None, ">=2026.7.1 || >=2026.1"),
    ("api-star", None, "*"),
    ("api-words", None, "latest"),
    ("api-blank", None, "  "),
    ("api-number", None, 7),
    ("both-floors", ">=2026.7.2", "<2026.9"),
    ("floor-and-bad-api", ">=2027.1.1", "latest"),
):  # fmt: skip
    simple(_name, lambda folder, _floor=_floor, _api=_api: floored(folder, floor=_floor, api=_api))  # type: ignore[misc]
simple(
    "floor-null", packed({"name": "x", "openclaw": {"extensions": ["./index.js"], "install": {"minHostVersion": None}}})
)
simple("install-string", packed({"name": "x", "openclaw": {"extensions": ["./index.js"], "install": "yes"}}))
simple("compat-string", packed({"name": "x", "openclaw": {"extensions": ["./index.js"], "compat": "yes"}}))
simple("compat-null", packed({"name": "x", "openclaw": {"extensions": ["./index.js"], "compat": None}}))
simple("api-and-empty", packed({"name": "x", "openclaw": {"extensions": [], "compat": {"pluginApi": ">=2027.1"}}}))
simple(
    "floor-and-no-manifest",
    lambda folder: [
        write(folder / "index.js", ENTRY),
        write(folder / "package.json", package("x", install={"minHostVersion": "no"})),
    ],
)

# Bundles made for other programs.
simple(
    "codex-bundle",
    lambda folder: write(folder / ".codex-plugin" / "plugin.json", {"name": "Codex Bundle!", "version": "0.1.0"}),
)
simple("cursor-bundle", lambda folder: write(folder / ".cursor-plugin" / "plugin.json", {"name": "cursor bundle"}))
simple("claude-bundle", lambda folder: write(folder / ".claude-plugin" / "plugin.json", {"name": "claude-bundle"}))
simple(
    "agent-bundle",
    lambda folder: write(
        folder / "plugin.json",
        {"$schema": "https://agent-plugins.org/schemas/1.0.0/plugin.schema.json", "name": "agent bundle"},
    ),
)
simple(
    "agent-nameless",
    lambda folder: write(
        folder / "plugin.json", {"$schema": "https://agent-plugins.org/schemas/1.0.0/plugin.schema.json"}
    ),
)
simple("agent-other", lambda folder: write(folder / "plugin.json", {"name": "agent-other"}))
simple("skills-bundle", lambda folder: (folder / "skills").mkdir(parents=True))
simple("settings-bundle", lambda folder: write(folder / "settings.json", {}))
simple("broken-bundle", lambda folder: write(folder / ".codex-plugin" / "plugin.json", "{"))
simple("broken-bundle-index", lambda folder: [write(folder / ".codex-plugin" / "plugin.json", "{"), plugin(folder)])
simple(
    "bundle-and-plugin",
    lambda folder: [write(folder / ".claude-plugin" / "plugin.json", {"name": "claude side"}), plugin(folder)],
)
simple(
    "bundle-and-packed",
    lambda folder: [
        write(folder / ".claude-plugin" / "plugin.json", {"name": "claude other"}),
        plugin(folder, pack=package("x")),
    ],
)
simple(
    "bundle-floored",
    lambda folder: [
        write(folder / ".claude-plugin" / "plugin.json", {"name": "bundle-floored"}),
        write(folder / "package.json", package("x", extensions=None, install={"minHostVersion": ">=2026.8.1"})),
    ],
)
simple(
    "legacy-npm",
    lambda folder: write(
        folder / "openclaw.extension.json", {"type": "npm", "name": "legacy-npm", "npmSpec": "legacy@1.0.0"}
    ),
)

# The same id more than once.
simple("telegram", plugin)
simple("again-1", lambda folder: plugin(folder, "same-id"))
simple("again-2", lambda folder: plugin(folder, "same-id"))
simple("again-3", lambda folder: plugin(folder, "same-id"), "workspace")
simple("again-4", lambda folder: plugin(folder, "same-named"), "workspace")
simple("again-5", lambda folder: plugin(folder, "same-named"), "named")
simple("again-6", lambda folder: plugin(folder, "same-named"), "named")
simple("cased-1", lambda folder: plugin(folder, "Cased"))
simple("cased-2", lambda folder: plugin(folder, "cased"))
simple("cased-bundled", lambda folder: plugin(folder, "Ollama"))
simple("long-s", lambda folder: plugin(folder, "straße"))
simple("long-ss", lambda folder: plugin(folder, "STRASSE"))
simple("vault", plugin, "workspace")
simple("github", plugin, "named")

# Roots of other kinds.
simple("work-plain", plugin, "workspace")
simple("work-default", lambda folder: plugin(folder, enabledByDefault=True), "workspace")
simple("work-entered", plugin, "workspace")
simple("work-typescript", entries(["./index.ts"], "index.ts"), "workspace")
simple("work-built", entries(["./index.ts"], "index.ts", "dist/index.js"), "workspace")
simple("work-loose.js", lambda path: write(path, ENTRY), "workspace")
simple("named-plain", plugin, "named")
simple("named-typescript", entries(["./index.ts"], "index.ts"), "named")
simple("named-built", entries(["./index.ts"], "index.ts", "dist/index.js"), "named")
simple("named-file.js", lambda path: write(path, ENTRY), "named")
simple("named-file.ts", lambda path: write(path, ENTRY), "named")
simple("named-types.d.ts", lambda path: write(path, ENTRY), "named")
simple("named-probe.test.js", lambda path: write(path, ENTRY), "named")
simple("named-notes.txt", lambda path: write(path, ENTRY), "named")
simple("node-mcp.js", lambda path: write(path, ENTRY), "named")
simple(
    "named-root",
    lambda folder: [
        plugin(folder / "inside-b"),
        plugin(folder / "inside-a"),
        write(folder / "loose-in-root.js", ENTRY),
    ],
    "named",
)
simple("named-floored", lambda folder: floored(folder, floor=">=2026.8.1"), "named")
simple("named-pipe", pipe, "named")
simple("dist-named", lambda folder: plugin(folder / "dist", "named-dist").parent, "named")
simple("named-gone", lambda folder: None, "named")


@trap("named-link", "named")
def _(folder: Path) -> None:
    folder.symlink_to(plugin(folder.parent.parent / "outside" / "named-target", "named-link"))


def make_all(home: Home, *, as_root: bool) -> list[str]:
    """Make every trap that this user can make, and return what `plugins.load.paths` must name, in order."""
    named = []
    for each in TRAPS:
        if each.needs_root and not as_root:
            continue
        path = getattr(home, each.root) / each.name
        each.make(path)
        if each.root == "named":
            named.append(str(path))
    return named
