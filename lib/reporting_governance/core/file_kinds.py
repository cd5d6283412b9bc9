"""Which files are code, which are settings and data, and which are documents.

Code needs a check after its last change.  Settings and data need none where nothing but they was changed; settings by
which a project is built, checked or deployed are code.
"""

from __future__ import annotations

from enum import StrEnum


class FileKind(StrEnum):
    """What a changed file is."""

    CODE = "code"  #: everything that is neither of the others
    CONFIGURATION = "configuration"  #: settings and data
    DOCUMENT = "document"  #: for people: texts, pictures


_DOCUMENT_ENDINGS = frozenset(
    """md markdown rst txt adoc asciidoc org tex rtf pdf doc docx odt csv png jpg jpeg gif svg webp ico drawio puml
    log out patch diff bib pot""".split()
)
_CODE_ENDINGS = frozenset(
    """py pyi js jsx mjs cjs ts tsx mts cts go rs c h cc cpp hpp cs java kt kts scala rb php swift m mm pl sh bash zsh
    sql html css scss vue svelte lua ex exs erl hs ml clj dart r jl zig nix tf ipynb""".split()
)
_DOCUMENT_NAMES = frozenset(
    "license licence copying changelog changes news authors contributors notice readme contributing todo history "
    "maintainers codeowners security code_of_conduct".split()
)
_DOCUMENT_FOLDERS = frozenset("docs doc documentation man".split())
_CONFIGURATION_ENDINGS = frozenset(
    """json jsonc json5 jsonl ndjson toml yaml yml ini cfg conf config properties env xml plist tsv geojson strings po
    editorconfig gitignore gitattributes dockerignore prettierignore eslintignore npmignore""".split()
)
#: settings by which a project is built, checked and deployed: names, and how names begin and end
_BUILD_NAMES = frozenset(
    """package.json package-lock.json pnpm-lock.yaml pnpm-workspace.yaml yarn.lock composer.json composer.lock
    pyproject.toml setup.cfg tox.ini pytest.ini noxfile.py mypy.ini ruff.toml .ruff.toml .flake8 .pylintrc pipfile.lock
    poetry.lock uv.lock cargo.toml cargo.lock go.mod go.sum go.work pom.xml build.xml ivy.xml packages.config
    nuget.config
    deno.json deno.jsonc bunfig.toml nx.json turbo.json lerna.json rush.json project.json angular.json biome.json
    babel.config.json .babelrc .npmrc .nvmrc vercel.json netlify.toml fly.toml app.json wrangler.toml firebase.json
    serverless.yml serverless.yaml bitbucket-pipelines.yml azure-pipelines.yml appveyor.yml cloudbuild.yaml
    .gitlab-ci.yml .travis.yml .drone.yml .pre-commit-config.yaml codecov.yml dependabot.yml renovate.json compose.yml
    compose.yaml chart.yaml skaffold.yaml pubspec.yaml pubspec.lock mix.lock package.xml androidmanifest.xml info.plist
    cmakepresets.json vcpkg.json conanfile.txt meson.options rebar.config stack.yaml bazel.lock global.json""".split()
)
_BUILD_BEGINNINGS = (
    "tsconfig", "jsconfig", "docker-compose", "dockerfile", "jest.config", "vitest.config", ".eslintrc",
    "eslint.config", ".prettierrc", ".stylelintrc", ".mocharc", ".nycrc", ".swcrc", "cypress.", "playwright.",
    "directory.build",
)  # fmt: skip
_BUILD_FOLDERS = frozenset((".github", ".circleci", ".gitlab", ".buildkite", ".husky", ".cargo", ".devcontainer"))
#: what tests are compared with is part of them
_TEST_FOLDERS = frozenset("tests test spec specs __tests__ fixtures testdata __snapshots__ cassettes".split())
#: text files that programs read
_CODE_NAMES = ("requirements", "constraints", "cmakelists", "robots", "runtime", "packages")


def kind_of_file(path: str) -> FileKind:
    """Return what a file is, by its name and by where it lies."""
    parts = [part.lower() for part in path.replace("\\", "/").split("/") if part not in ("", ".")]
    if not parts:
        return FileKind.CODE
    name, folders = parts[-1], parts[:-1]
    stem, _, ending = name.rpartition(".")
    if ending in _CODE_ENDINGS and stem:
        return FileKind.CODE
    if (stem or name).startswith(_CODE_NAMES) and ending == "txt":
        return FileKind.CODE
    if ending in _CONFIGURATION_ENDINGS or name.startswith(".env"):
        return _kind_of_settings(name, folders)
    if (stem or name) in _DOCUMENT_NAMES or (stem and ending in _DOCUMENT_ENDINGS):
        return FileKind.DOCUMENT
    return FileKind.DOCUMENT if any(part in _DOCUMENT_FOLDERS for part in folders) else FileKind.CODE


def _kind_of_settings(name: str, folders: list[str]) -> FileKind:
    if name in _BUILD_NAMES or name.startswith(_BUILD_BEGINNINGS):
        return FileKind.CODE
    inside = _BUILD_FOLDERS | _TEST_FOLDERS
    return FileKind.CODE if any(part in inside for part in folders) else FileKind.CONFIGURATION


def is_code(path: str) -> bool:
    """Return whether a changed file is code: it needs a check after its last change."""
    return kind_of_file(path) is FileKind.CODE
