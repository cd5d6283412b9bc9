"""GOV0xx: what cannot be read as it stands."""

from __future__ import annotations

from collections.abc import Mapping

from reporting_governance.commands._rule_texts.example import Example, Form, RuleText, Subject, profile, whole, words

_HEAD = '{"apiVersion": "reporting-governance/v1alpha1", "kind": "DeploymentProfile",\n'


def _json(text: str) -> Example:
    """Return a whole profile in JSON; only its end is given."""
    return whole(Subject.PROFILE, Form.JSON, _HEAD + text)


_PLAIN = _json(' "metadata": {"id": "mine", "title": "Mine", "version": "1"}}')
_DEEP = "sources:\n  - {source: json, parameters: {path: %s1%s}}"

TEXTS: Mapping[str, RuleText] = {
    "GOV001": RuleText(
        why="The same bytes are other letters in another encoding.  JSON is UTF-8 (RFC 8259, section 8.1), and "
        "guessing would let two readers see two documents.",
        bad=whole(
            Subject.PROFILE,
            Form.YAML,
            "apiVersion: reporting-governance/v1alpha1\nkind: DeploymentProfile\n"
            'metadata: {id: mine, title: Überwachung, version: "1"}',
            encoding="latin-1",
        ),
        good=profile('metadata: {id: mine, title: Überwachung, version: "1"}'),
        fix="Save the file as UTF-8; `iconv -f LATIN1 -t UTF-8 OLD > NEW` does it where the old encoding is known.",
    ),
    "GOV002": RuleText(
        why="A gate reads what strangers hand in.  A limit of 10 MiB keeps one file from taking the memory and time of "
        "all others.",
        bad=words("profile.yaml has 11 MiB: somebody has put the log of a build into its summary."),
        good=words("profile.yaml has 4 KiB, and its summary names the file with the log."),
    ),
    "GOV003": RuleText(
        why="Some editors put three invisible bytes before the text.  They are read past here; other readers refuse "
        "the file, or take them for a part of the first key.",
        bad=whole(Subject.PROFILE, Form.JSON, _PLAIN.text, encoding="utf-8-sig"),
        good=_PLAIN,
    ),
    "GOV004": RuleText(
        why="A text that breaks the grammar of its language has no agreed meaning, and nothing can be said about what "
        "follows the break.",
        bad=_json(' "metadata": {"id": "mine", "title": "Mine", "version": "1",}}'),
        good=_PLAIN,
        fix="Look at the place that is marked and just before it: a comma, a quote or a bracket is missing or too "
        "many. In YAML it is often the indentation, or a tab.",
    ),
    "GOV005": RuleText(
        why="Some readers take the first of two equal keys and some the last.  A reviewer would read one value, and "
        "the program could use the other.",
        bad=_json(' "metadata": {"id": "mine", "title": "Mine", "title": "Ours", "version": "1"}}'),
        good=_PLAIN,
    ),
    "GOV006": RuleText(
        why="NaN and the infinities compare with nothing as one expects, and a number too large to hold becomes an "
        "infinity on the way.  A limit that is compared with it would never be reached.",
        bad=profile("sources:\n  - {source: json, parameters: {path: .inf}}"),
        good=profile("sources:\n  - {source: json, parameters: {path: /srv/tasks.json}}"),
    ),
    "GOV007": RuleText(
        why="UTF-16 writes some characters as two halves.  One half alone is no character, and no UTF-8 file can hold "
        "it: it could be read here and never written again.",
        bad=_json(' "metadata": {"id": "mine", "title": "Mine \\ud83d", "version": "1"}}'),
        good=_json(' "metadata": {"id": "mine", "title": "Mine \\ud83d\\ude42", "version": "1"}}'),
    ),
    "GOV008": RuleText(
        why="YAML allows numbers, lists and nothing at all as keys, JSON only strings.  Whoever turns one into the "
        "other must guess.",
        bad=profile("sources:\n  - {source: json, parameters: {1: /srv/tasks.json}}"),
        good=profile("sources:\n  - {source: json, parameters: {path: /srv/tasks.json}}"),
    ),
    "GOV009": RuleText(
        why="A tag asks the reader to make something other than plain data, and what it makes depends on the reader.  "
        "In some it starts programs.",
        bad=profile("sources:\n  - {source: json, parameters: {path: !path /srv/tasks.json}}"),
        good=profile("sources:\n  - {source: json, parameters: {path: /srv/tasks.json}}"),
    ),
    "GOV010": RuleText(
        why="An alias repeats what its anchor marked.  One without an anchor means nothing, one inside its own anchor "
        "never ends, and a few that build on each other can fill any memory.",
        bad=profile("sources:\n  - {source: json, parameters: {path: *tasks}}"),
        good=profile("sources:\n  - {source: json, parameters: {path: &tasks /srv/tasks.json}, when_present: true}"),
    ),
    "GOV011": RuleText(
        why="Readers that follow nesting with their own call stack fail somewhere between a hundred levels and a "
        "thousand.  Nothing that people write here comes near 64.",
        bad=profile(_DEEP % ("[" * 64, "]" * 64)),
        good=profile("sources:\n  - {source: json, parameters: {path: /srv/tasks.json}}"),
    ),
    "GOV012": RuleText(
        why="An empty file, or one with comments only, was most likely not meant: a step before this one failed, or "
        "wrote elsewhere.",
        bad=whole(Subject.PROFILE, Form.YAML, "# written by the next step"),
        good=profile("policy_packs: [no-silence]"),
    ),
    "GOV013": RuleText(
        why="`<<` merged mappings in YAML 1.1, and is an ordinary key in YAML 1.2.  Half of all readers would not see "
        "the values that it was to bring.",
        bad=profile("watchdog:\n  <<: {every_seconds: 1800}\n  grace_seconds: 300"),
        good=profile("watchdog:\n  every_seconds: 1800\n  grace_seconds: 300"),
    ),
    "GOV014": RuleText(
        why="A file that is wrong everywhere, such as a picture that was named for a profile, would fill the report "
        "and hide all other files in it.",
        bad=words(
            "A generated file repeats one misspelt key 4,000 times: the first findings are listed, and one note "
            "says how many more there are."
        ),
        good=words("The generator spells the key right."),
    ),
}
