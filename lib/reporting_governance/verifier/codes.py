"""The words that findings go by, each with the verdict it touches and what it means: one table for code and docs."""

from __future__ import annotations

from typing import NamedTuple

FAILED = "failed"  #: it is not what it says it is
LIMITED = "limited"  #: nothing is wrong, and less is proven
UNKNOWN = "not_understood"  #: of a form that this verifier does not know; no sign of tampering
NOTE = "note"  #: worth knowing, takes nothing away

INTEGRITY, ORDER, COMPLETENESS = "integrity", "order", "completeness"
AUTHENTICITY, ANCHORED = "authenticity", "anchored"
REDACTION, COVERAGE, CONTEXT = "redaction", "coverage", "context"
VERDICTS = (INTEGRITY, ORDER, COMPLETENESS, AUTHENTICITY, ANCHORED, REDACTION, COVERAGE, CONTEXT)


class FindingCode(NamedTuple):
    """What one word says."""

    word: str
    verdict: str
    level: str
    meaning: str


CODES = {
    code.word: code
    for code in (
        # lines
        FindingCode("line-edited", INTEGRITY, FAILED, "A line is not the one that the line after it names."),
        FindingCode("line-unreadable", INTEGRITY, FAILED, "Bytes are no line, and no later line declares them void."),
        FindingCode("line-too-long", INTEGRITY, FAILED, "A line is longer than any line may be."),
        FindingCode("line-missing", COMPLETENESS, FAILED, "A number is skipped: a line was taken out."),
        FindingCode("line-out-of-order", ORDER, FAILED, "A line stands before or behind its place."),
        FindingCode("line-twice", ORDER, FAILED, "A number comes again: a line was repeated or put in."),
        FindingCode("line-not-canonical", INTEGRITY, NOTE, "A line chains, and is not written as the program does."),
        FindingCode("line-shape", INTEGRITY, UNKNOWN, "A line chains, and lacks what every line has, or has it twice."),
        FindingCode("version-unknown", INTEGRITY, UNKNOWN, "A line is of a version that this verifier does not know."),
        FindingCode("group-broken", ORDER, FAILED, "Lines that were written together do not stand together."),
        FindingCode("torn-mismatch", INTEGRITY, FAILED, "A line declares bytes void that are not there."),
        FindingCode("tail-torn", COMPLETENESS, LIMITED, "The end was cut by a stop and is not made good yet."),
        FindingCode("log-empty", COMPLETENESS, FAILED, "There is no line."),
        FindingCode("start-missing", COMPLETENESS, FAILED, "The first line is not the one that opens a log."),
        FindingCode("log-restarted", ORDER, FAILED, "A line in the middle opens a log anew."),
        FindingCode("frontier-mismatch", INTEGRITY, FAILED, "A segment's first line names another tree before it."),
        FindingCode("segment-missing", COMPLETENESS, FAILED, "A segment is gone and no line says that it was retired."),
        FindingCode("segment-retired", COMPLETENESS, NOTE, "A segment was retired by a line; its leaf hashes stand."),
        FindingCode("retired-mismatch", INTEGRITY, FAILED, "A retired segment is not what the line about it says."),
        FindingCode("leaves-missing", COMPLETENESS, LIMITED, "Lines and their leaf hashes are gone; the tree is not."),
        FindingCode("loss-told", COVERAGE, NOTE, "The log itself says that lines were lost."),
        # heads and keys
        FindingCode("head-missing", AUTHENTICITY, FAILED, "No signed head is there."),
        FindingCode("head-unreadable", AUTHENTICITY, FAILED, "A file that should hold a signed head holds none."),
        FindingCode("head-forged", AUTHENTICITY, FAILED, "A head's signature is false, or there is none by its key."),
        FindingCode("head-of-other-key", AUTHENTICITY, FAILED, "A head is signed by a key that is not trusted."),
        FindingCode("head-of-other-log", AUTHENTICITY, FAILED, "A head is of another log."),
        FindingCode("head-mismatch", INTEGRITY, FAILED, "Lines below a signed head are not those that were signed."),
        FindingCode("tail-cut", COMPLETENESS, FAILED, "A head counts more lines than there are: the end is cut off."),
        FindingCode("tail-unsigned", AUTHENTICITY, LIMITED, "Lines after the newest signed head are not signed yet."),
        FindingCode("key-first-use", AUTHENTICITY, LIMITED, "No key was given: the log's own key is taken on trust."),
        FindingCode("key-unfit", AUTHENTICITY, FAILED, "The key that was given is of another log."),
        FindingCode("key-not-handed-over", AUTHENTICITY, FAILED, "A new key came in without the old one's signature."),
        FindingCode("key-line-false", AUTHENTICITY, FAILED, "A line brings in a key and its signatures do not fit."),
        FindingCode("key-replaced", AUTHENTICITY, FAILED, "A head is signed by a key that was replaced before it."),
        FindingCode("key-earlier", AUTHENTICITY, NOTE, "Older heads are signed by a key that was not given."),
        # heads held elsewhere
        FindingCode("log-rewritten", ANCHORED, FAILED, "A head held elsewhere is of the same log with other lines."),
        FindingCode("anchor-missing", ANCHORED, LIMITED, "No head held elsewhere was given."),
        FindingCode("anchor-unusable", ANCHORED, LIMITED, "A file given as an anchor holds no head of this log."),
        FindingCode("anchor-other-log", ANCHORED, NOTE, "An anchor holds heads of other logs too."),
        FindingCode("tail-unanchored", ANCHORED, NOTE, "Lines after the newest head held elsewhere rest on the host."),
        # the bundle's container
        FindingCode("archive-damaged", INTEGRITY, FAILED, "The archive is cut, or is none, or its parts do not agree."),
        FindingCode("archive-hidden-bytes", INTEGRITY, FAILED, "The archive holds bytes that belong to no file."),
        FindingCode("archive-name", INTEGRITY, FAILED, "A file's name leads elsewhere or hides another."),
        FindingCode("archive-kind", INTEGRITY, FAILED, "An entry is no plain stored file: a link, packed, encrypted."),
        FindingCode("archive-size", INTEGRITY, FAILED, "A file is larger than what the bundle says of it."),
        FindingCode("bag-malformed", INTEGRITY, FAILED, "A list that describes the bundle is not as it must be."),
        FindingCode("file-changed", INTEGRITY, FAILED, "A file is not what the bundle's list says."),
        FindingCode("file-missing", COMPLETENESS, FAILED, "A file that the bundle's list names is not there."),
        FindingCode("file-foreign", INTEGRITY, FAILED, "A file is there that the bundle's list does not name."),
        FindingCode("bundle-note-false", AUTHENTICITY, FAILED, "The bundle's own signature does not fit it."),
        FindingCode("person-not-checked", AUTHENTICITY, NOTE, "A person signed the bundle with ssh; not checked here."),
        FindingCode("bundle-unsigned", AUTHENTICITY, NOTE, "The bundle as a whole is not signed; its heads may be."),
        # the bundle's contents
        FindingCode("manifest-mismatch", COMPLETENESS, FAILED, "The manifest says other than what is there."),
        FindingCode("withheld-malformed", COMPLETENESS, FAILED, "The list of withheld lines is not as it must be."),
        FindingCode("line-not-selected", COMPLETENESS, FAILED, "A line is shown that the filter does not select."),
        FindingCode("blob-changed", REDACTION, FAILED, "A text stored apart is not the one that its line names."),
        FindingCode("blob-missing", REDACTION, FAILED, "A text stored apart is gone and no line says it was erased."),
        FindingCode("blob-foreign", REDACTION, FAILED, "A text is there that no line shown names."),
        FindingCode("blob-erased", REDACTION, NOTE, "A text was erased by a line."),
        FindingCode("blob-withheld", REDACTION, NOTE, "A text was withheld from the bundle, and the bundle says so."),
        FindingCode("redactions-mismatch", REDACTION, FAILED, "The list of redactions is not what the lines say."),
        FindingCode("coverage-mismatch", COVERAGE, FAILED, "The statement of gaps is not what the lines say."),
        FindingCode("context-mismatch", CONTEXT, FAILED, "A rule or setting shown is not the one that was in force."),
        FindingCode("context-absent", CONTEXT, LIMITED, "What was in force cannot be shown: it is erased or withheld."),
        FindingCode(
            "withheld-on-trust", COVERAGE, LIMITED, "What withheld lines say, and that none belongs here, is unseen."
        ),
        FindingCode(
            "report-not-compared", CONTEXT, NOTE, "The report's words are its maker's; lines alone are proven."
        ),
        # reading, and single proofs
        FindingCode("input-unreadable", INTEGRITY, UNKNOWN, "What was given could not be read."),
        FindingCode("format-unknown", INTEGRITY, UNKNOWN, "The bundle is of a form that this verifier does not know."),
        FindingCode("folder-foreign", INTEGRITY, FAILED, "A link, a pipe or a foreign file stands among the files."),
        FindingCode("proof-malformed", INTEGRITY, FAILED, "The file is no proof that a line is in a log."),
        FindingCode("proof-mismatch", INTEGRITY, FAILED, "The line is not in the tree that the proof's head names."),
    )
}
