"""What must become of a message for every sender and every fault: written down from what is promised, not from a run.

A word of these tables is one whole story; `words.py` says what each means.  A letter says why a fault cannot happen
(`CANNOT`).  Nothing here is made by the program under test.
"""

from collections.abc import Mapping

#: Each fault, as it is brought about.
FAULTS: Mapping[str, str] = {
    "no fault": "the peer does what it should",
    "refused": "nobody listens, or the program or the outbox cannot be opened",
    "DNS": "the name does not exist",
    "TLS": "a certificate that nobody vouches for",
    "hang": "the whole message was taken, and nothing is ever said",
    "drip": "the same, and one byte at a time is said for ever",
    "reset": "the connection breaks while the message is on its way",
    "truncated": "the message was taken, and the answer breaks off",
    "3xx": "the answer is to go elsewhere",
    "4xx": "refused for good; of mail: not now, which is what its 4xx says",
    "429": "asked to come back later, with a time where one can be named",
    "5xx": "the receiver's own failure; of mail: refused for good",
    "200 ok:false": "status 200 or exit 0, and the answer says that it failed",
    "HTML page": "a sign-in page answers instead of the receiver",
    "one of two": "the receiver has two targets, and one refuses for good",
    "drop": "the whole message was taken, and the connection ends without a word",
    "kill -9 before": "the bridge dies when its attempt is recorded and nothing has been sent",
    "kill -9 during": "the bridge dies when the receiver has half of the message, which is lost",
    "kill -9 after": "the bridge dies when the receiver has said yes and that is not recorded",
    "second bridge, first": "another bridge takes the item while ours is about to",
    "second bridge, later": "another bridge runs when ours has recorded its attempt and not sent yet",
    "second bridge, slept": "ours sleeps after its attempt until that is over, another takes over, ours wakes",
    "two bridges at once": "two bridges, each a process of its own, start at the same moment",
    "late answer": "the answer comes when the limit is over; from outside, where there is a way in",
}

CANNOT: Mapping[str, str] = {
    "a": "a file of this machine: no network, no peer that answers",
    "b": "the program's own affair: what it met, it says by its exit",
    "c": "whoever sends for us meets it; what they hand in says how it went",
    "d": "mail has no such answer: a reply is a code, and names no wait",
    "e": "OpenClaw meets it, and its words are those of DNS",
    "f": "OpenClaw follows or hides it; nothing of it reaches its output",
}

#: A file, a program, a file for somebody else, OpenClaw's program: no network of ours.
LOCAL = """
fault                | file       | command  | external  | openclaw
no fault             | told       | told     | told      | told
refused              | not sent   | not sent | not sent  | not sent
DNS                  | a          | b        | c         | doubt 0
TLS                  | a          | b        | c         | e
hang                 | untouched  | doubt 1  | unclaimed | doubt 1
drip                 | a          | doubt 1  | c         | doubt 1
reset                | a          | doubt 0  | c         | doubt 0
truncated            | not sent   | weak     | c         | weak
3xx                  | a          | b        | c         | f
4xx                  | a          | refused  | bounced   | refused
429                  | a          | later 120| c         | later 2
5xx                  | a          | later    | c         | later
200 ok:false         | a          | weak 0   | c         | doubt 0
HTML page            | a          | weak 0   | c         | doubt 0
one of two           | not sent   | refused  | bounced   | refused
drop                 | a          | doubt 1  | c         | doubt 1
kill -9 before       | told       | doubt 0  | doubt 0   | doubt 0
kill -9 during       | told       | doubt 0  | told      | doubt 0
kill -9 after        | told       | doubt 1  | told      | doubt 1
second bridge, first | told       | told     | told      | told
second bridge, later | told       | told     | told      | told
second bridge, slept | told       | not begun| not begun | not begun
two bridges at once  | told       | told     | told      | told
late answer          | a          | late     | too late  | doubt 1
"""

#: Only what breaks after the end of the content was said can have arrived (RFC 5321, 4.1.1.10).
MAIL = """
fault                | smtp
no fault             | told
refused              | not sent
DNS                  | not sent
TLS                  | not sent
hang                 | doubt 1
drip                 | doubt 1
reset                | not sent
truncated            | doubt 1
3xx                  | refused
4xx                  | later
429                  | d
5xx                  | refused
200 ok:false         | d
HTML page            | not sent
one of two           | refused
drop                 | doubt 1
kill -9 before       | doubt 0
kill -9 during       | doubt 0
kill -9 after        | doubt 1
second bridge, first | told
second bridge, later | told
second bridge, slept | not begun
two bridges at once  | told
late answer          | late
"""

#: A vendor's own answer decides where it has one: `ok: false` of Slack is a refusal, of an API without it nonsense.
WEB = """
fault                | webhook   | slack    | telegram | ntfy      | pushover  | pagerduty | matrix
no fault             | told      | told     | told     | told      | told      | told      | told
refused              | not sent  | not sent | not sent | not sent  | not sent  | not sent  | not sent
DNS                  | not sent  | not sent | not sent | not sent  | not sent  | not sent  | not sent
TLS                  | not sent  | not sent | not sent | not sent  | not sent  | not sent  | not sent
hang                 | doubt 1   | doubt 1  | doubt 1  | doubt 1   | doubt 1   | again 1   | again 1
drip                 | doubt 1   | doubt 1  | doubt 1  | doubt 1   | doubt 1   | again 1   | again 1
reset                | doubt 0   | doubt 0  | doubt 0  | doubt 0   | doubt 0   | again 0   | again 0
truncated            | doubt 1   | doubt 1  | doubt 1  | doubt 1   | doubt 1   | again 1   | again 1
3xx                  | refused   | refused  | refused  | refused   | refused   | refused   | refused
4xx                  | refused   | refused  | refused  | refused   | refused   | refused   | refused
429                  | later 120 | later 30 | later 34 | later 120 | later 120 | later 120 | later 7
5xx                  | later     | later    | later    | later     | later     | later     | later
200 ok:false         | refused   | refused  | refused  | doubt 0   | refused   | again 0   | again 0
HTML page            | doubt 0   | doubt 0  | doubt 0  | doubt 0   | doubt 0   | again 0   | again 0
one of two           | refused   | refused  | refused  | refused   | refused   | refused   | refused
drop                 | doubt 1   | doubt 1  | doubt 1  | doubt 1   | doubt 1   | again 1   | again 1
kill -9 before       | doubt 0   | doubt 0  | doubt 0  | doubt 0   | doubt 0   | again 0   | again 0
kill -9 during       | doubt 0   | doubt 0  | doubt 0  | doubt 0   | doubt 0   | again 0   | again 0
kill -9 after        | doubt 1   | doubt 1  | doubt 1  | doubt 1   | doubt 1   | again 1   | again 1
second bridge, first | told      | told     | told     | told      | told      | told      | told
second bridge, later | told      | told     | told     | told      | told      | told      | told
second bridge, slept | not begun | not begun| not begun| not begun | not begun | not begun | not begun
two bridges at once  | told      | told     | told     | told      | told      | told      | told
late answer          | late      | doubt 1  | doubt 1  | doubt 1   | doubt 1   | again 1   | again 1
"""


#: Apprise posts to a hook here.  It hands on no answer, so what it calls a success is `accepted`, whatever was said.
EXTRA = """
fault                | apprise
no fault             | told
refused              | not sent
DNS                  | not sent
TLS                  | not sent
hang                 | doubt 1
drip                 | doubt 1
reset                | doubt 0
truncated            | doubt 1
3xx                  | refused
4xx                  | refused
429                  | later 120
5xx                  | later
200 ok:false         | weak 0
HTML page            | weak 0
one of two           | refused
drop                 | doubt 1
kill -9 before       | doubt 0
kill -9 during       | doubt 0
kill -9 after        | doubt 1
second bridge, first | told
second bridge, later | told
second bridge, slept | not begun
two bridges at once  | told
late answer          | doubt 1
"""


#: What the first receipt says of a fault, so that no other trouble passes for it.
TRACES: Mapping[str, str] = {
    "refused": "refused|REFUSED|Is a directory|File exists|program is not there|FAILURE",
    "DNS": "name was not found|Network request|FAILURE",
    "TLS": "certificate|FAILURE",
    "hang": "limit|offset|file",
    "drip": "limit",
    "reset": "reset|signal 11|1006|FAILURE",
    "truncated": "broke off|File too large|exit 0|connection was closed|FAILURE",
    "3xx": "redirect|551",
    "4xx": "status 40[03]|exit 3|code 450|file",
    "429": "status 429|exit 75",
    "5xx": "status 500|exit 75|code 550",
    "200 ok:false": "status 200|exit 0",
    "HTML page": "a web page|no SMTP|exit 0|Network request|status 200",
    "one of two": "status 40[03]|exit 3|code 550|Is a directory|file",
    "drop": "RemoteDisconnected|signal 11|connection was closed|Network request|FAILURE",
    "kill -9 before": "over without an answer|not there",
    "kill -9 during": "over without an answer|not there",
    "kill -9 after": "over without an answer|offset|file",
    "late answer": "limit|file",
}


def read_table(text: str) -> dict[tuple[str, str], str]:
    """Return a table's words by (sender, fault)."""
    head, *rows = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    assert [row[0] for row in rows] == list(FAULTS), "a table has every fault, in order"
    assert all(len(row) == len(head) for row in rows)
    return {(sender, row[0]): word for row in rows for sender, word in zip(head[1:], row[1:], strict=True)}


TABLE: Mapping[tuple[str, str], str] = {**read_table(LOCAL), **read_table(MAIL), **read_table(WEB), **read_table(EXTRA)}
SENDERS = tuple(dict.fromkeys(sender for sender, _ in TABLE))
CELLS = tuple(cell for cell, word in TABLE.items() if word not in CANNOT)
