"""A slow second reading of the condition language, written to be obvious: the oracle for the compiled closures.

Truth is a number: 0 false, 1 unknown, 2 true; so `all` is the least, `any` the greatest, `not` is 2 minus.
"""

from collections.abc import Mapping
from datetime import datetime
from fnmatch import translate
from re import DOTALL, fullmatch

from reporting_governance.core.policy_operators import Unknown

FALSE, UNKNOWN, TRUE = 0, 1, 2
QUALITIES = ["none", "weak", "moderate", "strong", "decisive"]


def reference(condition, facts, now):
    """Return 0, 1 or 2 for a condition on facts by path."""
    if "all" in condition:
        return min(reference(each, facts, now) for each in condition["all"])
    if "any" in condition:
        return max(reference(each, facts, now) for each in condition["any"])
    if "not" in condition:
        return 2 - reference(condition["not"], facts, now)
    [operator] = set(condition) - {"fact"}
    return leaf(facts, condition["fact"], operator, condition[operator], now)


def leaf(facts, path, operator, operand, now):
    absent = path not in facts
    value = facts.get(path)
    if operator == "exists":
        if isinstance(value, Unknown):
            return UNKNOWN
        there = not absent and value is not None
        return yes(there == operand)
    if absent or isinstance(value, Unknown):
        return UNKNOWN
    if operator == "equals":
        return equals(value, operand)
    if operator == "not_equals":
        return 2 - equals(value, operand)
    if operator == "in":
        return one_of(value, operand)
    if operator in ("less_than", "at_most", "greater_than", "at_least"):
        return ordered(value, operator, operand)
    if operator in ("older_than", "newer_than"):
        if type(value) is not datetime or value.utcoffset() is None:
            return UNKNOWN
        age = now - value
        return yes(age.total_seconds() > operand if operator == "older_than" else age.total_seconds() < operand)
    if operator == "contains":
        return contains(value, operand)
    if operator in ("prefix", "suffix", "glob"):
        return text(value, operator, operand)
    return over_list(value, operator, operand, now)


def yes(truth):
    return TRUE if truth else FALSE


def equals(value, operand):
    if value is None or operand is None:
        return yes(value is operand)
    return yes(value == operand) if type(value) is type(operand) else UNKNOWN


def one_of(value, operands):
    answers = [equals(value, each) for each in operands if type(each) is type(value)]
    if value is None:
        return yes(None in operands)
    return max(answers) if answers else UNKNOWN


def ordered(value, operator, operand):
    if isinstance(operand, str):
        if value not in QUALITIES:
            return UNKNOWN
        value, operand = QUALITIES.index(value), QUALITIES.index(operand)
    elif type(value) is not int:
        return UNKNOWN
    return yes(
        {
            "less_than": value < operand,
            "at_most": value <= operand,
            "greater_than": value > operand,
            "at_least": value >= operand,
        }[operator]
    )


def contains(value, operand):
    if type(value) is str and type(operand) is str:
        return yes(operand in value)
    if not isinstance(value, (list, tuple)):
        return UNKNOWN
    found = [each == operand if type(each) is type(operand) else None for each in value]
    return TRUE if True in found else UNKNOWN if None in found else FALSE


def text(value, operator, operand):
    if type(value) is not str:
        return UNKNOWN
    if operator == "prefix":
        return yes(value[: len(operand)] == operand)
    if operator == "suffix":
        return yes(value[len(value) - len(operand) :] == operand if len(operand) <= len(value) else False)
    # Python's own globbing reads [..] as a set of characters; here a bracket is a plain character.
    return yes(fullmatch(translate(operand.replace("[", "[[]")), value, DOTALL) is not None)


def over_list(value, operator, operand, now):
    if not isinstance(value, (list, tuple)):
        return UNKNOWN
    inner = operand.get("where") if operator == "count" else operand
    answers = [TRUE if inner is None else reference(inner, element(each), now) for each in value]
    if operator == "any_of":
        return max(answers, default=FALSE)
    if operator == "none_of":
        return 2 - max(answers, default=FALSE)
    if operator == "every":
        return min(answers, default=TRUE)
    [comparison] = set(operand) - {"where"}
    possible = range(answers.count(TRUE), answers.count(TRUE) + answers.count(UNKNOWN) + 1)
    verdicts = {counted(number, comparison, operand[comparison]) for number in possible}
    return verdicts.pop() if len(verdicts) == 1 else UNKNOWN


def counted(number, comparison, bound):
    if comparison == "equals":
        return yes(number == bound)
    if comparison == "not_equals":
        return yes(number != bound)
    return ordered(number, comparison, bound)


def element(each):
    if isinstance(each, Mapping):
        return {f"item.{key}": value for key, value in each.items()}
    return {"item": each}
