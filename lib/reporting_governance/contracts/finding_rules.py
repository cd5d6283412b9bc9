"""The catalogue of rules: every id a finding can carry, written once.

An id is never given a second meaning, and never used again after its rule is gone.
GOV0xx: the text cannot be read as it stands.  GOV1xx: the document does not have the shape its schema asks for.
GOV2xx: one document has the right shape and cannot mean what it says.  GOV3xx: two documents do not hold together.
GOV4xx: a claim and what a probe saw of it.
"""

from reporting_governance.contracts.finding import FindingRule, Severity


def _error(number: int, sentence: str, advice: str) -> FindingRule:
    return FindingRule(id=f"GOV{number:03}", severity=Severity.ERROR, sentence=sentence, help=advice)


def _warning(number: int, sentence: str, advice: str) -> FindingRule:
    return FindingRule(id=f"GOV{number:03}", severity=Severity.WARNING, sentence=sentence, help=advice)


def _note(number: int, sentence: str, advice: str) -> FindingRule:
    return FindingRule(id=f"GOV{number:03}", severity=Severity.NOTE, sentence=sentence, help=advice)


NOT_UTF8 = _error(1, "The file is not UTF-8 text.", "Save the file as UTF-8.")
TOO_LARGE = _error(2, "The file is larger than the limit.", "Split the file, or move bulk data out of it.")
BYTE_ORDER_MARK = _warning(
    3,
    "The file starts with a byte order mark.",
    "Save the file as UTF-8 without a byte order mark: other JSON readers refuse it (RFC 8259, section 8.1).",
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
MORE_FINDINGS = _note(14, "There are more findings than are listed.", "Correct what is listed and check again.")

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

WRONG_MEANING = _error(
    201,
    "A profile, pack or descriptor has the right shape and cannot mean what it says.",
    "Correct what the message names; until then the last good profile is in force and nothing new is decided.",
)
WRONG_PATH = _error(
    210, "A path leaves the folder it belongs to.", "Write a path from the package root, without links on its way."
)
MISSING_FILE = _error(211, "A file that is named is not there.", "Correct the path, or add the file.")
NOT_EXECUTABLE = _error(
    212, "The entrypoint cannot be executed.", "Set its executable bit (chmod +x), or name the program that is meant."
)
SURFACE_WITHOUT_MODULE = _error(
    213,
    "A surface is claimed for which the package holds no module.",
    "Remove the surface, or add the module that carries it.",
)
WRONG_SCHEMA_PATH = _error(
    214, "A schema path does not name the schema that is meant.", "Name the schema by its canonical path."
)
UNKNOWN_SPECIFICATION = _error(
    215, "A version of the specification is not known.", "Name a version that this program knows."
)
PARTIAL_WITHOUT_LIMITS = _warning(
    217,
    "A partial capability names no limits.",
    "Say in `limits` what it does not do: whoever plans with it must know.",
)
FULL_WITHOUT_PROBE = _warning(
    218,
    "A full capability names no probe.",
    "Name the probe that can contradict it in `probe`; a claim that nothing can contradict says little.",
)
UNKNOWN_PROBE = _warning(219, "A probe of this name is not known.", "A probe has the name of the power it tries.")
OVERCLAIM = _error(
    220,
    "More is claimed than this kind of runtime can do.",
    "Claim `partial` with its limits, or attach governance in the way that has this power.",
)
TRUTH_MODEL = _error(
    221, "The truth model contradicts the claims beside it.", "States that a runtime cannot reach must not be claimed."
)
SECRET_IN_TEXT = _error(
    230,
    "An address holds what may be a secret.",
    "Write ${file:PATH} or ${env:NAME}; the value is read when something is sent, and never recorded.",
)
HOLD_WITHOUT_FALLBACK = _warning(
    231,
    "A doubtful send is to be held, and nobody else can be told.",
    "Name a receiver in `notification.fallback`; without one `resend_marked` is in force.",
)
MISSING_PACK = _error(232, "A policy pack that a profile names is not there.", "Correct its name, or add the pack.")
WRONG_PLACE = _error(
    233, "A path that programs started anywhere must find is not absolute.", "Write the whole path, from the root."
)
ANCHOR_IN_STATE = _error(
    234,
    "An anchor lies inside the state folder.",
    "Name a place that whoever can rewrite the journal cannot rewrite: another disk, host or account.",
)

EXPECTATION_NOT_CLAIMED = _error(
    301,
    "A profile requires what the runtime does not claim.",
    "Ask for less (`preferred` or `off`), or choose a runtime that has the power.",
)
OTHER_RUNTIME = _error(
    302, "A profile is made for another runtime than the descriptor's.", "Hold it against its own runtime's descriptor."
)
PREFERENCE_NOT_CLAIMED = _note(
    303, "A profile prefers what the runtime does not claim.", "Its fallback is taken; nothing needs to be done."
)
ACTION_IN_NO_WAY = _error(
    304,
    "Policies require an action that the runtime cannot do and nothing stands in for.",
    "Declare a fallback in the profile, or leave the pack out.",
)
PROOF_WITHOUT_PROVING_SENDER = _error(
    305,
    "Full delivery proof is claimed, and a receiver's sender only learns that a message was accepted.",
    "Claim `partial` with that limit, or choose a sender that proves arrival.",
)

CLAIM_CONTRADICTED = _error(
    401, "A probe contradicts a claim.", "Claim what the probe saw: a lower level, with its limits."
)
UNDERCLAIM = _warning(
    402, "A probe succeeds where nothing is claimed.", "Claim it, with its limits, so that planning can use it."
)
FULL_NOT_PROBED = _warning(
    403, "A full claim has not been probed.", "Probe it where the runtime is installed (`verify-descriptor --probe`)."
)
STALE_OBSERVATION = _warning(
    404,
    "An observation is of another descriptor, another version, or too old.",
    "It counts as not probed.  Probe again.",
)
WAIVER_EXPIRED = _error(405, "A waiver is past its date.", "Mend what was waived, or agree upon a new date.")
WAIVER_IDLE = _error(406, "A waiver is for something that no longer fails.", "Remove the waiver.")
PROBE_INCONCLUSIVE = _warning(407, "A probe neither confirmed nor contradicted a claim.", "Read why, and probe again.")
WAIVER_OF_NOBODY = _note(
    408,
    "A waiver is for a descriptor that was not checked in this run.",
    "Correct the descriptor's id, check that descriptor too, or remove the waiver.",
)

RULES: dict[str, FindingRule] = {each.id: each for each in list(globals().values()) if isinstance(each, FindingRule)}
