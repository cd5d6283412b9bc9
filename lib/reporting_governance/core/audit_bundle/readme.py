"""The first thing a stranger reads in a bundle: what it is, and how not to have to believe it."""

from __future__ import annotations

from reporting_governance.core.audit_bundle.documents import NOTHING_WITHHELD, Survey, bundle_name


def readme(survey: Survey) -> bytes:
    """Return `README.txt`."""
    tally = survey.tally
    period = f"{tally.first_ts} to {tally.last_ts}" if tally.first_ts else "no line is shown"
    chosen = ", ".join(f"{key} {_shown(value)}" for key, value in survey.filter.items() if value)
    text = f"""\
AUDIT BUNDLE {bundle_name(survey)}

This is a copy of a log in which a program wrote down what AI agents claimed to have done, what was proven of it, what
was decided about it, and who was told when. It was made so that you can check it without trusting the people who gave
it to you.

What is in it
  Log             {survey.log_id}
  Lines           {survey.size}, of which {tally.selected} are here, {tally.withheld_lines} are withheld, and
                  {tally.void_lines} count for nothing (torn while they were written)
  Period          {period}
  Chosen by       {chosen or "nothing: this is the whole log"}
  Texts apart     {_blobs(survey.redaction)}
  Root            {survey.root}
                  (of the Merkle tree over all {survey.size} lines, RFC 6962)

How to check it
  1. Get the log's verifier key, and a head of the log, from somebody else than whoever gave you this file: an earlier
     bundle, a mail or chat message of the program (its last line begins with "Journal:"), a git repository, a syslog
     server. The newer the head, the more it proves; one that is newer than this file fails as "tail-cut", and then a
     newer file is what you should ask for. A key that you take from this bundle proves nothing.
  2. Get verify.py from the program's own release as well. The copy in data/ is for reading.
  3. Run it; it needs Python 3.9 or newer, nothing else, and no network:

       python3 -I -S verify.py BUNDLE.zip --key 'VKEY' --anchor HEAD_OR_MAIL.txt

     It ends with 0 when everything you asked for is proven, with 1 when something does not fit, and with 3 when all of
     it fits together but less is proven than you asked for.

Where what stands
  data/report.html       to read: what was claimed, what was proven, who was told
  data/manifest.json     what is here: numbers, the filter, the versions
  data/coverage.json     what is not: gaps, losses, pauses, and what this runtime cannot record
  data/redactions.jsonl  what was taken out, line by line, and why
  data/log/              the lines themselves, byte for byte as they were written
  data/withheld.leaves   the number and the hash of every line that is not shown
  data/checkpoints/      signed heads of the log
  data/context/          the rules and settings in force, readable copies
  data/blobs/            long texts, stored apart from their lines; a file's name is its SHA-256
  data/anchors/          what others confirmed; readable copies, which prove nothing by themselves
  data/custody.jsonl     who made this bundle, when and where; absent from a reproducible one
  data/verify.py         the program that checks all this
  bundle.note            the log key's signature over tagmanifest-sha256.txt; absent from a reproducible one
  bundle.sshsig          a person's own signature over the same, where one was asked for
  bagit.txt, bag-info.txt, manifest-sha256.txt, tagmanifest-sha256.txt
                         BagIt (RFC 8493): any such program finds a file that is missing or damaged

What a withheld line tells you
  Nothing but that it is there: its number and its hash. So nobody can leave a line out unseen. If you need one of them,
  ask for it; its bytes must have that hash.
"""
    return text.encode("ascii", "backslashreplace")


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _blobs(redaction: str) -> str:
    return "all that were not erased" if redaction == NOTHING_WITHHELD else f"withheld ({redaction})"
