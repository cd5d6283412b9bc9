"""GOV9xx: what `doctor` looks at: checks of a host, each ok, a warning, bad or unknown, with what was seen."""

from __future__ import annotations

from collections.abc import Mapping

from reporting_governance.commands._health_check import Rule
from reporting_governance.commands._rule_texts.example import RuleText, words
from reporting_governance.contracts.finding import FindingRule, Severity


def _rule(rule: Rule, sentence: str, advice: str, severity: Severity = Severity.ERROR) -> FindingRule:
    return FindingRule(id=rule.value, severity=severity, sentence=sentence, help=advice)


def _text(why: str, bad: str, good: str) -> RuleText:
    return RuleText(why=why, bad=words(bad), good=words(good))


#: what each check is about; how bad it is depends on what was seen, and the worst is given here
RULES: tuple[FindingRule, ...] = (
    _rule(
        Rule.FOLDER,
        "The state folder is another user's, not set up, or on a network file system.",
        "Use a folder of your own on a local disk; the first check-in or `reportgov init` makes it.",
    ),
    _rule(
        Rule.PERMISSIONS,
        "Something in the state folder is open to others or belongs to somebody else, or the umask closes files to us.",
        "Run the line that `doctor` prints, and start `run` as the owner of the state folder only.",
    ),
    _rule(
        Rule.SPACE,
        "The disk has little room or few inodes, or is mounted read-only.",
        "Make room: without it nothing can be recorded, and so nothing is sent.",
    ),
    _rule(
        Rule.PROFILE,
        "The profile was refused, or has a note.",
        "Check it with `reportgov verify-profile`; until it is mended the last good one is in force.",
    ),
    _rule(
        Rule.CAPABILITIES,
        "The profile wants what the runtime cannot do.",
        "What nobody needs may be `off` in `expectations`.",
        Severity.WARNING,
    ),
    _rule(
        Rule.SECRETS,
        "A reference to a secret leads nowhere, or everybody may read the file it names.",
        "Set the variable where `run` is started, or mend the path; `chmod 0600` closes the file.",
    ),
    _rule(
        Rule.JOURNAL,
        "The journal lacks lines, or lines were lost.",
        "`reportgov doctor --rebuild` makes the views anew; a loss stays until a person acknowledges it.",
    ),
    _rule(
        Rule.CLOCK,
        "The clock of the host was set within a day.",
        "Nothing to do once.  When it happens again and again, let one service set the clock.",
        Severity.WARNING,
    ),
    _rule(
        Rule.ZONES,
        "The host does not know a time zone that the profile names.",
        "Install the host's zone data, or correct the name.",
    ),
    _rule(
        Rule.RUNS,
        "`run` was not started for too long, or comes less often than the profile says.",
        "`reportgov schedule print` says what to install; look whether cron or the timer is alive.",
    ),
    _rule(
        Rule.TARGET,
        "A target cannot be reached, or refused what it got last.",
        "Mend its address, or what stands between; then `reportgov retry` sends what was refused again.",
    ),
    _rule(
        Rule.SOURCE,
        "A task source cannot be read, or cannot show what a condition needs.",
        "Let the owner of the state folder read what is named there.",
    ),
    _rule(
        Rule.METRICS,
        "The folder of the metrics file is not there, or closed to us.",
        "Make the folder, or correct `self.metrics_path` in the profile.",
    ),
    _rule(
        Rule.HEARTBEAT,
        "The heartbeat's address cannot be connected to.",
        "Mend `self.heartbeat_url`, or what stands between; until then the outside watch raises an alarm.",
    ),
    _rule(
        Rule.SIGNER,
        "Heads of the journal are not signed: the key is not there, open to others, or another than the journal knows.",
        "Mend what it complains of; the next `run` signs.  `keys rotate` lets another key in.",
    ),
    _rule(
        Rule.ANCHOR,
        "Who should hold signed heads of the journal never got one, or has got none for a day.",
        "Mend what it complains of; the next `run` hands it the newest head.",
    ),
    _rule(
        Rule.PLUGINS,
        "Something is wrong with the plugins of OpenClaw on this host.",
        "`reportgov plugins doctor` names each, and what to do about it.",
        Severity.WARNING,
    ),
    _rule(
        Rule.ROLES,
        "roles.yaml does not count, or names users or groups that this machine does not know.",
        "`reportgov roles check` says what is wrong, with line and column; docs/roles.md says when it counts.",
    ),
    _rule(
        Rule.DATABASE,
        "The database that holds the state is not there, does not fit this program, or lets this host do too much.",
        "`reportgov store status` says what the database says; `store migrate` and `store grants` mend the most of it.",
    ),
)

TEXTS: Mapping[str, RuleText] = {
    Rule.FOLDER.value: _text(
        "Locks of two hosts do not exclude each other on a network file system, and a second user's records would lock "
        "the first one out.",
        "state/ lies on a home that several hosts mount.",
        "state/ lies on the disk of the one host that runs `run`.",
    ),
    Rule.PERMISSIONS.value: _text(
        "Records hold what agents said.  And one run by hand as root leaves files that the next run cannot open.",
        "`sudo reportgov run` was tried once, and journal/log now holds a file of root's.",
        "`sudo -u reporter reportgov run` does the same as the owner.",
    ),
    Rule.SPACE.value: _text(
        "Nothing is sent that was not recorded first: on a full disk the watch stops, and has no room to say so.",
        "A build fills the file system that the state folder shares.",
        "The state folder has a file system, or a quota, of its own.",
    ),
    Rule.PROFILE.value: _text(
        "With a profile that is refused the last good one stays in force, so its author believes in a change that "
        "never came.",
        "A route names a receiver that was renamed.",
        "`reportgov verify-profile` stands before the copy to the host.",
    ),
    Rule.CAPABILITIES.value: _text(
        "What is wanted and cannot be done is replaced by what can; the difference is the operator's to know.",
        "inline_dispatch_blocking is preferred where nothing stands before the agent's messages.",
        "It is off, or a gate is installed in the host.",
    ),
    Rule.SECRETS.value: _text(
        "A secret that is not there is found out when the first message should leave.  One that all may read is none.",
        "${env:WEBHOOK} is set in the shell of the person who tried it, and not for cron.",
        "${file:secrets/webhook} is a file of mode 0600 beside the state folder.",
    ),
    Rule.JOURNAL.value: _text(
        "The journal is what everything else is made from, and what is proven with later.",
        "A backup was put back over a journal that had gone on.",
        "The loss was looked into, and acknowledged by a person with a comment.",
    ),
    Rule.CLOCK.value: _text(
        "When the clock jumps, everything looks early or late at once; nobody is accused until a grace has passed.",
        "Two services set the clock, a minute apart.",
        "One service slews it.",
    ),
    Rule.ZONES.value: _text(
        "A promise by calendar says 9 o'clock somewhere.  Without that place's rules nobody knows when that is.",
        "A slim image has no zone data, and the profile says Europe/Berlin.",
        "The package tzdata is installed.",
    ),
    Rule.RUNS.value: _text(
        "That cron has stopped is the one thing that the watch cannot notice by itself.",
        "The line in crontab names a checkout that was moved.",
        "The line names bin/run where it is, and a heartbeat is watched from outside.",
    ),
    Rule.TARGET.value: _text(
        "A probe says whether a target could be told now; what it did with the last notices says whether it was.",
        "The chat room was deleted: its webhook answers 404.",
        "The target names the new room, and the blocked notices were sent again.",
    ),
    Rule.SOURCE.value: _text(
        "Tasks of a source that cannot be read are not watched, and that is not the same as well.",
        "The agent's state folder has mode 0700, and is another user's.",
        "An ACL lets the owner of our state folder read it.",
    ),
    Rule.METRICS.value: _text(
        "Metrics that are not written any more look, on most dashboards, like a quiet day.",
        "The folder of node_exporter was renamed.",
        "self.metrics_path names the folder that it reads.",
    ),
    Rule.HEARTBEAT.value: _text(
        "Whoever watches from outside is not told that runs succeed, and will raise an alarm.",
        "A firewall lets nothing out to the service.",
        "The service is reached through what the firewall lets out.",
    ),
    Rule.SIGNER.value: _text(
        "Lines after the newest signed head are held together by the chain alone, and whoever can write the journal "
        "can write that anew.",
        "keys/log.key was copied back from a backup with mode 0644.",
        "keys/log.key has mode 0600 and belongs to the user who starts `run`.",
    ),
    Rule.ANCHOR.value: _text(
        "Whoever owns this host can rewrite the journal and sign it again.  Only a head that somebody else holds shows "
        "that, and only for the lines up to it.",
        "The disk with the file of heads is not mounted since the last restart.",
        "It stands in /etc/fstab, and `doctor` says that it holds the newest head.",
    ),
    Rule.PLUGINS.value: _text(
        "A plugin that is not taken does nothing and says nothing, and one that another writer turned off is missed "
        "when it is needed.",
        "A folder of plugins that everybody may write: OpenClaw leaves the plugin out.",
        "`chmod o-w` what is named, and `plugins doctor` is silent.",
    ),
    Rule.ROLES.value: _text(
        "A file that others could have written would let them choose their own role, so it gives nobody any.",
        "roles.yaml was copied from a desk with mode 0664, and from then on nobody could acknowledge anything.",
        "It belongs to the state's owner or to root, has mode 0644, and `reportgov roles check` says that it counts.",
    ),
    Rule.DATABASE.value: _text(
        "Whoever breaks into a host has the rights of its database role.  One that can only add to the log cannot make "
        "anything unsaid.",
        "The host connects as the role that made the tables.",
        "`store grants` made the roles, and the host's own is a member of reporting_governance_writer.",
    ),
}
