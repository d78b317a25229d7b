// Passkeys that approve, in a real browser with a virtual authenticator: from the account page through the root ceremony at the
// command line to a phone that shows the message, and one that is wiped.
import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";

import { api, muster, ROOT, startDemo, until } from "./demo.js";
import { launch, open, signIn, sound, tooSmall, tooWide } from "./watched.js";

const SHOTS = join(process.env.CARGO_TARGET_DIR ?? join(ROOT, "target"), "screenshots");
const PATIENCE = 20_000;

describe("passkeys that approve", { timeout: 600_000 }, () => {
  let demo, browser, base, host, window, page, ceremony;

  const phone = (number) => demo.known.phones[number];
  const send = (kind, number, more = {}) =>
    api(demo, "POST", "/api/v1/commands", { kind, device_ids: [phone(number).device_id], reason: "ticket 4711", ...more });
  const state = async (id) => (await api(demo, "GET", `/api/v1/commands/${id}`)).state;

  // The page as it is, in both themes, on a phone and on a desk.
  const look = async (name) => {
    await mkdir(SHOTS, { recursive: true });
    const wrong = [];
    for (const theme of ["light", "dark"]) {
      for (const width of [390, 1440]) {
        await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
        await page.setViewportSize({ width, height: width === 390 ? 844 : 900 });
        wrong.push(...(await tooWide(page)), ...(await tooSmall(page)));
        await page.screenshot({ path: join(SHOTS, `${name}-${theme}-${width}.png`), fullPage: true });
      }
    }
    await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
    assert.deepEqual(wrong, [], name);
  };

  before(async () => {
    demo = await startDemo();
    base = demo.known.portal_url;
    host = `http://approvals.localhost:${new URL(base).port}`;
    browser = await launch();
    ceremony = dirname(demo.known.approver_keys[0]);
    window = await open(browser, base, { also: [host] });
    page = window.page;
    page.setDefaultTimeout(PATIENCE);
    const devtools = await window.context.newCDPSession(page);
    await devtools.send("WebAuthn.enable");
    await devtools.send("WebAuthn.addVirtualAuthenticator", {
      options: { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
    });
    await signIn(page, demo.known.members.find((one) => one.role === "admin" && one.organisation === "Northwind Mobile"));
  });

  after(async () => {
    await window?.context.close();
    await browser?.close();
    await demo?.stop();
  });

  it("registers one on the approvals host", async () => {
    const carried = [];
    page.on("response", (response) => {
      if (response.url().startsWith(host)) carried.push(response.request().headerValue("cookie"));
    });
    await page.goto("/account");
    await page.locator("section[aria-labelledby=approving]").getByRole("link", { name: "Add one" }).click();
    await page.waitForURL("**/account/approving");
    await look("approving-new");
    await page.getByLabel("Name of the passkey").fill("Blue key");
    await page.getByRole("button", { name: "Go on" }).click();
    await page.waitForURL(`${host}/register/*`);
    await look("approving-register");
    await page.getByRole("button", { name: "Make the passkey" }).click();
    await page.waitForURL(`${host}/register/*/trial`);
    await look("approving-trial");
    const words = await page.locator(".mono b").innerText();
    assert.equal(words.split(" ").length, 8);
    await page.getByRole("button", { name: "Sign the trial" }).click();
    await page.waitForURL(`${base}/account?*`);
    await page.getByText("Waits for the keyring. Give").waitFor();
    assert.ok((await page.locator("section[aria-labelledby=approving]").innerText()).includes(words));
    const kept = (await window.context.cookies()).filter(({ domain }) => domain === new URL(host).hostname);
    assert.deepEqual([kept, [...new Set(await Promise.all(carried))]], [[], [null]], "no cookie lives on the approvals host, and none comes there");
    // Chromium would like RSA as well. Phones verify ES256 and nothing else, so a passkey of another kind is none.
    window.faults.splice(0, window.faults.length, ...window.faults.filter((fault) => !/pubKeyCredParams/.test(fault)));
    sound(window.faults, "the browser's console");
  });

  it("enters the keyring by the hands of the root signers, who read the same words", async () => {
    const words = await page.locator("section[aria-labelledby=approving] b.mono").innerText();
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Registration file" }).click()]);
    const file = join(demo.folder, "blue-key.json");
    await download.saveAs(file);
    const drafted = await muster(demo, "keyring", "draft", "--dir", ceremony, "--add-approver", file, "--second-person");
    assert.ok(drafted.includes(words) && drafted.includes(host), drafted);
    assert.match(drafted, /never enough alone for lock-fleet, kill, wipe, transfer, release/);
    const draft = join(ceremony, "keyring-2.draft.json");
    for (const root of ["root-1.key", "root-2.key"]) {
      const signed = await muster(demo, "root", "sign", draft, "--key", join(ceremony, root), "--dir", ceremony, "--yes");
      assert.ok(signed.includes(words) && signed.includes("its trial signature"), signed);
    }
    await muster(demo, "keyring", "publish", "--dir", ceremony);
    await page.reload();
    await page.getByText("In keyring 2 of Northwind Mobile.").waitFor();
    await look("account-approving");
    sound(window.faults, "the browser's console");
  });

  it("approves a message, and the phone shows it", async () => {
    const { id } = await send("message", 2, { arguments: { text: "Please call us before Friday" } });
    await page.goto(`/commands/${id}`);
    await look("command-by-passkey");
    await page.getByRole("button", { name: "Approve with your passkey" }).click();
    await page.waitForURL(`${host}/approve/*`);
    const said = await page.locator("main").innerText();
    for (const wanted of [phone(2).serial_number, "Please call us before Friday", "ticket 4711"]) assert.ok(said.includes(wanted), said);
    await look("approving-sign");
    await page.getByRole("button", { name: "Approve with your passkey" }).click();
    await page.waitForURL(`${base}/commands/${id}?*`);
    await until("the message is done", async () => (await state(id)) === "done");
    // The screen is drawn at the end of a turn, after the receipt has left.
    await until("the phone shows it", async () => (await readFile(join(phone(2).state_dir, "screen.txt"), "utf8")).includes("Please call us before Friday"));
    sound(window.faults, "the browser's console");
  });

  it("is the second person of a wipe beside a key file, and never the only one", async () => {
    const { id } = await send("wipe", 3);
    await page.goto(`/commands/${id}`);
    await page.getByRole("button", { name: "Approve with your passkey" }).click();
    await page.waitForURL(`${host}/approve/*`);
    await look("approving-sign-wipe");
    await page.getByRole("button", { name: "Approve with your passkey" }).click();
    await page.waitForURL(`${base}/commands/${id}?*`);
    await page.getByText("You have signed this command.").waitFor();
    assert.equal(await state(id), "awaiting-approval");
    await muster(demo, "approve", id, "--key", demo.known.approver_keys[0], "--yes");
    await until("the phone is wiped", async () => (await state(id)) === "done");
    const { id: kill } = await send("kill", 4);
    await page.goto(`/commands/${kill}`);
    await page.getByText("never counts for this kind").waitFor();
    assert.equal(await page.getByRole("button", { name: "Approve with your passkey" }).count(), 0);
    await look("command-never-by-passkey");
    sound(window.faults, "the browser's console");
  });

  it("says so when nobody touches the authenticator, and when the time is over", async () => {
    const { id } = await send("message", 2, { arguments: { text: "Second message" } });
    await page.goto(`/commands/${id}`);
    await page.getByRole("button", { name: "Approve with your passkey" }).click();
    await page.waitForURL(`${host}/approve/*`);
    await page.evaluate(() => {
      navigator.credentials.get = () => Promise.reject(new DOMException("no", "NotAllowedError"));
    });
    await page.getByRole("button", { name: "Approve with your passkey" }).click();
    await page.getByRole("alert").getByText("Nothing was signed.").waitFor();
    await page.goto(`${host}/approve/${"0".repeat(64)}`);
    await page.getByRole("heading", { name: "This page is over" }).waitFor();
    await look("approving-ended");
    assert.equal(new URL(await page.locator(".acts a").getAttribute("href")).origin, base);
    window.faults.splice(0);
  });
});
