"""The walk over a report: what each sentence says, under which heading it stands, and which fields are labelled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache

from reporting_governance.core.reading_claims.asking import Uttered, asks_a_person
from reporting_governance.core.reading_claims.blocks import Block, BlockKind, read_blocks
from reporting_governance.core.reading_claims.checking import NAMES_A_FAILURE
from reporting_governance.core.reading_claims.findings import Finding, Saying, findings_of
from reporting_governance.core.reading_claims.folding import Folded, fold
from reporting_governance.core.reading_claims.labels import Label, Section, find_label, says_something
from reporting_governance.core.reading_claims.lexicon_chinese import CHINESE
from reporting_governance.core.reading_claims.lexicon_english import ENGLISH_CLAIMS
from reporting_governance.core.reading_claims.lexicon_english_context import ENGLISH_CONTEXT
from reporting_governance.core.reading_claims.numbers import is_share
from reporting_governance.core.reading_claims.said import Said
from reporting_governance.core.reading_claims.sentences import Sentence, read_sentences
from reporting_governance.core.reading_claims.signs import Index, Sign

#: a sentence with one of these may say what follows from an answer
_FOLLOWS = (Sign.PLAN, Sign.INTENT, Sign.CONDITION, Sign.NEED)
_LONGEST_LABEL = 44
_BOLD_LINE = 7
_OWN = Label(None, Section.OWN)
#: headings that say as such that something is done
_DONE_NAMES = frozenset(("done", "completed", "complete", "finished", "all done", "已完成", "完成"))
#: what stands under a label for what is left when nothing is
_NOTHING = frozenset(
    "none nothing n/a no 无 没有 暂无 否 不需要 无需 none. nothing. 无。 暂无。 没有。 n/a. no. 不适用 -none".split()
)


@dataclass(slots=True)
class Walk:
    """What was found; places are those of the original text."""

    findings: list[Finding] = field(default_factory=list)
    labelled: dict[str, tuple[bool, tuple[int, int]]] = field(default_factory=dict)
    sentences: list[Uttered] = field(default_factory=list)

    def fill(self, label: Label, says: bool, span: tuple[int, int]) -> None:
        """Keep that a labelled field says something; that it does once outweighs that it did not before."""
        if label.field is not None and not (label.field in self.labelled and self.labelled[label.field][0]):
            self.labelled[label.field] = (says, span)

    def utter(self, sentence: Sentence, folded: Folded, block: Block) -> None:
        """Keep whether a sentence asks; one without a word is none."""
        text = folded.text[sentence.start : sentence.end]
        if any(letter.isalnum() for letter in text):
            asks = block.doubt is None and asks_a_person(text, marked=sentence.asks)
            goes_on = any(clause.has(*_FOLLOWS) for clause in sentence.clauses)
            span = folded.span(sentence.start, sentence.end)
            self.sentences.append(Uttered(span, block.kind is BlockKind.ITEM, asks, goes_on))


@dataclass(slots=True)
class _Place:
    """Where the walk stands."""

    heading: Label = _OWN
    level: int = 0
    in_list: bool = False
    list_label: Label | None = None  #: a label line with nothing behind it speaks for the list below it


@lru_cache(maxsize=1)
def _index() -> Index:
    return Index(ENGLISH_CLAIMS, ENGLISH_CONTEXT, CHINESE)


def walk(text: str) -> Walk:
    """Read a report from its beginning to its end."""
    found, place = Walk(), _Place()
    for block in read_blocks(text):
        folded = fold(text, block.start, block.end)
        if folded.text.strip():
            found.findings.extend(_doubted(finding, block) for finding in _block(found, place, block, folded))
    return found


def _doubted(finding: Finding, block: Block) -> Finding:
    if block.doubt is None or finding.said is not Said.SO:
        return finding
    return replace(finding, said=Said.PERHAPS, reason=block.doubt)


def _block(found: Walk, place: _Place, block: Block, folded: Folded) -> Iterator[Finding]:
    if block.kind is BlockKind.HEADING and _is_section(found, place, block, folded):
        if folded.text.strip(" \n:.!") in _DONE_NAMES:
            start, end = folded.span(0, len(folded.text))
            yield Finding(Saying.THING, Said.SO, start, end, "a heading says so")
        return
    if block.kind is not BlockKind.ITEM:
        place.list_label = None
        if place.level == _BOLD_LINE and place.in_list:
            place.heading, place.level = _OWN, 0  # a paragraph behind the list under a bold line is no part of it
    place.in_list = block.kind is BlockKind.ITEM
    label = place.list_label or place.heading
    if label.field is not None:
        found.fill(label, says_something(folded.text), folded.span(0, len(folded.text)))
    yield from _boxes(block, folded)
    yield from _under(label, folded, 0, len(folded.text), boxed=block.ticked)
    for sentence in read_sentences(folded.text, _index()):
        found.utter(sentence, folded, block)
        value_start, own = _label_of(folded.text, sentence)
        if own is not None:
            label = own
            value = folded.text[value_start : sentence.end]
            if says_something(value):
                found.fill(label, True, folded.span(sentence.start, sentence.end))
                yield from _under(label, folded, value_start, sentence.end, boxed=None)
            else:
                found.fill(label, False, folded.span(sentence.start, sentence.end))
                place.list_label = label
        for finding in findings_of(folded.text, _cut(sentence, value_start)):
            yield _placed(finding, label, block, folded)


def _is_section(found: Walk, place: _Place, block: Block, folded: Folded) -> bool:
    """Take a heading; tell whether it is only the name of its section."""
    place.list_label = None
    label = find_label(folded.text)
    if label is None:
        if not place.level or block.level <= place.level:
            place.heading, place.level = _OWN, 0
        return False
    place.heading, place.level = label, block.level
    found.fill(label, False, folded.span(0, len(folded.text)))
    return True


def _label_of(text: str, sentence: Sentence) -> tuple[int, Label | None]:
    """Return where the value of a labelled sentence begins, and its label."""
    colon = text.find(":", sentence.start, min(sentence.end, sentence.start + _LONGEST_LABEL))
    label = find_label(text[sentence.start : colon]) if colon > 0 else None
    return (sentence.start, None) if label is None else (colon + 1, label)


def _cut(sentence: Sentence, start: int) -> Sentence:
    if start == sentence.start:
        return sentence
    return replace(sentence, clauses=tuple(each for each in sentence.clauses if each.start >= start - 1))


def _boxes(block: Block, folded: Folded) -> Iterator[Finding]:
    if block.ticked is not None:
        start, end = folded.span(0, len(folded.text))
        saying = Saying.CHANGE if block.ticked else Saying.OPEN
        yield Finding(saying, Said.SO, start, end, "its box is ticked" if block.ticked else "its box is not ticked")


def _under(label: Label, folded: Folded, first: int, last: int, *, boxed: bool | None) -> Iterator[Finding]:
    """Yield what stands under a label says by standing there."""
    value = folded.text[first:last].strip(" \n")
    if boxed is not None or value in _NOTHING or not says_something(value):
        return
    start, end = folded.span(first, last)
    if label.field == "current_status" and is_share(folded.text, first, last):
        yield Finding(Saying.SHARE, Said.SO, start, end, "its status is a share of the whole")
    if label.section is Section.DONE:
        yield Finding(Saying.CHANGE, Said.SO, start, end, "it stands under what was done")
    elif label.section is Section.OPEN and label.field in (None, "next_step"):
        yield Finding(Saying.OPEN, Said.SO, start, end, "it stands under what is left")


def _placed(finding: Finding, label: Label, block: Block, folded: Folded) -> Finding:
    """Give a finding its place in the original text, and weigh where it stands."""
    start, end = folded.span(finding.start, finding.end)
    said, reason = finding.said, finding.reason
    holds_anywhere = finding.saying in (Saying.NEED, Saying.AGAIN) or (
        finding.saying in (Saying.CHECKS_FAIL, Saying.SOME_FAIL)
        and label.section is not Section.CONDITION
        and not folded.text.startswith(NAMES_A_FAILURE, finding.start)
    )
    if (
        not holds_anywhere
        and said is not Said.NOT_SAID
        and (label.section in (Section.OPEN, Section.CONDITION) or block.ticked is False)
    ):
        said, reason = Said.NOT_SAID, "it stands under what is wanted or left"
    saying = finding.saying
    if label.section is Section.DONE and saying in (Saying.WHOLE, Saying.OPEN) and block.kind is BlockKind.ITEM:
        saying = Saying.CHANGE
    return replace(finding, saying=saying, said=said, start=start, end=end, reason=reason)
