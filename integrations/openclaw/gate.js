/** One question to `gate --host openclaw`: a child process without a shell, killed with its group at the deadline. */
import { spawn } from "node:child_process";

const MOST_ANSWER_BYTES = 256 * 1024;
const MOST_AT_ONCE = 16;
/** What the program gets of the gateway's environment, which holds keys of models and channels. */
const ENVIRONMENT = ["PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TMPDIR", "XDG_STATE_HOME", "XDG_CONFIG_HOME"];

let running = 0;

/**
 * @typedef {{kind: "pass"|"rewrite"|"block", text?: string, reason?: string, decision_id?: string}} Answer
 * @typedef {{command: string[], state?: string, profile?: string, deadlineMs: number}} Config
 */

/**
 * Return the answer; reject when there is none in time, or one that cannot be understood.
 * @param {Config} config @param {object} document @returns {Promise<Answer>}
 */
export function ask(config, document) {
  const [program, ...first] = config.command;
  const options = [config.state && ["--state", config.state], config.profile && ["--profile", config.profile]];
  const argv = [...first, "--host", "openclaw", ...options.filter(Boolean).flat()];
  const allowed = ([name]) => ENVIRONMENT.includes(name) || name.startsWith("REPORTGOV_");
  const env = Object.fromEntries(Object.entries(process.env).filter(allowed));
  return new Promise((resolve, reject) => {
    if (running >= MOST_AT_ONCE) return reject(new Error(`${MOST_AT_ONCE} of them are running already`));
    const child = spawn(program, argv, { env, stdio: ["pipe", "pipe", "ignore"], detached: true, shell: false });
    running += 1;
    const chunks = [];
    let size = 0;
    let over = false;
    const finish = (settle, value) => {
      if (over) return;
      over = true;
      running -= 1;
      clearTimeout(timer);
      end(child);
      settle(value);
    };
    const timer = setTimeout(() => finish(reject, new Error(`nothing within ${config.deadlineMs} ms`)), config.deadlineMs);
    child.on("error", (fault) => finish(reject, fault));
    child.stdin.on("error", () => {}); // it ended without reading: its answer, or the lack of one, says so
    child.stdout.on("data", (chunk) => {
      size += chunk.length;
      if (size > MOST_ANSWER_BYTES) finish(reject, new Error("more than can be an answer"));
      else chunks.push(chunk);
    });
    child.on("close", (code, signal) => {
      try {
        finish(resolve, checked(JSON.parse(Buffer.concat(chunks).toString("utf8"))));
      } catch {
        finish(reject, new Error(`it ended with ${signal ?? code}`));
      }
    });
    child.stdin.end(JSON.stringify(document));
  });
}

/** Kill what is left of the child's process group. */
function end(child) {
  try {
    if (child.pid) process.kill(-child.pid, "SIGKILL");
  } catch {
    // it is gone
  }
  child.stdout.destroy();
}

function checked(answer) {
  const texts = [answer.text, answer.reason, answer.decision_id].filter((each) => each !== undefined);
  const known = ["pass", "rewrite", "block"].includes(answer.kind) && texts.every((each) => typeof each === "string");
  if (!known || (answer.kind === "rewrite" && answer.text === undefined)) throw new Error("not understood");
  return answer;
}
