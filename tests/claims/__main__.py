"""Measure how well free text is read and write the figures into docs/claims.md: `python -m tests.claims`."""

from tests.claims.measuring import BEGIN, END, PAGE, figures

text = PAGE.read_text(encoding="utf-8")
before, rest = text.split(BEGIN)
PAGE.write_text(f"{before}{BEGIN}\n\n{figures()}\n\n{END}{rest.split(END)[1]}", encoding="utf-8")
print(f"written: {PAGE}")
