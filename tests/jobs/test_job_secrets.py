"""A secret in the arguments of a job is known by the word before it."""

import pytest

from reporting_governance.core.job_secrets import gives_a_secret_away


@pytest.mark.parametrize(
    "line",
    [
        "curl -u bob:swordfish https://example.org",
        "/usr/bin/curl --user bob:swordfish https://example.org",
        "mysqldump --password swordfish all",
        "mysqldump --password=pw all",
        "deploy --api-key 12345",
        "deploy -token 12345",
        "env PGPASSWORD=swordfish psql",
        "env MYSQL_PWD=swordfish mysql",
        "env GITHUB_TOKEN=x gh",
    ],
)
def test_what_stands_before_it_tells(line: str) -> None:
    assert gives_a_secret_away(line.split())


@pytest.mark.parametrize(
    "line",
    [
        "mysqldump --password-file /etc/pw all",
        "deploy --token /run/token",
        "deploy --token=@token.txt",
        "deploy --password",
        "deploy --password --all",
        "deploy --token= --all",
        "deploy --token-count 5",
        "docker run --user bob:staff image",
        "curl -u bob https://example.org",
        "make token=",
        "deploy --secret-name db",
        "/bin/echo token password",
        "ssh -p 22 host",
    ],
)
def test_what_is_a_file_a_flag_or_a_name_is_none(line: str) -> None:
    assert not gives_a_secret_away(line.split())
