// A demo of its own for the tests: `muster demo` in a new folder, on free ports; and the agent as a program.
import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const TARGET = process.env.CARGO_TARGET_DIR ?? join(ROOT, "target");

const program = (name) => {
  const path = join(TARGET, "debug", name);
  if (!existsSync(path)) throw new Error(`${path} is not built: run ./tests/run, or cargo build --workspace`);
  return path;
};

export const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

// Asks again and again until the answer is not empty; fails after `seconds`.
export const until = async (what, ask, seconds = 30) => {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${seconds} seconds`);
    await pause(100);
  }
};

export const startDemo = async () => {
  const folder = await mkdtemp(join(tmpdir(), "muster-browser-"));
  const dir = join(folder, "demo");
  const child = spawn(program("muster"), ["demo", "--dir", dir, "--portal", "127.0.0.1:0", "--device", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "pipe"] });
  const said = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => said.push(part));
  const words = () => Buffer.concat(said).toString();
  let ended = false;
  child.on("exit", () => (ended = true));
  const file = join(dir, "credentials.json");
  const stop = async () => {
    if (!ended) child.kill("SIGINT");
    await until("the demo stops", () => ended, 20).catch(() => child.kill("SIGKILL"));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await until("the demo starts", () => {
      if (ended) throw new Error(`the demo ended:\n${words()}`);
      return existsSync(file);
    }, 90);
    return { folder, known: JSON.parse(await readFile(file, "utf8")), words, stop };
  } catch (error) {
    await stop();
    throw error;
  }
};

// Enrols a sandbox phone in a folder of its own, as a person at a terminal would; answers the folder.
export const enrolPhone = async (demo, serial, code) => {
  const state = join(demo.folder, serial);
  const fleet = demo.known.fleets[0].fingerprint;
  const options = ["enrol", "--server", demo.known.device_url, "--code", code, "--serial", serial, "--state", state, "--fleet-fingerprint", fleet];
  await promisify(execFile)(program("muster-agent"), options);
  return state;
};

// A command of `muster` in a folder of the demo's, as a person at a terminal gives it; answers what it said.
export const muster = async (demo, ...words) => {
  const env = { ...process.env, MUSTER_SERVER: demo.known.portal_url, MUSTER_TOKEN: demo.known.api_tokens.reseller };
  const { stdout } = await promisify(execFile)(program("muster"), words, { env });
  return stdout;
};

// A request to the API with one of the demo's tokens.
export const api = async (demo, method, path, body, token = demo.known.api_tokens.reseller) => {
  const answer = await fetch(demo.known.portal_url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body ? { "content-type": "application/json" } : {}) },
    body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : null;
};
