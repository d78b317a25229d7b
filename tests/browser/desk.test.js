// The approver's desk in a real browser, with a real passkey in a virtual authenticator, against a demo with real phones.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";

import { api, ROOT, startDemo, until } from "./demo.js";
import { launch, open, sound as nothingWrong, tooSmall, tooWide } from "./watched.js";

const TARGET = process.env.CARGO_TARGET_DIR ?? join(ROOT, "target");
const SHOTS = join(TARGET, "screenshots");
const MUSTER = join(TARGET, "debug", "muster");
const PATIENCE = 20_000;
const NONCE = "5e".repeat(32);

// Chromium would rather have RS256 as well. Phones know ES256 and nothing else (PROTOCOL §2).
const ES256_ALONE = /pubKeyCredParams is missing at least one of the default algorithm identifiers/;
const sound = (faults, what) => {
  faults.splice(0, faults.length, ...faults.filter((fault) => !ES256_ALONE.test(fault)));
  nothingWrong(faults, what);
};

const muster = async (...words) => (await promisify(execFile)(MUSTER, words)).stdout;

// Opens a desk; answers the address that it prints, where its pages are, and its end.
const openDesk = async (demo, ...words) => {
  const child = spawn(MUSTER, ["approve", "--serve", "--listen", "0", ...words], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, MUSTER_SERVER: demo.known.portal_url, MUSTER_TOKEN: demo.known.api_tokens.reseller },
  });
  const said = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => said.push(part));
  let ended = false;
  child.on("exit", () => (ended = true));
  const saidSoFar = () => Buffer.concat(said).toString();
  const link = await until("the desk opens", () => {
    if (ended) throw new Error(`the desk ended:\n${saidSoFar()}`);
    return saidSoFar().match(/http:\/\/approve\.localhost:\d+\/open\/[0-9a-f]+/)?.[0];
  });
  const stop = async () => {
    if (!ended) child.kill("SIGINT");
    await until("the desk closes", () => ended, 20).catch(() => child.kill("SIGKILL"));
  };
  return { link, origin: new URL(link).origin, stop };
};

// A security key that verifies its owner and stays in one place.
const plugIn = async (page) => {
  const session = await page.context().newCDPSession(page);
  await session.send("WebAuthn.enable");
  const options = { protocol: "ctap2", transport: "usb", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true };
  await session.send("WebAuthn.addVirtualAuthenticator", { options });
};

describe("the approver's desk in a browser", { timeout: 600_000 }, () => {
  let demo, browser, desk, window, home, place;

  const draft = async (kind, number) => {
    const device_ids = [demo.known.phones[number].device_id];
    return (await api(demo, "POST", "/api/v1/commands", { kind, device_ids, reason: "stolen from a car, report 114" })).id;
  };
  const is = (id, state) => until(`the command is ${state}`, async () => (await api(demo, "GET", `/api/v1/commands/${id}`)).state === state);
  const phone = (number) => demo.known.phones[number];

  before(async () => {
    demo = await startDemo();
    browser = await launch();
    home = join(demo.folder, "dagny");
    const { fingerprint } = demo.known.fleets[0];
    desk = await openDesk(demo, "--dir", home, "--fleet", fingerprint, "--name", "Dagny Krol");
    window = await open(browser, desk.origin);
    window.page.setDefaultTimeout(PATIENCE);
    await plugIn(window.page);
    await window.page.goto(desk.link);
    await window.page.getByRole("heading", { level: 1, name: "What waits for signatures" }).waitFor();
    place = window.page.url();
    await mkdir(SHOTS, { recursive: true });
  });

  after(async () => {
    await browser?.close();
    await desk?.stop();
    await demo?.stop();
  });

  it("opens once, for one browser", async () => {
    const other = await open(browser, desk.origin);
    for (const address of [desk.link, place, desk.origin]) {
      const answer = await other.page.goto(address);
      assert.equal(answer.status(), 403, address);
      await other.page.getByRole("heading", { name: "This desk is shut to you" }).waitFor();
    }
    assert.deepEqual(await other.context.cookies(), []);
    await other.context.close();
  });

  it("makes an independent passkey, and the root signers take it into the keyring", async () => {
    const { page, faults } = window;
    await page.getByRole("link", { name: "Your keys" }).click();
    await page.getByLabel("What to call it").fill("Blue key");
    await page.getByLabel("Challenge of the ceremony").fill(NONCE);
    await page.getByRole("button", { name: "Make a passkey" }).click();
    await page.getByRole("button", { name: "Make it" }).click();
    await page.getByRole("button", { name: "Sign once" }).click();
    await page.getByText("Read these words to the root signers").waitFor();
    assert.ok((await page.locator("main").innerText()).includes(NONCE));
    const words = await page.locator(".aloud .say").innerText();
    await page.screenshot({ path: join(SHOTS, "desk-passkey-light-1440.png"), fullPage: true });
    sound(faults, "making a passkey");

    const file = join(home, (await readdir(home)).find((name) => name.startsWith("passkey-")));
    const made = JSON.parse(await readFile(file, "utf8"));
    assert.deepEqual([made.display, made.origin, made.rp_id, made.synced], ["independent", desk.origin, "approve.localhost", false]);
    // The root ceremony, on what is the offline machine here.
    const dir = dirname(demo.known.approver_keys[0]);
    await muster("keyring", "draft", "--dir", dir, "--add-approver", file, "--challenge", NONCE);
    const next = join(dir, "keyring-2.draft.json");
    const shown = await muster("root", "sign", next, "--key", join(dir, "root-1.key"), "--dir", dir, "--yes");
    assert.ok(shown.includes(words), `the root signers see other words:\n${shown}`);
    assert.ok(shown.includes("approve.localhost"), shown);
    await muster("root", "sign", next, "--key", join(dir, "root-2.key"), "--dir", dir, "--yes");
    await muster("keyring", "publish", "--dir", dir, "--server", demo.known.portal_url, "--token", demo.known.api_tokens.reseller);
  });

  it("kills a phone with the passkey alone", async () => {
    const { page, faults } = window;
    const id = await draft("kill", 3);
    await page.goto(place);
    await page.getByRole("link", { name: `Read and sign Kill ${id}` }).click();
    await page.getByRole("heading", { level: 1, name: "Kill one phone" }).waitFor();
    await page.getByText("Remove").first().waitFor();
    const sign = page.getByRole("button", { name: "Sign with passkey Blue key" });
    await page.getByLabel(/type the serial/).fill("NW-999999");
    await sign.click();
    await page.getByText("What was typed differs").waitFor();
    assert.equal((await api(demo, "GET", `/api/v1/commands/${id}`)).state, "awaiting-approval");
    await page.getByLabel(/type the serial/).fill(phone(3).serial_number);
    await sign.click();
    await page.getByText("Signed. Enough people have agreed").waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.id), "done", "what was done is read first");
    await is(id, "done");
    await until("the phone's service is gone", () => !existsSync(join(phone(3).state_dir, "service")));
    assert.ok(existsSync(join(phone(3).state_dir, "userdata")), "the owner's own data stays");
    sound(faults, "killing a phone");
  });

  it("wipes a phone together with a key file on another person's desk", async () => {
    const { page, faults } = window;
    const id = await draft("wipe", 4);
    const ben = await openDesk(demo, "--key", demo.known.approver_keys[1]);
    const other = await open(browser, ben.origin);
    other.page.setDefaultTimeout(PATIENCE);
    try {
      await other.page.goto(ben.link);
      await other.page.getByRole("link", { name: `Read and sign Wipe ${id}` }).click();
      await other.page.getByLabel(/type the serial/).fill(phone(4).serial_number.toLowerCase());
      await other.page.getByText("It matches.").waitFor();
      await other.page.getByRole("button", { name: /Sign with key file approver-2.key/ }).click();
      await other.page.getByText("Signed. Your signature stands").waitFor();
      sound(other.faults, "Ben's desk");
    } finally {
      await other.context.close();
      await ben.stop();
    }
    await page.goto(place);
    await page.getByText("1 of 2 people has signed.").waitFor();
    await page.getByRole("link", { name: `Read and sign Wipe ${id}` }).click();
    await page.screenshot({ path: join(SHOTS, "desk-wipe-light-1440.png"), fullPage: true });
    await page.getByLabel(/type the serial/).fill(phone(4).serial_number);
    await page.getByRole("button", { name: "Sign with passkey Blue key" }).click();
    await page.getByText("Signed. Enough people have agreed").waitFor();
    await is(id, "done");
    await until("the owner's data is gone", () => !existsSync(join(phone(4).state_dir, "userdata")));
    sound(faults, "wiping a phone");
  });

  it("signs without script, by key file", async () => {
    const id = await draft("kill", 2);
    const ada = await openDesk(demo, "--key", demo.known.approver_keys[0]);
    const { page, faults, context } = await open(browser, ada.origin, { script: false });
    page.setDefaultTimeout(PATIENCE);
    try {
      await page.goto(ada.link);
      await page.getByRole("link", { name: `Read and sign Kill ${id}` }).click();
      await page.getByText("Passkeys need script").waitFor();
      await page.getByLabel(/type the serial/).fill(phone(2).serial_number);
      await page.getByRole("button", { name: /Sign with key file/ }).click();
      await page.getByText("Signed. Enough people have agreed").waitFor();
      await is(id, "done");
      sound(faults, "the desk without script");
    } finally {
      await context.close();
      await ada.stop();
    }
  });

  it("looks as it should in both themes, wide and narrow", async () => {
    await draft("wipe", 0);
    await draft("kill", 1);
    const wrong = [];
    const { page } = window;
    await page.goto(place);
    const item = await page.getByRole("link", { name: /Read and sign/ }).first().getAttribute("href");
    const keys = await page.getByRole("link", { name: "Your keys" }).getAttribute("href");
    await page.goto(keys);
    const passkey = await page.getByRole("link", { name: "Blue key" }).getAttribute("href");
    for (const theme of ["light", "dark"]) {
      for (const width of [390, 1440]) {
        await page.setViewportSize({ width, height: 900 });
        await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
        for (const [name, path] of [["inbox", place], ["item", item], ["keys", keys], ["passkey", passkey], ["problem", `${place}nothing`]]) {
          const where = `${name} ${theme} ${width}`;
          await page.goto(path);
          wrong.push(...window.faults.splice(0).map((fault) => `${where}: ${fault}`), ...(await tooWide(page)).map((fault) => `${where}: too wide: ${fault}`));
          wrong.push(...(await tooSmall(page)).map((fault) => `${where}: too small: ${fault}`));
          await page.screenshot({ path: join(SHOTS, `desk-${name}-${theme}-${width}.png`), fullPage: true });
        }
      }
    }
    assert.deepEqual(wrong, []);
  });
});
