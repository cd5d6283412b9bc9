"""What `plugins list` says, held against the real OpenClaw: traps on hosts, configurations, rules."""

from __future__ import annotations

import json
import os
import random
import subprocess
from pathlib import Path

import pytest

from reporting_governance.core.plugin_ranges import in_range
from reporting_governance.core.plugin_versions import judge_floor

from .install import Program
from .plugins import making, oracle
from .plugins.asking import our_hosts, our_scenes, real_hosts, real_scenes, trapped_home
from .plugins.captured import FILE, unpacked
from .plugins.comparing import differences, our_answer, our_survey, pairs
from .plugins.making import Home, plugin, write
from .plugins.oracle import Answer

pytestmark = pytest.mark.openclaw

RULE_CASES = 40_000

#: Two functions of the program by what their files are called; the rest of a file's name changes with every release.
RULES = """
import { readdirSync, readFileSync } from "node:fs";
const [folder] = process.argv.slice(2);
const load = async (stem, text) => {
  for (const name of readdirSync(folder).filter((each) => each.startsWith(stem) && each.endsWith(".mjs"))) {
    const module = await import(`${folder}/${name}`);
    const found = Object.values(module).find((each) => each.name === text);
    if (found) return found;
  }
  throw new Error(`no ${text} in ${stem}`);
};
const floor = await load("min-host-version-", "checkMinHostVersion");
const range = await load("package-compat-", "satisfiesPluginApiRange");
const answers = JSON.parse(readFileSync(0, "utf8")).map(([kind, host, wanted]) => {
  if (kind === "range") return range(host, wanted);
  const said = floor({ currentVersion: host, minHostVersion: wanted });
  return said.ok ? "met" : said.kind;
});
console.log(JSON.stringify(answers));
"""
FLOOR_WORDS = {"invalid": "no_floor", "incompatible": "too_old", "unknown_host_version": "unknown_host", "met": "met"}


def test_every_trap_on_every_host(program: Program, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = trapped_home(tmp_path / "home")
    real = dict(real_hosts(program, home))
    ours = dict(our_hosts(home, oracle.package_of(program)))
    hold("traps on hosts", ours, real, capsys)
    kept = unpacked(json.loads(FILE.read_text())["hosts"], as_root=os.getuid() == 0)
    assert kept == real, "OpenClaw answers otherwise than when tests/data/openclaw/plugins.json was captured"


def test_every_configuration(program: Program, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    real = dict(real_scenes(program, tmp_path / "real"))
    ours = dict(our_scenes(tmp_path / "ours", oracle.package_of(program)))
    hold("configurations", ours, real, capsys)
    kept = unpacked(json.loads(FILE.read_text())["scenes"], as_root=True)
    assert kept == real, "OpenClaw answers otherwise than when tests/data/openclaw/plugins.json was captured"


def test_what_is_installed(program: Program, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Plugins that the program installed itself; then with a floor of old, sources only, and without its database."""
    package, home = oracle.package_of(program), Home(tmp_path / "home")
    sources = {
        name: plugin(tmp_path / "src" / name, pack=making.package(name)) for name in ("copied", "linked", "vault")
    }
    for arguments in ((sources["copied"],), ("--link", sources["linked"]), (sources["vault"],)):
        status, _, err = oracle.run(
            program, home, "plugins", "install", "--force", "--accept-capabilities", *map(str, arguments)
        )
        assert status == 0, err
    npm = home.state / "npm" / "projects" / "fetched"
    plugin(npm / "node_modules" / "fetched", "fetched-id", pack=making.package("fetched"))
    write(npm / "package.json", {"dependencies": {"fetched": "1.2.3", "../climbing": "1"}})
    real, ours = {}, {}

    def look(name: str) -> None:
        real[name] = oracle.brought_down(oracle.ask(program, home), home, package)
        ours[name] = our_answer(our_survey(home, package), home, package)

    look("installed")
    assert real["installed"].plugins["vault"].origin == "global", "an install goes before OpenClaw's own"
    plugin(home.loose / "later", "tracked-elsewhere")
    floor = making.package("copied", install={"minHostVersion": "2026.7.1"})
    write(home.loose / "copied" / "package.json", floor)
    plugin(home.loose / "bare", pack=making.package("bare", install={"minHostVersion": "2026.7.1"}))
    look("a floor without its sign")
    write(home.loose / "vault" / "package.json", making.package("vault", extensions=["./index.ts"]))
    (home.loose / "vault" / "index.js").rename(home.loose / "vault" / "index.ts")
    write(sources["linked"] / "package.json", making.package("linked", extensions=["./index.ts"]))
    (sources["linked"] / "index.js").rename(sources["linked"] / "index.ts")
    look("nothing built")
    assert "vault" not in {each.plugin_id for each in real["nothing built"].refused if each.reason == "overridden"}
    for path in (home.state / "state").iterdir():
        path.unlink()
    look("without the database")
    hold("what is installed", ours, real, capsys)


def test_both_rules_of_versions(program: Program, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases = [case(random.Random(number)) for number in range(RULE_CASES)]
    script = tmp_path / "rules.mjs"
    script.write_text(RULES)
    command = ["nice", str(program.node), str(script), str(oracle.package_of(program) / "dist")]
    done = subprocess.run(command, input=json.dumps(cases), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    met, wrong = 0, []
    for (kind, host, wanted), said in zip(cases, json.loads(done.stdout), strict=True):
        ours: object = in_range(host, wanted) if kind == "range" else judge_floor(wanted, host).value
        real = said if kind == "range" else FLOOR_WORDS[said]
        met += real in (True, "met")
        if ours != real:
            wrong.append((kind, host, wanted, ours, real))
    with capsys.disabled():
        print(f"\nrules of versions: {len(cases)} pairs compared ({met} met), {len(wrong)} differences")
    assert not wrong, wrong[:20]
    assert met > len(cases) // 20, "cases that nobody meets prove little"


def hold(
    what: str,
    ours: dict[str, Answer] | dict[str, Answer | None],
    real: dict[str, Answer] | dict[str, Answer | None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Compare answers by name, and print how many were compared."""
    assert list(ours) == list(real)
    compared, found = 0, []
    for name, answer in real.items():
        mine = ours[name]
        if answer is None or mine is None:
            compared += 1
            found += [] if answer is mine else [f"{name}: only one of us takes the configuration"]
            continue
        compared += pairs(mine, answer)
        found += [f"{name}: {each}" for each in differences(mine, answer)]
    with capsys.disabled():
        print(f"\n{what}: {len(real)} answers, {compared} pairs compared, {len(found)} differences that are not meant")
    assert not found, "\n".join(found[:40])


def case(luck: random.Random) -> tuple[str, str, str]:
    """Return a question to one of the rules: its kind, a host, and what is wanted of it."""

    def likely() -> str:
        tail = luck.choice(["", "", "", "-1", "-2", "-beta.5", "-beta.10", "-rc.1", "-0"])
        return f"{luck.choice(['2026'] * 5 + ['0', '2027'])}.{luck.choice('0789')}.{luck.choice('0123')}{tail}"

    def odd() -> str:
        numbers = ["0", "1", "9", "10", "33", "2026", "2027", "01", "9007199254740991", "9007199254740992"]
        main = ".".join(luck.choice(numbers) for _ in range(luck.choice([3, 3, 3, 2, 1, 4])))
        tail = luck.choice(
            ["", "-1.2", "-01", "-x-y", "-BETA.1", ".beta.3", ".beta", "-9007199254740993", "-a..b", "-"]
        )
        return f"{luck.choice(['', '', 'v', 'V', '='])}{main}{tail}{luck.choice(['', '', '+b', '+1.2', '+'])}"

    def wanted() -> str:
        parts = [luck.choice(["x", "X", "*", "2026", "7", "0", ""]) for _ in range(luck.choice([1, 2, 3]))]
        version = luck.choice([likely(), likely(), likely(), odd(), ".".join(parts)])
        return luck.choice([">=", "<=", ">", "<", "=", "^", "~", "", "~>", "=>"]) + version

    host = luck.choice([likely(), likely(), likely(), odd(), "unknown"])
    if luck.random() < 0.4:
        return (
            "floor",
            host,
            luck.choice([f">={likely()}", f">={likely()}", f">={odd()}", odd(), f">= {likely()}", "^2026.1"]),
        )
    between = luck.choice([" "] * 20 + ["  ", "\t", " || ", "||"])
    return "range", host, between.join(wanted() for _ in range(luck.choice([1, 1, 1, 2, 3]))) or "*"
