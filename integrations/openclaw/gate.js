/** One question to `gate --host openclaw`: a child process without a shell, killed with its group at the deadline. */
import { spawn } from "node:child_process";

const MOST_ANSWER_BYTES = 256 * 1024;
const MOST_AT_ONCE = 8; // the others wait, within their own deadlines
const MOST_WAITING = 256;
/** What the program gets of the gateway's environment, which holds keys of models and channels. */
const ENVIRONMENT = ["PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TMPDIR", "XDG_STATE_HOME", "XDG_CONFIG_HOME"];

/** One per process, like the sessions: children that run, and functions that begin what waits. */
const { running, waiting } = (globalThis[Symbol.for("reporting-governance.gate/1")] ??= { running: new Set(), waiting: [] });

/**
 * @typedef {{kind: "pass"|"rewrite"|"block", text?: string, reason?: string, decision_id?: string}} Answer
 * @typedef {{command: string[], state?: string, profile?: string, deadlineMs: number}} Config
 */

/** No answer because the time was over: whoever asks again would wait as long again. */
export class Late extends Error {}

/**
 * Return the answer; reject when there is none in time, or one that cannot be understood.
 * @param {Config} config @param {object} document @returns {Promise<Answer>}
 */
export function ask(config, document) {
  return new Promise((resolve, reject) => {
    const input = JSON.stringify(document);
    let child;
    let over = false;
    const finish = (settle, value) => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      if (child) end(child);
      running.delete(child);
      if (waiting.includes(begin)) waiting.splice(waiting.indexOf(begin), 1);
      while (waiting.length && running.size < MOST_AT_ONCE) waiting.shift()();
      settle(value);
    };
    const begin = () => {
      try {
        child = started(config);
        running.add(child);
        answerOf(child, input, (answer) => finish(resolve, answer), (fault) => finish(reject, fault));
      } catch (fault) {
        finish(reject, fault);
      }
    };
    const late = () => finish(reject, new Late(`nothing within ${config.deadlineMs} ms`));
    const timer = setTimeout(late, config.deadlineMs);
    if (running.size < MOST_AT_ONCE) begin();
    else if (waiting.length < MOST_WAITING) waiting.push(begin);
    else finish(reject, new Error(`${MOST_WAITING} questions are waiting already`));
  });
}

function started(config) {
  const [program, ...first] = config.command;
  const options = [config.state && ["--state", config.state], config.profile && ["--profile", config.profile]];
  const argv = [...first, "--host", "openclaw", ...options.filter(Boolean).flat()];
  const allowed = ([name]) => ENVIRONMENT.includes(name) || name.startsWith("REPORTGOV_");
  const env = Object.fromEntries(Object.entries(process.env).filter(allowed));
  return spawn(program, argv, { env, stdio: ["pipe", "pipe", "ignore"], detached: true, shell: false });
}

/** Hand the question to a child, and its answer, or why there is none, to one of two functions. */
function answerOf(child, input, answered, failed) {
  const chunks = [];
  let size = 0;
  child.on("error", failed);
  child.stdin.on("error", () => {}); // it ended without reading: its answer, or the lack of one, says so
  child.stdout.on("data", (chunk) => {
    size += chunk.length;
    if (size > MOST_ANSWER_BYTES) failed(new Error("more than can be an answer"));
    else chunks.push(chunk);
  });
  child.on("close", (code, signal) => {
    try {
      answered(checked(JSON.parse(Buffer.concat(chunks).toString("utf8"))));
    } catch {
      failed(new Error(`it ended with ${signal ?? code}`));
    }
  });
  child.stdin.end(input);
}

/** Kill what is left of the child's process group. */
function end(child) {
  try {
    if (child.pid) process.kill(-child.pid, "SIGKILL");
  } catch {
    // it is gone
  }
  child.stdout?.destroy();
}

/** End what still runs: when the gateway ends it has nobody to answer. */
export const endAll = () => running.forEach(end);

function checked(answer) {
  const texts = [answer.text, answer.reason, answer.decision_id].filter((each) => each !== undefined);
  const known = ["pass", "rewrite", "block"].includes(answer.kind) && texts.every((each) => typeof each === "string");
  if (!known || (answer.kind === "rewrite" && answer.text === undefined)) throw new Error("not understood");
  return answer;
}
