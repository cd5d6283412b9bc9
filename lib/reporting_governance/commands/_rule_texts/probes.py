"""GOV4xx: what probes saw of claims, and who answers for it.  Probes run programs, so no document shows these."""

from __future__ import annotations

from collections.abc import Mapping

from reporting_governance.commands._rule_texts.example import RuleText, command, words

TEXTS: Mapping[str, RuleText] = {
    "GOV401": RuleText(
        why="A false claim is worse than none: plans are built on it, and an operator counts on something that does "
        "not happen.",
        bad=command(
            "reportgov verify-descriptor --probe capabilities/mine.json\n"
            "# notification_path.final_delivery_proof is claimed full, and its probe saw it work no further than "
            "partial"
        ),
        good=command(
            "reportgov verify-descriptor --probe capabilities/mine.json\n# the claim is partial, and its limits say why"
        ),
    ),
    "GOV402": RuleText(
        why="A power that is there and not claimed is never used: decisions take a weaker way than they could.",
        bad=words(
            "A descriptor claims none for enforcement.rewrite_message, and the probe's message comes out rewritten."
        ),
        good=words("The descriptor claims partial, with the hosts it was seen on as its limits."),
    ),
    "GOV403": RuleText(
        why="Full without a trial is an opinion.  It may be right; nobody has looked.",
        bad=command(
            "reportgov verify-descriptor --observations old.json capabilities/mine.json\n# full and not probed"
        ),
        good=command(
            "reportgov verify-descriptor --probe --write-observations seen.json capabilities/mine.json\n"
            "# run where the runtime is installed; other machines read seen.json"
        ),
    ),
    "GOV404": RuleText(
        why="An observation is of one descriptor, one version and one time.  After any of them has changed it says "
        "nothing about what is there now.",
        bad=words("The runtime was upgraded, and --observations names the file of the month before."),
        good=words("A nightly job probes and writes the file anew; see examples/workflows."),
    ),
    "GOV405": RuleText(
        why="A waiver is a loan: somebody answers for a known fault until a day.  Past it the fault counts again, so "
        "that it is not forgotten.",
        bad=words(
            "waivers: [{rule: GOV401, descriptor: mine, power: storage.receipts, owner: ops, reason: mended in "
            "the next version, until: 2026-01-31}], and it is February."
        ),
        good=words("The fault is mended and the waiver gone; or the owner has agreed upon a later day."),
    ),
    "GOV406": RuleText(
        why="A waiver that waives nothing would cover the next fault in the same place, and nobody would have agreed "
        "to that one.",
        bad=words("A waiver of GOV401 for storage.receipts stands in the file, and the probe confirms the claim."),
        good=words("The waiver is removed with the fault it was for."),
    ),
    "GOV407": RuleText(
        why="A probe that crashed, ran out of time or could not reach its peer has seen nothing, and nothing is not "
        "confirmed.",
        bad=words("The program under test did not answer within the probe's 20 seconds."),
        good=words("On an idle machine it answers, and the claim is confirmed or contradicted."),
        fix="Read the probe's sentence, mend what kept it from its end, and probe again.",
    ),
    "GOV408": RuleText(
        why="Nobody can tell whether such a waiver is still needed, or past its date.  Mostly its id is misspelt, or "
        "the descriptor is gone.",
        bad=words("The waiver says `descriptor: mime`; the descriptor that was checked has the id mine."),
        good=words("The waiver says `descriptor: mine`."),
    ),
}
