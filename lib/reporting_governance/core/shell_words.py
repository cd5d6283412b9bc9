"""The words and operators of a shell command line.

A reader of our own: it runs in one pass, knows only what is needed to tell a command from text about a command
(quotes, comments, here-documents, substitutions), never fails, and never executes anything.
"""

from __future__ import annotations

from reporting_governance.contracts.frozen import frozen

MOST_LETTERS = 64 * 1024


@frozen
class Token:
    """A word of a command line, or (`plain` false) an operator."""

    text: str
    is_word: bool
    quoted: bool = False


def tokens_of(line: str) -> list[Token]:
    """Return the words and operators of a command line; comments and here-documents are left out."""
    return _Reader(line[:MOST_LETTERS]).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.tokens: list[Token] = []
        self.word: list[str] = []
        self.in_word = self.quoted = False
        self.waiting: list[tuple[str, bool]] = []  #: here-documents that begin on the next line
        self.wants_end = ""  #: the here-document operator whose end word comes next

    def read(self) -> list[Token]:
        text, length = self.text, len(self.text)
        while self.at < length:
            letter = text[self.at]
            if letter in " \t\r":
                self._end_word()
                self.at += 1
            elif letter == "\n":
                self._end_word()
                self.at += 1
                self.tokens.append(Token("\n", False))
                self._skip_documents()
            elif letter == "#" and not self.in_word:
                self._skip_past("\n", keep=True)
            elif letter in "|&;()<>":
                self._operator()
            else:
                self._part_of_word(letter)
        self._end_word()
        return self.tokens

    def _part_of_word(self, letter: str) -> None:
        text = self.text
        self.in_word = True
        if letter == "\\":
            if text[self.at + 1 : self.at + 2] != "\n":
                self.word.append(text[self.at + 1 : self.at + 2])
            self.at += 2
        elif letter == "'":
            self.quoted = True
            end = text.find("'", self.at + 1)
            end = len(text) if end < 0 else end
            self.word.append(text[self.at + 1 : end])
            self.at = end + 1
        elif letter == '"':
            self.quoted = True
            self._double_quoted()
        elif letter == "`" or (letter == "$" and text[self.at + 1 : self.at + 2] in ("(", "{")):
            self._substitution()
        else:
            self.word.append(letter)
            self.at += 1

    def _double_quoted(self) -> None:
        self.at += 1
        while self.at < len(self.text):
            letter = self.text[self.at]
            if letter == '"':
                self.at += 1
                return
            if letter == "\\":
                self.word.append(self.text[self.at + 1 : self.at + 2])
                self.at += 2
            elif letter == "`" or (letter == "$" and self.text[self.at + 1 : self.at + 2] in ("(", "{")):
                self._substitution()
            else:
                self.word.append(letter)
                self.at += 1

    def _substitution(self) -> None:
        """Take `$(...)`, `${...}` or a backtick part as it stands; what runs inside is not looked at."""
        start = self.at
        if self.text[start] == "`":
            end = self.text.find("`", start + 1)
            self.at = len(self.text) if end < 0 else end + 1
        else:
            opener = self.text[start + 1]
            closer = ")" if opener == "(" else "}"
            depth, self.at = 1, start + 2
            while self.at < len(self.text) and depth:
                letter = self.text[self.at]
                if letter == "\\":
                    self.at += 1
                elif letter == "'":
                    end = self.text.find("'", self.at + 1)
                    self.at = len(self.text) if end < 0 else end
                else:
                    depth += (letter == opener) - (letter == closer)
                self.at += 1
        self.word.append(self.text[start : self.at])

    def _operator(self) -> None:
        text = self.text
        digits = "".join(self.word)
        redirects = text[self.at] in "<>" or text[self.at : self.at + 2] == "&>"
        if redirects and self.in_word and not self.quoted and digits.isdigit():
            self.word, self.in_word = [], False  # a file descriptor's number
        self._end_word()
        for operator in ("<<<", "<<-", "&>>", "&&", "||", ">>", "<<", ">&", "<&", "&>", ">|", "|&", ";;", "<>"):
            if text.startswith(operator, self.at):
                break
        else:
            operator = text[self.at]
        self.at += len(operator)
        self.tokens.append(Token(operator, False))
        if operator in ("<<", "<<-"):
            self.wants_end = operator

    def _end_word(self) -> None:
        if not self.in_word:
            return
        text = "".join(self.word)
        if self.wants_end:
            self.waiting.append((text, self.wants_end == "<<-"))
            self.wants_end = ""
        self.tokens.append(Token(text, True, self.quoted))
        self.word, self.in_word, self.quoted = [], False, False

    def _skip_past(self, end: str, *, keep: bool) -> None:
        found = self.text.find(end, self.at)
        self.at = len(self.text) if found < 0 else found + (0 if keep else len(end))

    def _skip_documents(self) -> None:
        for end, dashed in self.waiting:
            while self.at < len(self.text):
                start = self.at
                self._skip_past("\n", keep=False)
                line = self.text[start : self.at].rstrip("\n")
                if (line.lstrip("\t") if dashed else line) == end:
                    break
        self.waiting = []
