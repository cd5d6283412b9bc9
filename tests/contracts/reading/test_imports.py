"""Reading JSON is on the path of every tick, so it must not drag in what only a faulty or a YAML text needs."""

import subprocess
import sys

HEAVY = ("yaml", "jsonschema", "jsonschema_rs", "referencing", "difflib", "urllib", "logging", "pathlib", "subprocess")


def loaded_after(program: str) -> set[str]:
    """Return the modules that a fresh interpreter has loaded after a program."""
    program += "\nimport sys; print(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-S", "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_reading_good_json_loads_nothing_heavy() -> None:
    path = f"import sys; sys.path[:0] = {[each for each in sys.path if each]!r}\n"
    before = loaded_after(path)
    loaded = loaded_after(
        path
        + "from reporting_governance.contracts.reading import read_documents\n"
        + "assert read_documents(b'{\"a\": [1]}', name='a.json').documents"
    )
    assert not (loaded - before) & set(HEAVY)
    scanners = {"json_scanner", "yaml_text", "yaml_scanner", "core_schema"}
    assert not {f"reporting_governance.contracts.reading.{each}" for each in scanners} & loaded
