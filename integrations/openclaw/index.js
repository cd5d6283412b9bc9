/**
 * Asks `gate --host openclaw` about every final answer and outgoing message of an agent, and carries out its answer.
 *
 * The facts about OpenClaw's hooks that this rests on stand in README.md.
 */
import { ask, endAll, Late } from "./gate.js";
import { answered, cut, pick, promptBuilt, senderOf, sessionOf, toolUsed, toTell } from "./sessions.js";

const FINALIZE = "before_agent_finalize";
const SENDING = "message_sending";
const DEFAULTS = { command: ["reportgov", "gate"], deadlineMs: 8000, onError: "pass", hooks: [FINALIZE, SENDING] };
const MOST_PASSES = 2; // OpenClaw grants 3 in all, and does not ask about the answer of the last one
const CONTEXT = ["agentId", "sessionId", "channelId", "conversationId", "trigger", "workspaceDir"];
const INSTRUCTION =
  "What is missing may be done with tools now, checks included.  If it is not going to be done, say so plainly.";

const HELD = {
  kind: "block",
  reason: "Nothing could be judged.",
  text: "[A report of this agent was held back: the gate gave no answer, so nothing could be judged.]",
};

/** One per process, like the sessions: one warning, not one for each message. */
const said = (globalThis[Symbol.for("reporting-governance.said/1")] ??= { failing: false });

/** Ask about a text; answer by `onError` when the gate does not.  Never throws, and ends within the deadline. */
async function judged(api, config, hook, session, text, event, ctx) {
  if (session.unanswered === text) {
    session.unanswered = null; // both hooks are asked about one report: it is to be late once
    return otherwise(config, hook);
  }
  try {
    const answer = await ask(config, {
      hook,
      event: { text: text.toWellFormed(), ...pick(event, ["cwd", "to"]) },
      context: pick(ctx, CONTEXT),
      session: session.key,
      request: session.request,
      deeds: session.deeds,
      complete: session.complete,
    });
    if (said.failing) api.logger.warn("reporting-governance: the gate answers again");
    said.failing = false;
    return answer;
  } catch (fault) {
    if (fault instanceof Late && hook === FINALIZE) session.unanswered = text;
    warn(api, config, `no answer of ${config.command.join(" ")}: ${fault.message}`);
    return otherwise(config, hook);
  }
}

/** What becomes of a message that could not be judged. */
const otherwise = (config, hook) => (config.onError === "hold" && hook === SENDING ? HELD : { kind: "pass" });

function warn(api, config, what) {
  const then = config.onError === "hold" ? "messages are held back" : "messages go out unjudged";
  if (!said.failing) api.logger.warn(`reporting-governance: ${what}; ${then} until there is one`);
  said.failing = true;
}

/** Return a hook's result; a fault of ours is no answer of the gate, since OpenClaw passes over a handler that throws. */
async function guarded(api, config, hook, act) {
  try {
    return await act();
  } catch (fault) {
    warn(api, config, `no judgement: ${fault?.message}`);
    return otherwise(config, hook) === HELD ? { content: HELD.text } : undefined;
  }
}

/** Ask the agent for another pass when its final answer is held back; OpenClaw grants it only before tools were used. */
async function onFinalize(api, config, event, ctx) {
  const text = event?.lastAssistantMessage;
  const key = ctx?.sessionKey ?? event?.sessionKey;
  if (typeof text !== "string" || !text.trim() || text.trim() === "NO_REPLY") return undefined;
  if (!key || key.includes(":internal-session-effects:")) return undefined; // the host talks to itself
  const session = sessionOf(key, ctx?.runId ?? event.runId);
  answered(session, text);
  const answer = await judged(api, config, FINALIZE, session, text, event, ctx);
  if (answer.kind === "pass") return undefined;
  const retry = {
    instruction: INSTRUCTION,
    idempotencyKey: `reporting-governance:${answer.kind}`,
    maxAttempts: answer.kind === "block" ? MOST_PASSES : 1, // what is to be rewritten is rewritten when it is sent
  };
  return { action: "revise", reason: answer.reason || "This report was held back.", retry };
}

/** Hold back or rewrite a message of an agent.  What is of no session is a person's or a program's own, and passes. */
async function onSending(api, config, event, ctx) {
  const text = event?.content;
  if (typeof text !== "string" || !text.trim()) return undefined;
  const session = senderOf(text, ctx?.sessionKey, String(event.to ?? ""));
  if (session === undefined) return undefined;
  const answer = await judged(api, config, SENDING, session, text, event, ctx);
  if (answer.kind === "pass") return undefined;
  // the agent believes that its words went out: it is told at its next run
  if (answer.kind === "block") toTell(session.key, cut(`A message of yours was held back and reached nobody.\n${answer.reason ?? ""}`));
  if (answer.text) return { content: answer.text };
  return { cancel: true, cancelReason: answer.reason || "held back by reporting-governance" };
}

export default {
  id: "reporting-governance",
  name: "Reporting governance gate",
  description: "Asks reporting-governance about what an agent is about to say.",
  register(api) {
    const config = { ...DEFAULTS, ...api.pluginConfig };
    const options = { timeoutMs: config.deadlineMs + 2000 };
    api.on("before_prompt_build", (event, ctx) => {
      const untold = promptBuilt(event, ctx);
      return untold ? { prependContext: untold } : undefined;
    });
    api.on("after_tool_call", (event, ctx) => toolUsed(event, ctx));
    api.on("gateway_stop", endAll);
    for (const [hook, act] of [[FINALIZE, onFinalize], [SENDING, onSending]]) {
      const handler = (event, ctx) => guarded(api, config, hook, () => act(api, config, event, ctx));
      if (config.hooks.includes(hook)) api.on(hook, handler, options);
    }
  },
};
