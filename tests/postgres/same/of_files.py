"""Which tests of verbs speak of files, and are not run again on a database; each with its reason."""

from collections.abc import Mapping

#: module in tests/acceptance -> test -> why it says nothing of a database
OF_FILES: Mapping[str, Mapping[str, str]] = {
    "test_export_audit": {
        "test_the_log_of_another_host_is_only_read": "--journal takes a folder: another host's files",
        "test_the_gaps_are_counted_in_words": "half a line is written behind the log; a database takes a line whole",
    },
}
