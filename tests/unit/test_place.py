"""What names a state: a folder, or a database; and that no password gets onto a command line."""

import os
from pathlib import Path

import pytest

from reporting_governance.adapters.senders.secrets import SecretMissing
from reporting_governance.commands._place import Database, PasswordShown, Place, WrongState, place_of, usual_folder


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REPORTGOV_STATE", "REPORTGOV_LOCAL"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    "named",
    [
        "postgresql://db.example/gov",
        "postgres://us%65r@db.example:5433/gov?sslmode=verify-full",
        "postgresql://reportgov@one:5432,two:5432/gov?target_session_attrs=read-write",
        "postgresql://[::1]:5432/gov",
        "postgresql:///gov?host=/run/postgresql",
        "service=gov",
    ],
)
def test_a_database_and_the_folder_beside_it(named: str, tmp_path: Path) -> None:
    place = place_of(named, str(tmp_path))

    assert place == Place(str(tmp_path), Database(named))
    assert place.name == named
    assert place.options == ("--state", named, "--local", str(tmp_path))
    assert Database(named).conninfo() == named


@pytest.mark.parametrize("named", ["state", "/var/lib/a=b:c", "./service", "C:", "a=b"])
def test_a_folder(named: str) -> None:
    assert place_of(named, None) == Place(os.path.abspath(named))
    assert place_of(named, None).options == ("--state", os.path.abspath(named))


def test_variables_say_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("REPORTGOV_STATE", "service=gov")
    assert place_of(None, None) == Place(usual_folder(), Database("service=gov"))
    monkeypatch.setenv("REPORTGOV_LOCAL", str(tmp_path))
    assert place_of(None, None).local == str(tmp_path)
    assert place_of("elsewhere", None) == Place(os.path.abspath("elsewhere"))  # of no use, and no fault


@pytest.mark.parametrize(
    "named",
    [
        "postgresql://user:hunter2@db/gov",
        "postgresql://user:@db/gov",
        "postgresql://user:hun/ter2@db/gov",
        "postgresql://user:hun?ter2@db/gov",
        "postgresql://user:hunt@er2@db/gov",
        "postgresql://db/gov?password=hunter2",
        "postgresql://db/gov?%70assword=hunter2",
        "postgresql://db/gov?user=me&sslpassword=hunter2",
        "host=db password=hunter2",
        "jdbc:postgresql://user:hunter2@db/gov",
        "postgresql+psycopg://user:hunter2@db/gov",
    ],
)
@pytest.mark.parametrize("by_variable", [False, True])
def test_a_password_is_refused_and_not_repeated(named: str, by_variable: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if by_variable:
        monkeypatch.setenv("REPORTGOV_STATE", named)
    with pytest.raises(PasswordShown) as refused:
        place_of(None if by_variable else named, None)

    said = f"{refused.value} {refused.value.advice()}"
    assert "hun" not in said
    assert "ter2" not in said
    assert ".pgpass" in said
    assert "service=NAME" in said
    assert "${file:PATH}" in said


@pytest.mark.parametrize(
    "named",
    ["mysql://db/gov", "host=db dbname=gov", "service=gov user=me", "${env:URL}", "${file:}", "postgresql://a\nb"],
)
def test_what_is_no_form_is_no_folder_either(named: str) -> None:
    with pytest.raises(WrongState):
        place_of(named, None)


def test_a_relative_folder_needs_one_to_be_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(WrongState, match="the folder where you are is gone"):
        place_of("state", None)


def test_local_goes_with_a_database_only() -> None:
    with pytest.raises(WrongState, match="--local"):
        place_of("state", "local")


def test_a_url_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "url").write_text("postgresql://user:hunter2@db/gov\n")
    monkeypatch.chdir(tmp_path)
    place = place_of("${file:url}", str(tmp_path))

    assert place.database is not None
    assert place.database.conninfo() == "postgresql://user:hunter2@db/gov"
    assert place.name == f"${{file:{tmp_path}/url}}"  # another process finds it from anywhere
    assert "hunter2" not in f"{place!r} {place.options} {place.name}"


@pytest.mark.parametrize("text", ["", "hunter2", "mysql://user:hunter2@db", "postgresql://a/b\npostgresql://hunter2/c"])
def test_a_file_that_holds_something_else(text: str, tmp_path: Path) -> None:
    (tmp_path / "url").write_text(text)
    with pytest.raises((WrongState, SecretMissing)) as refused:
        Database(f"${{file:{tmp_path}/url}}").conninfo()
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("password", ["hun/ter2", "hun?ter2", "hun#ter2", "hun@ter2", "hun:ter2", "hun%ter2"])
def test_a_password_in_a_file_that_would_be_taken_for_something_else(password: str, tmp_path: Path) -> None:
    """libpq would call part of it a port or a host, and say that part."""
    (tmp_path / "url").write_text(f"postgresql://user:{password}@db:5432/gov?sslmode=require")
    with pytest.raises(WrongState, match="percent-encoded") as refused:
        Database(f"${{file:{tmp_path}/url}}").conninfo()
    assert "ter2" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user:hun%2Fter2@db:5432/gov?sslmode=require&application_name=a@b",
        "postgresql://user:pw@one:5432,two:5433/gov",
        "postgresql://user:pw@[::1]:5432,[::2]/gov",
        "postgresql://user:pw@/gov?host=/run/postgresql&port=5433",
        "postgresql://db",
    ],
)
def test_a_url_in_a_file_as_libpq_reads_it(url: str, tmp_path: Path) -> None:
    (tmp_path / "url").write_text(url)
    assert Database(f"${{file:{tmp_path}/url}}").conninfo() == url
