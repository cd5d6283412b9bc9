"""The catalogue of rules: every id a finding can carry, written once.

An id is never given a second meaning, and never used again after its rule is gone.
GOV0xx: the text cannot be read as it stands.  GOV1xx: the document does not have the shape its schema asks for.
"""

from reporting_governance.contracts.finding import FindingRule, Severity


def _error(number: int, sentence: str, advice: str) -> FindingRule:
    return FindingRule(id=f"GOV{number:03}", severity=Severity.ERROR, sentence=sentence, help=advice)


NOT_UTF8 = _error(1, "The file is not UTF-8 text.", "Save the file as UTF-8.")
TOO_LARGE = _error(2, "The file is larger than the limit.", "Split the file, or move bulk data out of it.")
BYTE_ORDER_MARK = FindingRule(
    id="GOV003",
    severity=Severity.WARNING,
    sentence="The file starts with a byte order mark.",
    help="Save the file as UTF-8 without a byte order mark: other JSON readers refuse it (RFC 8259, section 8.1).",
)
SYNTAX = _error(4, "The text is not valid JSON or YAML.", "Nothing after this place was read.")
DUPLICATE_KEY = _error(
    5,
    "A key stands twice in one object.",
    "Readers disagree about which of the two counts, so neither does.  Remove one.",
)
NUMBER_RANGE = _error(
    6, "A number is NaN, infinite or too large to hold.", "JSON has no such numbers.  Use null, a string or a limit."
)
LONE_SURROGATE = _error(7, "Half of a surrogate pair stands alone.", "It is no character.  Write the character itself.")
KEY_NOT_STRING = _error(8, "A key is not a string.", "Keys are strings, as in JSON.  Quote the key.")
TAG = _error(9, "A YAML tag asks for a type of its own.", "Only the JSON types are read.  Remove the tag.")
ALIAS = _error(
    10,
    "A YAML alias names nothing, or itself, or too much.",
    "Aliases may add 1,000 values to a document.  Write the values out.",
)
TOO_DEEP = _error(11, "Values are nested deeper than 64 levels.", "Make the document flatter.")
NO_DOCUMENT = _error(12, "The file holds no document.", "Write the document, or do not name the file.")
MERGE_KEY = _error(
    13,
    "A YAML merge key is used.",
    "YAML 1.2 has no merge keys: the values would not be merged.  Write them out, or quote the key if it is meant.",
)
MORE_FINDINGS = FindingRule(
    id="GOV014",
    severity=Severity.NOTE,
    sentence="There are more findings than are listed.",
    help="Correct what is listed and check again.",
)

MISSING_KEY = _error(101, "A required key is missing.", "Add the key to the object that is marked.")
UNKNOWN_KEY = _error(102, "A key is not known here.", "Correct its spelling, move it, or remove it.")
WRONG_TYPE = _error(103, "A value has the wrong type.", "Write a value of the type that is asked for.")
WRONG_VALUE = _error(104, "A value is none of those that are allowed.", "Choose one of the values that are listed.")
WRONG_FORMAT = _error(105, "A string does not have the format that is asked for.", "Write it as in the example.")
WRONG_TEXT = _error(106, "A string has the wrong length or form.", "Change the string so that it fits the rule.")
OUT_OF_RANGE = _error(107, "A number is outside its range.", "Choose a number inside the range.")
WRONG_SIZE = _error(108, "A list or an object has the wrong number of members.", "Add or remove members.")
REPEATED_ITEM = _error(109, "An item stands twice in a list of different items.", "Remove one of the two.")
NO_ALTERNATIVE = _error(
    110, "A value breaks a rule that combines several conditions.", "Compare it with the schema of its kind."
)

RULES: dict[str, FindingRule] = {each.id: each for each in list(globals().values()) if isinstance(each, FindingRule)}
