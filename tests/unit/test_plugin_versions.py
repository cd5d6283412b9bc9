"""Versions of OpenClaw and the two rules by which a plugin names the hosts it wants."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting_governance.core.plugin_ranges import in_range
from reporting_governance.core.plugin_versions import (
    FloorVerdict,
    Version,
    compare_calendar,
    compare_semantic,
    judge_floor,
    parse_host_version,
    parse_version,
)

#: oldest first, as OpenClaw orders them
IN_ORDER = [
    "0.9.0",
    "2026.7.1-alpha.1",
    "2026.7.1-beta.5",
    "2026.7.1-beta.10",
    "2026.7.1-rc.1",
    "2026.7.1",
    "2026.7.1-0",
    "2026.7.1-1",
    "2026.7.1-2",
    "2026.7.1-10",
    "2026.7.2-1.2",
    "2026.7.2-beta.1",
    "2026.7.2",
    "2026.7.33",
    "2026.10.1",
    "2027.1.1-beta.1",
]

#: host, floor, met by `install.minHostVersion`, met by `compat.pluginApi`: measured with OpenClaw 2026.9.6
MEASURED = [
    ("2026.7.1", "2026.7.1-2", False, True),
    ("2026.7.1-1", "2026.7.1-2", False, True),
    ("2026.7.1-1", "2026.7.1", True, True),
    ("2026.7.1-beta.5", "2026.7.1", False, True),
    ("2026.7.1-beta.5", "2026.7.1-beta.10", False, False),
    ("2026.7.2-beta.1", "2026.7.2", False, True),
    ("2026.7.2-beta.1", "2026.7.1-2", True, True),
    ("2026.7.1.beta.3", "2026.7.0", True, False),
    ("v2026.7.1", "2026.7.1", True, True),
    ("unknown", "2026.7.1", False, False),
    ("2026.7", "2026.7.1", False, False),
]

identifiers = st.one_of(st.integers(0, 12), st.sampled_from(["alpha", "beta", "rc", "x-y", "B"]))
versions = st.builds(
    Version,
    st.tuples(st.sampled_from([0, 2025, 2026]), st.integers(0, 12), st.integers(0, 3)),
    st.lists(identifiers, max_size=3).map(tuple),
)


def text(version: Version) -> str:
    """Return a version as it is written."""
    tail = ".".join(map(str, version.prerelease))
    return ".".join(map(str, version.main)) + (f"-{tail}" if tail else "")


def parsed(written: str) -> Version:
    version = parse_host_version(written)
    assert version is not None
    return version


class TestOrder:
    def test_prereleases_come_before_the_release_and_corrections_after_it(self) -> None:
        for position, left in enumerate(IN_ORDER):
            for other, right in enumerate(IN_ORDER):
                expected = (position > other) - (position < other)
                assert compare_calendar(parsed(left), parsed(right)) == expected, (left, right)

    @given(versions, versions, versions)
    def test_it_is_a_total_order(self, one: Version, two: Version, three: Version) -> None:
        assert compare_calendar(one, two) == -compare_calendar(two, one)
        assert (compare_calendar(one, two) == 0) == (one == two)
        if compare_calendar(one, two) <= 0 and compare_calendar(two, three) <= 0:
            assert compare_calendar(one, three) <= 0

    @given(versions, versions)
    def test_only_corrections_part_it_from_semantic_order(self, one: Version, two: Version) -> None:
        if not (one.is_correction or two.is_correction):
            assert compare_calendar(one, two) == compare_semantic(one, two)

    def test_a_number_too_long_to_count_is_compared_as_javascript_does(self) -> None:
        assert compare_semantic(parsed("1.0.0-9007199254740993"), parsed("1.0.0-9007199254740992")) == 0


class TestParsing:
    @given(versions)
    def test_what_is_written_is_read(self, version: Version) -> None:
        assert parse_version(text(version)) == version
        assert parse_version(f"v{text(version)}+build.7") == version

    @pytest.mark.parametrize(
        "written",
        [
            "",
            "2026.7",
            "2026.07.1",
            "V2026.7.1",
            "=2026.7.1",
            "2026.7.1-",
            "2026.7.1-01",
            "2026.7.1-a..b",
            "2026.7.1+",
            "2026.7.9007199254740992",
            "2026.7.1.4",
            "2026.7.1 x",
            "١.٢.٣",
            "1.2.3-" + "a" * 251,
        ],
    )
    def test_what_is_no_version(self, written: str) -> None:
        assert parse_version(written) is None

    def test_the_old_form_of_betas(self) -> None:
        assert parse_host_version("2026.1.2.beta.3") == parse_version("2026.1.2-beta.3")
        assert parse_host_version("2026.1.2.beta") == parse_version("2026.1.2-beta")
        assert parse_version("2026.1.2.beta.3") is None

    @given(st.text())
    def test_no_text_breaks_it(self, written: str) -> None:
        parse_host_version(written)
        judge_floor(written, written)
        in_range(written, written)


class TestFloor:
    @pytest.mark.parametrize(("host", "floor", "met", "_"), MEASURED)
    def test_measured(self, host: str, floor: str, met: bool, _: bool) -> None:
        assert (judge_floor(f">={floor}", host) is FloorVerdict.MET) is met

    @pytest.mark.parametrize(
        "floor",
        [
            None,
            7,
            True,
            [],
            {},
            "",
            "2026.9.1",
            ">= 2026.9.1",
            ">=v2026.9.1",
            ">=2026.09.1",
            "^2026.9.1",
            ">=2026.9",
            ">2026.9.1",
            "*",
        ],
    )
    def test_what_is_no_floor_is_met_by_nobody(self, floor: object) -> None:
        assert judge_floor(floor, "2026.9.6") is FloorVerdict.NO_FLOOR

    def test_a_bare_version_counts_for_an_installed_plugin_only(self) -> None:
        assert judge_floor("2026.9.1", "2026.9.6", bare=True) is FloorVerdict.MET
        assert judge_floor("2026.9.7", "2026.9.6", bare=True) is FloorVerdict.TOO_OLD

    def test_a_host_without_a_version_is_not_called_too_old(self) -> None:
        assert judge_floor(">=2026.9.1", "unknown") is FloorVerdict.UNKNOWN_HOST

    @given(versions, versions)
    def test_it_is_met_exactly_from_the_floor_on(self, host: Version, floor: Version) -> None:
        met = judge_floor(f">={text(floor)}", text(host)) is FloorVerdict.MET
        assert met is (compare_calendar(host, floor) >= 0)


class TestRange:
    @pytest.mark.parametrize(("host", "floor", "_", "met"), MEASURED)
    def test_measured(self, host: str, floor: str, _: bool, met: bool) -> None:
        assert in_range(host, f">={floor}") is met

    @pytest.mark.parametrize(
        ("wanted", "met"),
        [
            ("*", True),
            ("2026", True),
            ("2026.x", True),
            ("2026.8", True),
            ("2026.10", False),
            ("=2026.9", False),
            ("2026.9.6", True),
            ("2026.9.5", False),
            ("~2026.9", True),
            ("~2026.8", False),
            ("^2026.3.1", True),
            ("^2025.3.1", False),
            (">2026.9", True),
            (">2026", False),
            ("<=2026", True),
            ("<2026.9.x", False),
            (">=2026.8 <2026.10", True),
            (">=2026.8 <2026.9", False),
            (">=2026.8 || >=2026.1", False),
            (">=2026.8||>=2026.1", False),
            (">= 2026.8", False),
            ("~>2026.9", False),
            ("==2026.9.6", False),
            ("latest", False),
            (">", False),
            ("", False),
            ("x.9", False),
            ("<*", False),
            ("2026.9.6+build", True),
            ("^0.0.1", False),
        ],
    )
    def test_what_2026_9_6_is_in(self, wanted: str, met: bool) -> None:
        assert in_range("2026.9.6", wanted) is met

    @pytest.mark.parametrize(
        ("host", "wanted", "met"),
        [
            ("0.0.1", "^0.0.1", True),
            ("0.0.2", "^0.0.1", False),
            ("0.1.9", "^0.1.2", True),
            ("0.2.0", "^0.1.2", False),
            ("0.1.9", "^0.1", True),
            ("0.9.0", "^0", True),
            ("1.2.3-beta.4", "^1.2.3-beta.2", True),
            ("0.0.1-beta.4", "^0.0.1-beta.2", True),
            ("1.3.0", "~1.2.3-beta.2", False),
            ("1.2.9", "~1.2.3-beta.2", True),
            ("1.9.0", "~1", True),
            ("2.0.0", "~1", False),
        ],
    )
    def test_carets_and_tildes(self, host: str, wanted: str, met: bool) -> None:
        assert in_range(host, wanted) is met

    @given(versions, versions)
    def test_from_and_below_share_the_hosts(self, host: Version, limit: Version) -> None:
        assert in_range(text(host), f">={text(limit)}") is not in_range(text(host), f"<{text(limit)}")

    @given(versions, versions, versions)
    def test_all_comparators_must_hold(self, host: Version, one: Version, two: Version) -> None:
        left, right = f">={text(one)}", f"<={text(two)}"
        assert in_range(text(host), f"{left} {right}") is (in_range(text(host), left) and in_range(text(host), right))

    @given(versions)
    def test_a_star_takes_every_version_and_no_other_text(self, host: Version) -> None:
        assert in_range(text(host), "*")
        assert not in_range(f"{text(host)}!", "*")
