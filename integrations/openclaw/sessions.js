/**
 * What each session's agent did since its newest request, bounded: the newest sessions, and of each the newest deeds.
 *
 * Kept beyond `agent_end`, since a message leaves only after it.  Nothing is written anywhere.
 */
import { createHash } from "node:crypto";

const MOST_SESSIONS = 64;
const MOST_DEEDS = 512; // of one request
const MOST_DEED_CHARACTERS = 256 * 1024; // of one request, as JSON
const MOST_OUTPUT = 8 * 1024; // characters of a command's output, from its end
const MOST_WORD = 8 * 1024; // characters of any other text of a deed
const MOST_NAME = 512;
const DEEP = 3; // a list of what runs in the background, each with its own keys
const MOST_RUNS = 64; // of one request: those that the host began by itself
const ANSWER_MS = 10 * 60 * 1000; // how long words are known as those of an earlier request, or of an automation

/** What the gate reads of a tool call; the rest, such as the contents of files, stays here. */
const PARAMS = ["command", "workdir", "path", "file_path", "input", "action", "sessionId", "label", "task", "channel", "to"];
const DETAILS = [
  "status", "exitCode", "exitSignal", "timedOut", "noOutputTimedOut", "cwd", "sessionId", "changed", "summary", "sessions",
  "childSessionKey", "ok", "reason",
];
const WITH_OUTPUT = new Set(["exec", "bash", "process"]);
const GOES_ON = new Set(["subagent_announce", "subagent_settle"]);

/**
 * @typedef {{id: string, at: number, tool: string, params: object, details: object, output: string, sha256: string,
 *            error: string|null, ms: number}} Deed
 * @typedef {{key: string, request: {id: string, at: number, text: string}|null, deeds: Deed[], characters: number,
 *            complete: boolean, runs: Set<string>, answer: string, answeredAt: number, sentTo: string|null,
 *            unanswered: string|null, untold: string, before: Session|null}} Session
 * `sentTo` is whom the answer went to, null before that; `unanswered` a text on which the gate kept silent; `before` the
 * request before this one, whose words may still be on their way.
 */

/** One per process: OpenClaw registers a plugin several times in one, and again when it is reloaded. */
const sessions = (globalThis[Symbol.for("reporting-governance.sessions/2")] ??= /** @type {Map<string, Session>} */ (new Map()));

/** Return a text no longer than it may be, anything else as it is. */
export const cut = (value, most = MOST_WORD) => (typeof value === "string" ? value.slice(0, most).toWellFormed() : value);

/**
 * Return the named keys of an object that are texts; with levels also what else is plain, not too long and not too deep.
 * The gate refuses a question with others in it, and an agent that could bring that about would not be judged.
 */
export function pick(object, names, levels = 0) {
  const found = {};
  for (const name of names) {
    const value = copied(object?.[name], levels);
    if (levels === 0 && typeof value !== "string") continue;
    if (value !== undefined && (typeof value !== "object" || JSON.stringify(value).length <= MOST_WORD)) found[name] = value;
  }
  return found;
}

function copied(value, levels) {
  if (value === null || ["string", "number", "boolean"].includes(typeof value)) return cut(value);
  if (typeof value !== "object" || levels === 0) return undefined;
  if (Array.isArray(value)) return value.map((each) => copied(each, levels - 1) ?? null);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [cut(key), copied(each, levels - 1)]));
}

function kept(session) {
  sessions.delete(session.key);
  sessions.set(session.key, session);
  if (sessions.size > MOST_SESSIONS) sessions.delete(sessions.keys().next().value);
  return session;
}

function begun(key, run, request) {
  const before = sessions.get(key) ?? null;
  if (before) before.before = null; // one is enough: its words have left, or never will
  const deeds = { deeds: [], characters: 0, complete: request !== null };
  const answer = { answer: "", answeredAt: 0, sentTo: null, unanswered: null };
  return kept({ key, request, ...deeds, runs: new Set([run]), ...answer, untold: before?.untold ?? "", before });
}

/**
 * Return what is known of a session's newest request, or of the one before when the run is of that; of a run whose
 * beginning this plugin did not see, not all is known.
 */
export function sessionOf(key, run = "") {
  const found = sessions.get(key);
  if (found && (!run || found.runs.has(run))) return kept(found);
  return found?.before?.runs.has(run) ? found.before : begun(key, run, null);
}

/** The agent has to be told something when it runs next. */
export function toTell(key, text) {
  const found = sessions.get(key);
  if (found) found.untold = text;
}

/**
 * A run begins, or another pass of it: a request, unless the host or a sub-agent of its own has begun it.
 * @returns {string} what the agent has to be told first, empty for nothing
 */
export function promptBuilt(event, ctx) {
  const known = sessions.get(ctx?.sessionKey);
  if (!ctx?.sessionKey || !ctx.runId || known?.runs.has(ctx.runId) || known?.before?.runs.has(ctx.runId)) return "";
  const from = ctx.inputProvenance;
  const goesOn = from?.kind === "internal_system" || GOES_ON.has(from?.sourceTool) || ctx.trigger === "heartbeat";
  const request = { id: ctx.runId, at: Date.now(), text: cut(String(event?.prompt ?? "")) };
  const session = goesOn ? sessionOf(ctx.sessionKey) : begun(ctx.sessionKey, ctx.runId, request);
  session.runs.add(ctx.runId);
  if (session.runs.size > MOST_RUNS) session.runs.delete(session.runs.keys().next().value);
  if (goesOn && from?.kind === "inter_session") keep(session, childResult(from, ctx.runId));
  const untold = session.untold;
  session.untold = "";
  return untold;
}

function childResult(from, run) {
  const details = { childSessionKey: cut(from.sourceSessionKey) };
  return { id: run, at: Date.now(), tool: from.sourceTool, params: {}, details, output: "", sha256: "", error: null, ms: 0 };
}

/** A tool was used; a call that cannot be read is one that is missing. */
export function toolUsed(event, ctx) {
  if (!ctx?.sessionKey) return;
  const session = sessionOf(ctx.sessionKey, event?.runId ?? ctx.runId);
  try {
    keep(session, deedOf(event, ctx));
  } catch {
    session.complete = false;
  }
}

function deedOf(event, ctx) {
  const parts = Array.isArray(event.result?.content) ? event.result.content : [];
  const output = parts.filter((each) => typeof each?.text === "string").map((each) => each.text).join("\n");
  const ms = Number.isFinite(event.durationMs) ? Math.max(0, Math.round(event.durationMs)) : 0;
  return {
    id: cut(String(event.toolCallId ?? ctx.toolCallId ?? ""), MOST_NAME),
    at: Math.max(0, Date.now() - ms),
    tool: cut(String(event.toolName ?? "") || "unknown", MOST_NAME),
    params: pick(event.params, PARAMS),
    details: pick(event.result?.details, DETAILS, DEEP),
    output: WITH_OUTPUT.has(event.toolName) ? output.slice(-MOST_OUTPUT).toWellFormed() : "",
    sha256: createHash("sha256").update(output, "utf8").digest("hex"),
    error: event.error === undefined ? null : cut(String(event.error)),
    ms,
  };
}

/** Add a deed; the oldest ones go when there are too many, and then not all is known. */
function keep(session, deed) {
  session.deeds.push(deed);
  session.characters += JSON.stringify(deed).length;
  while (session.deeds.length > MOST_DEEDS || session.characters > MOST_DEED_CHARACTERS) {
    session.characters -= JSON.stringify(session.deeds.shift()).length;
    session.complete = false;
  }
}

/** The agent is about to end a run with these words. */
export function answered(session, text) {
  session.answer = text;
  session.answeredAt = Date.now();
}

/**
 * Return the session that a message is of; undefined when it is nobody's.
 *
 * It is the one that it is sent for.  But a message may leave when the next request has begun: words that the one before
 * ended with, and that have not left, are of that.  And what an automation ended with is sent for another session: so one
 * that ended with these very words, and has not sent them to anybody else.
 */
export function senderOf(text, key, to) {
  if (!key) return undefined;
  const lately = Date.now() - ANSWER_MS;
  const ended = (each) => each.answer === text && each.answeredAt > lately;
  const known = sessions.get(key);
  const automation = `${key.split(":").slice(0, 2).join(":")}:cron:`;
  const its = (each) => each.key.startsWith(automation) && ended(each) && [to, null].includes(each.sentTo);
  const found =
    known?.answer === text ? known
    : known?.before && ended(known.before) && known.before.sentTo === null ? known.before
    : [...sessions.values()].findLast(its);
  if (found) found.sentTo = to;
  return found ?? sessionOf(key);
}
