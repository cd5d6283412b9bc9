"""English phrases that change what is claimed near them, or that say what is open, planned or needed.

Folded like those of `lexicon_english`; the longer phrase wins, so what only looks like one of these is a phrase too.
"""

from collections.abc import Iterable, Mapping

from reporting_governance.core.reading_claims.lexicon_english import phrases
from reporting_governance.core.reading_claims.signs import Sign

_NEGATION = phrases("""
    not | no | never | none | nothing | nobody | neither | nor | cannot | without | hardly | isn't | aren't | wasn't
    weren't | haven't | hasn't | hadn't | don't | doesn't | didn't | can't | couldn't | won't | wouldn't | shouldn't
    yet to | far from | not all | not yet | unable to | wasn't able to | failed to | fails to | refused to | stopped
    can't confirm | can't say | can't tell | doubt | don't know | not sure whether | not sure if | unclear whether
    no sign of | 0 tests | no tests | ain't | instead of | rather than
""")

#: wanted, planned or asked for.  `to` is one of them only before a verb, so it stands with the verbs
_INTENT = phrases("""
    will | i'll | we'll | it'll | going to | gonna | plan to | planning to | plans to | want to | wants to | want it
    need to | needs to | need it | must | have to | has to | let me | let's | to be | to get | in order to | goal is
    aim is | aim was | my aim | the goal | make sure | making sure | ensure | ensuring | please | about to
    trying to | hope to | hoping to | was hoping | intend to | intends to | is to | are to | until | get it
    get this | get the | get them | i'd like | would like | the task is | mark | shall i | supposed to | want me to
    asked me to | so that | to make | to have | to see | to confirm | to verify | to complete | to finish | to fix
    deadline | has to be | needed to | was to | definition of | requires | expected to | the plan is | next step
    remind | easier said than | what's done is | be | give me | rather than | it would | declare
""")

_HEDGE = phrases("""
    should | should be | i think | i believe | i guess | i suppose | i assume | probably | likely | seems
    seems to be | seem to | appears | appears to be | appear to | looks like | look like | might | may | perhaps
    maybe | possibly | as far as i can tell | as far as i can see | afaict | afaik | hopefully | presumably
    in theory | in principle | supposedly | ought to | could | would | can | i'd say | not entirely sure
    i'm fairly sure | fairly sure | if i read the output right | if i'm not mistaken | looks done | looks good
    i'd expect | in my opinion | to the best of my knowledge | apparently | pretty sure | fairly confident
    i'm confident | i am confident | grain of salt | i'm not mistaken | in all likelihood | i reckon | my guess
    i'd guess | can't guarantee | i expect
""")

#: most of it: that work was done is certain, that the task is done is not
_DEGREE = phrases("""
    basically | mostly | practically | essentially | more or less | pretty much | largely | virtually
    for the most part | to a large extent | in essence | by and large | effectively
""")

_ALMOST = phrases("almost | nearly | not quite | close to | half | halfway | just about | partly | partially | next to")

_CONDITION = phrases("""
    if | once | unless | whenever | as soon as | provided | provided that | assuming | in case | whether
    as long as | only when | only after | only if | until | till | before | had i | depends on | even if | suppose
""")
_WHEN = phrases("when | after | by the time | where")

_REPORTED = phrases("""
    said | says | confirmed that | confirms that | confirmed me | answered that | told me | claims | claimed
    wrote that | writes | means | meaning | according to | reported that | reports that | states that | stated that
    asked | asks | mentioned | mentions | announced | thinks | believes | insists | replied | you report | you asked
    your message | you mentioned | reminder | the ticket says | it says | saying | stating | a note that | heard
    the docs say | i said | i claimed | i reported
""")

_QUESTION = phrases("shall i | should i | do you | would you like | can you confirm | is it | are we | could you")

_PART = phrases("""
    part | parts | part of | phase | step | steps | half | first half | section | stage | so far | some of | most of
    partial | partially | first batch | batch | a few of | portion | shard | shards | up to now | milestone | except
    except for | apart from | other than | aside from | subset | chunk | for now | initial | the rest
    the remaining | out of | survey part | by hand | until now | api part | backend part | frontend part
    what i could | as far as i could | as far as possible | first draft | first version | skeleton | prototype
    first milestone | rough draft
""")

#: work that is left.  "No work left" and its like are phrases of their own above
_OPEN = phrases("""
    remaining | left to do | what's left | to do | todo | to-do | still need | still needs | still to | still open
    still missing | stuck on | stuck at | outstanding | unfinished | not finished | not done | not complete
    not completed | not started
    not yet | haven't started | have not started | is left | are left | left out of | still fail | still fails
    still uses | still use | not fixed | not implemented | incomplete | yet to | haven't fixed | have not fixed
    not there yet | halfway | wasn't able to finish | wasn't able to complete | not able to finish
    not able to complete | unable to finish | unable to complete | couldn't finish | couldn't complete
    could not finish | could not complete | didn't finish | did not finish | is missing | are missing | blocked on
    blocked by | still failing | still broken
    with an error | with errors | finished with | neither works | still has to | still have to | is still to
    not converted | not tested yet | follow up later | remain | remains | to go | still has | still have
    what i could | not there | have to wait | has to wait | waits for | is pending | are pending | wait until
""")

#: the agent's own next steps.  "I'll remind you" is a service, no step of the task
_PLAN = phrases("""
    next i'll | next i will | next, i'll | next, i will | then i'll | i'll then | i'm going to | i am going to
    i'll move on | next up | i plan to | next step is | the next step | next: | after that i | i'll continue
    i will continue | i'm going on | going on with | moving on to | i'll move on to | tomorrow i'll | i'll now
    i will now | i'll start | i will start | i'll rewrite | i'll convert | i will finish | i will implement
    i'll fix | i will fix | i'll implement | i'll finish | i'll add | i will add | i'll write | i will write
    i'll run | i will run | i'll try | i will try | i'll wait | i will wait | continuing with | now working on
    will then | i'll open | will be next | comes next | next on my list | i'll look at | i'll look into
    i will look | i'll go on | i'll keep | i'll build | i'll create | i'll deploy | i'll tackle | i'll handle
    i'll pick up | i'll come back to | i'll work | i will work | i'll do the | i'll make | i will build
    my next step | then i will | i'll proceed | i will proceed | i will merge | i'll merge | i'll test
    i'll update the | going to try | i'll check | next i | after that, i | tomorrow: | tomorrow i
""")

_AGAIN = phrases("""
    i'll report | i will report | next report | next update | report back | report again | i'll update you
    i will update you | i'll check in | i will check in | next check-in | will report as soon | keep you posted at
    i'll let you know when | i'll tell you how | i'll tell you when | will post an update
""")

_NEED = phrases("""
    no action is needed | no action needed | no action required | no action is required | no operator action
    no intervention | nothing needed from you | need from you | need a decision | need your | needs your
    i need you to | need you to | please send it | please send me | please approve | please provide | please confirm
    please accept | please renew | please grant | i'm blocked | need access | nothing for you to do | requires your
    waiting for your | waiting on you | need input | needs input | need approval | action required
    needs a decision | your decision | your call | up to you | which one do you prefer | which do you prefer
    please decide | don't need anything | please add | please restart | please send | please review | please check
    please run | anything from you | nothing from you
""")

_STATE = phrases("""
    still | currently | paused | idle | waiting for | blocked | in progress | queued | on track | halfway | running
    at 60% | status | so far | stuck | under way | underway | on hold | not started | eta
""")

#: what holds the letters of a sign and says something else
_NEUTRAL = phrases("""
    let me know | i can confirm | we can confirm | the whole batch | the entire batch | whole section | not only
    no problem | nothing but | if you have any questions | if anything | how it is done | check-in | check in
    checked in | check it out | check out | well done | over and done | done with it being | if you'd like
    if you have questions | if you want | if you like | if needed | if anything is unclear | as if | no longer
    no doubt | not just | ready when you are | build a | build the | test a | the test case | no matter | read-only
    read only | clean worktree | clean checkout | clean clone | clean copy | clean branch | clean install | set up by
    to the point | red herring | may 1 | may 2 | of course | the right one | can opener
    for the record | will power | not to mention | in no time | no user action | all steps | all parts | all phases
    all stages | all sections | every step | both parts | all milestones | all batches | all shards | every part
    step by step | in part because | for my part | part of the | before and after | more than half
    it goes without saying | written in | is done by | is done via | is done using | is done through | is done in
    is done with | ready to start | i'm ready | get ready | ready to go when | on it | test data | test server
    read the docs | before: | after: | now reads | split into | which tests | which test | which of the tests
    all of the remaining | all the remaining | all remaining | all the steps | all of the steps | all the parts
""")

ENGLISH_CONTEXT: Mapping[Sign, Iterable[str]] = {
    Sign.NEGATION: _NEGATION,
    Sign.INTENT: _INTENT,
    Sign.HEDGE: _HEDGE,
    Sign.DEGREE: _DEGREE,
    Sign.ALMOST: _ALMOST,
    Sign.CONDITION: _CONDITION,
    Sign.WHEN: _WHEN,
    Sign.REPORTED: _REPORTED,
    Sign.QUESTION: _QUESTION,
    Sign.PART: _PART,
    Sign.OPEN: _OPEN,
    Sign.PLAN: _PLAN,
    Sign.AGAIN: _AGAIN,
    Sign.NEED: _NEED,
    Sign.STATE: _STATE,
    Sign.NEUTRAL: _NEUTRAL,
}
