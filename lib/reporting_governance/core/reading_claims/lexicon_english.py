"""English phrases and what they are signs of, folded: small letters, straight apostrophes, single blanks.

Each group says why its phrases stand together.  Phrases that hold another phrase win, so exceptions are phrases too.
"""

from collections.abc import Iterable, Mapping

from reporting_governance.core.reading_claims.signs import Sign


def phrases(text: str) -> tuple[str, ...]:
    """Return the phrases of a table: they stand between bars and line ends."""
    return tuple(" ".join(line.split()) for each in text.split("\n") for line in each.split("|") if line.strip())


#: people say these of the task itself; no subject has to be looked for
_WHOLE = phrases("""
    task complete | task completed | tasks complete | task is complete | task is done | task done | task finished
    task closed | subtask finished | subtask complete | subtask done | work complete | work is complete | job done
    all done | all finished | all complete | all completed | all set | all wrapped up | all sorted | all good to go
    everything is done | everything is finished | everything is complete | everything's done
    everything is in place | everything you asked for is in place | that's everything | that is everything
    that's all done | that's it, done | everything works | everything now works | everything is working
    everything is up and running | we're done | we are done | i'm done | i am done | i'm all done | i am finished
    i'm finished now | ready for use | ready to use | ready to ship | ready to merge | ready for merge
    ready for review | ready for you | good to go | acceptance criteria are met | requirements are met
    criteria met | requirements met | that completes | this completes | that concludes | this concludes
    that wraps up | this wraps up | research complete | implementation complete | migration complete
    refactor complete | refactoring complete | review complete | analysis complete | mission accomplished
    job is done | work is done | work is finished | the work here is done | nothing left to do
    nothing remains to be done | nothing else to do | no work left | no remaining work | no open items
    no open tasks | no outstanding work | no outstanding items | fully done | no further work
    nothing further to do | you're all set | you are all set | that's a wrap | everything's in place
    everything's working | everything is now working | the fix is in | it's all done | this is all done
    that's done | closing this out | nothing left for me to do | nothing left to be done | nothing is left
    nothing is left to do | nothing is left to be done |    nothing more to do | all items are done
    nothing else is pending | changes are all in | it's live | it is live
    now live | is live | fully implemented and working | is all yours | off your list | ticked off
    closing this task | closing the task | closing this ticket | closing the ticket
    the task is done | the task is complete | the task is completed | the task is finished | the task is closed
    the task is now done | the task is now complete | the task is now completed | the task is now finished
    task is now done | task is now complete | task is now completed | task is now finished | task is finished
    task is completed | i'm done with the task | i am done with the task | i'm done with this task
    i am done with this task
""")

#: what was wanted works; said of something, so it counts like a thing that is done
_WORKS = phrases("""
    it works | works now | now works | works fine | works as expected | works correctly | works again
    works as intended | working now | is working again | work as expected | behaves as expected | works end to end
    works end-to-end | is in place | are in place | is up and running | is fully functional | works like a charm
    works perfectly | do the trick | does the trick | work now | work again | is running again
""")

_DONE = phrases(
    "done | ready | complete | completed | finished | concluded | wrapped up | accomplished | finalized | finalised"
)

#: reaching what a task usually asks for; said of a thing, with nothing left open, it is a claim that the task is done
_MENDED = phrases("""
    fixed | implemented | resolved | shipped | deployed | migrated | merged | released | solved | delivered | ported
    repaired | published | converted | rolled out | landed | squashed | corrected | finished implementing
    finished writing | finished building | finished adding | finished migrating | finished updating | renamed across
    finished refactoring | finished fixing | addressed | handled | taken care of | sorted out | cleared up | patched
    up for review | reconciled | up and running | rebuilt | wired up | processed | booked | ordered | reserved
""")

#: something was changed; alone it does not say whether that was all
_CHANGED = phrases("""
    added | updated | changed | removed | moved | wrote | written | created | renamed | refactored | deleted
    replaced | edited | rewrote | rewritten | extracted | dropped | bumped | upgraded | adjusted
    cleaned up | committed | pushed | made the following changes | made these changes | made the changes
    made all the changes | made changes | modified
    extended | split | reworked | simplified | generated | drafted | prepared | covered | archived | configured
    enabled | disabled | reverted | restored | scraped | deduplicated | translated | arranged | cancelled | canceled
    opened | wired | hooked up | tweaked | put in | raised | lowered | inlined | merged in | imported | exported
    improved | tightened | hardened | documented | introduced | switched | uploaded | submitted | installed | set up
    built | sorted | shared | marked
""")

#: work that leaves things as they are
_LOOKED = phrases("""
    found | read | reviewed | ran | checked | investigated | looked into | looked at | looked through | traced
    measured | reproduced | compared | analysed | analyzed | identified | narrowed it down | narrowed down | tested
    verified | confirmed | collected | gathered | profiled | debugged | explored | searched | inspected | examined
    benchmarked | tried | counted | audited | researched | diagnosed | pinpointed | scanned | walked through
    made progress | made partial progress | made good progress | have started | started on | i've begun
    started working | went through | studied | evaluated | validated | returned | surveyed | downloaded | logged
    findings | findings so far | work so far | i answered | dug into | bisected | mapped out | sketched | listed
    reached | milestone reached | dug through | back at square one | got the
""")

_ONGOING = phrases("""
    working on it | working on that | working on this | working through | still working | i'm working | i am working
    in progress | still running | halfway | half way | on track | still converting | still downloading
    still uploading | still processing | still going | making progress | i'm looking for | i am looking for
    i'm looking into | i am looking into
    looking into | i'm checking | i'm testing | i'm debugging | i'm fixing | i'm investigating | i'm reading
    i'm writing | i'm reviewing | i'm running | i'm going through | going on with | i'm going on with
    continuing with | compiling | under way | underway | well on the way | ongoing | debugging
    i'm in the middle of | progress: | still on it | midway | partway | half converted | half done | i'm now
    moving on to | moved on to | being processed | being migrated | i'm making
    """)

_CHECK = phrases("""
    tests | test suite | suite | test | unit tests | integration tests | checks | check | ci | build | lint | linter
    linting | type check | type checks | type checker | typecheck | pipeline | specs | regression tests | e2e tests
    end-to-end tests | test run | mypy | pytest | ruff | eslint | tsc | jest | cargo test | npm test | go test
    assertions | test cases | cases | verification | compilation | smoke test | smoke tests | static analysis
    the payload | workflow | github actions | pre-commit | clippy
""")

_PASS = phrases("""
    pass | passes | passed | passing | green | succeed | succeeds | succeeded | clean | all pass | all passed
    all green | all passing | are ok | is ok | ok | no issues | no issues found | no errors | 0 failures | 0 failed
    0 errors | no longer fail | no longer fails | no longer failing | zero failures | zero errors | no failures
    without errors | without failures | exit 0 | exit code 0
    exits 0 | no warnings | without a failure
""")

_GREEN = phrases("""
    all tests pass | all tests passed | all tests passing | all tests are passing | all tests green
    tests are green | all tests are green | all checks pass | all checks passed | all checks green | all green
    tests pass | ci green | tests passed | ci is green | ci says green | ci passes | ci passed | suite is green
    build is green | tests green | the build passes | everything passed | everything passes | everything is green
    all existing tests pass | all existing tests continue to pass | existing tests still pass | all tests still pass
""")

_FAIL = phrases("""
    fail | fails | failed | failing | failure | failures | red | broken | still fail | still fails | still failing
    still broken | failing tests
    do not pass | does not pass | don't pass | doesn't pass | did not pass | didn't pass | timed out
""")

_ERRORS = ("errors", "error", "problems")

_DISPATCHED = phrases("""
    delegated | dispatched | spawned | kicked off | handed this over | handed it over | handed over | handed off
    farmed out | i've queued | has been queued | have queued | i queued | queued up | is already running
    are already running
""")

_HANDED = phrases("""
    sent | asked | told | passed | assigned | handed | spun up | fired off | given | submitted | started | launched
    forwarded | triggered | scheduled | moved | gave | put
""")

_WORKER = phrases("""
    agent | sub-agent | subagent | sub-agents | subagents | agents | worker | workers | queue | build queue | child
    background job | background task | nightly job | ci job | batch job | team | reviewer agent | cron
    helper | job queue | background | research agent
""")

_FORWARDED = phrases("""
    forwarded the | i've forwarded | i have forwarded | passed on to the operator | to the operator channel
    relayed | passed it on to you | passed the result on | posted the result | shared the result with you
    on to the operator | forwarded to you | sent you the result
""")

#: a child's result, without which passing something on is no forwarding
_RESULT = phrases("result | results | report | summary | findings | output | answer | reply | reviewer's | sub-agent's")

ENGLISH_CLAIMS: Mapping[Sign, Iterable[str]] = {
    Sign.WHOLE: _WHOLE,
    Sign.DONE: _DONE,
    Sign.WORKS: _WORKS,
    Sign.MENDED: _MENDED,
    Sign.CHANGED: _CHANGED,
    Sign.LOOKED: _LOOKED,
    Sign.ONGOING: _ONGOING,
    Sign.CHECK: _CHECK,
    Sign.PASS: _PASS,
    Sign.GREEN: _GREEN,
    Sign.FAIL: _FAIL,
    Sign.ERRORS: _ERRORS,
    Sign.DISPATCHED: _DISPATCHED,
    Sign.HANDED: _HANDED,
    Sign.WORKER: _WORKER,
    Sign.RESULT: _RESULT,
    Sign.FORWARDED: _FORWARDED,
}
