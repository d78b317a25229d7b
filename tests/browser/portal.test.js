// The portal in a real browser, against a demo with real phones.
import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";

import { api, enrolPhone, ROOT, startDemo, until } from "./demo.js";
import { launch, open, signIn, sound, tooSmall, tooWide } from "./watched.js";

const SHOTS = join(process.env.CARGO_TARGET_DIR ?? join(ROOT, "target"), "screenshots");
const PATIENCE = 20_000;

describe("the portal in a browser", { timeout: 600_000 }, () => {
  let demo, browser, base, admin, owner, operator, support;

  // The state of somebody who signed in, to be used by many windows.
  const enter = async (member) => {
    const { context, page, faults } = await open(browser, base);
    await signIn(page, member);
    sound(faults, "signing in");
    const state = await context.storageState();
    await context.close();
    return state;
  };
  const member = (role, organisation) => demo.known.members.find((one) => one.role === role && one.organisation === organisation);
  const phone = (number) => demo.known.phones[number];
  const screen = (number) => readFile(join(phone(number).state_dir, "screen.txt"), "utf8");

  // Opens a window as somebody, does what the test does, and looks whether anything went wrong.
  const as = (state, options, act) => async () => {
    const window = await open(browser, base, { ...options, as: state() });
    window.page.setDefaultTimeout(PATIENCE);
    try {
      await act(window.page);
      sound(window.faults, "the browser's console");
    } finally {
      await window.context.close();
    }
  };

  before(async () => {
    demo = await startDemo();
    base = demo.known.portal_url;
    browser = await launch();
    admin = await enter(member("admin", "Northwind Mobile"));
    owner = await enter(member("owner", "Northwind Mobile"));
    operator = await enter(member("owner", "Palisade Platform"));
    support = await enter(member("support", "Northwind Mobile"));
  });

  after(async () => {
    await browser?.close();
    await demo?.stop();
  });

  it("signs in, says when that fails, and signs out", async () => {
    const { context, page, faults } = await open(browser, base);
    page.setDefaultTimeout(PATIENCE);
    await page.goto("/devices?q=NW-000042");
    assert.equal(new URL(page.url()).pathname, "/sign-in");
    const known = member("admin", "Northwind Mobile");
    await page.getByLabel("E-mail").fill(known.email);
    await page.getByLabel("Password").fill("not the password");
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByRole("alert").waitFor();
    assert.equal(await page.getByLabel("E-mail").inputValue(), known.email, "what was typed is kept");
    await until("the field to mend has the focus", () => page.getByLabel("Password").evaluate((field) => field === document.activeElement), 5);
    await page.getByLabel("Password").fill(known.password);
    await page.keyboard.press("Enter");
    await page.waitForURL("**/devices?q=NW-000042");
    await page.getByRole("link", { name: "NW-000042" }).waitFor();
    await page.getByRole("button", { name: "Sign out" }).first().click();
    await page.waitForURL("**/sign-in");
    await page.goto("/");
    assert.equal(new URL(page.url()).pathname, "/sign-in");
    sound(faults, "the browser's console");
    await context.close();
  });

  it("finds its way by keyboard", as(() => admin, {}, async (page) => {
    await page.goto("/");
    await page.keyboard.press("?");
    const keys = page.locator("#keys");
    await keys.waitFor({ state: "visible" });
    await page.keyboard.press("Escape");
    await keys.waitFor({ state: "hidden" });
    await page.keyboard.press("g");
    await page.keyboard.press("d");
    await page.waitForURL("**/devices");
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("k");
    const current = page.locator("tr.cur");
    assert.equal(await current.count(), 1);
    assert.equal(await current.locator("a.open").innerText(), await page.locator("tr[data-row] a.open").first().innerText());
    await page.keyboard.press("x");
    assert.ok(await current.locator("input[type=checkbox]").isChecked());
    assert.match(await page.locator("[data-selected-count]").innerText(), /1/);
    await page.keyboard.press("x");
    assert.ok(!(await current.locator("input[type=checkbox]").isChecked()));
    await page.keyboard.press("f");
    assert.equal(await page.evaluate(() => document.activeElement.type), "search");
    // What is typed into a field is text and no shortcut.
    await page.keyboard.type("g?a/x");
    assert.equal(await page.locator("#q").inputValue(), "g?a/x");
    await page.locator("#q").fill("");
    await page.evaluate(() => document.activeElement.blur());
    const serial = await page.locator("tr[data-row] a.open").first().innerText();
    await page.keyboard.press("j");
    await page.keyboard.press("k");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: serial }).waitFor();
    await page.keyboard.press("/");
    await page.locator("#palette").waitFor({ state: "visible" });
    await page.keyboard.type("event");
    assert.equal(await page.locator("#palette li:visible").count(), 1);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/events");
    await page.keyboard.press("/");
    await page.locator("#palette").waitFor({ state: "visible" });
    await page.keyboard.type(phone(2).serial_number);
    // The palette filters as one types: all of the word is there before it is sent.
    assert.equal(await page.locator("#palette input[type=search]").inputValue(), phone(2).serial_number);
    await page.keyboard.press("Enter");
    await page.waitForURL(`**/search?q=${phone(2).serial_number}`);
    await page.getByRole("link", { name: phone(2).serial_number }).first().waitFor();
    await page.goto("/events");
    await page.keyboard.press("a");
    await page.waitForURL("**/devices/new");
    await page.goto("/events");
    await page.keyboard.press("g");
    await page.keyboard.press("o");
    await page.waitForURL((url) => url.pathname === "/");
    // Shortcuts can be switched off, and then no key does anything.
    await page.goto("/account");
    await page.getByRole("checkbox").uncheck();
    await page.goto("/devices");
    await page.keyboard.press("a");
    await page.keyboard.press("?");
    await page.waitForTimeout(300);
    assert.equal(new URL(page.url()).pathname, "/devices");
    assert.ok(!(await page.locator("#keys").isVisible()));
  }));

  it("skips to the page itself and shows where the focus is", as(() => admin, {}, async (page) => {
    await page.goto("/devices");
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement.id), "main");
    await page.keyboard.press("Tab");
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert.notEqual(outline, "none");
  }));

  it("adds a device, and the card turns when the phone enrols", as(() => admin, {}, async (page) => {
    await page.goto("/devices/new");
    await page.getByLabel("Serial number").fill("NW-000900");
    await page.getByLabel("Model").fill("Hardline X7");
    await page.locator("form[action='/devices/new'] button[type=submit]").click();
    await page.locator(".letters").waitFor();
    const groups = await page.locator(".letters span").allInnerTexts();
    assert.deepEqual(groups.map((group) => group.length), [5, 5, 5, 5]);
    const box = await page.locator(".qr svg").first().boundingBox();
    assert.ok(box.width >= 200 && Math.abs(box.width - box.height) < 2, "a QR that a camera reads");
    await page.locator("[data-left]").getByText(/\d/).waitFor();
    await mkdir(SHOTS, { recursive: true });
    await page.screenshot({ path: join(SHOTS, "code-waiting-light-1440.png"), fullPage: true });
    assert.equal(await page.locator(".wait.joined").count(), 0);
    await enrolPhone(demo, "NW-000900", groups.join("-"));
    await page.locator(".wait.joined").waitFor();
    assert.match(await page.locator(".wait").innerText(), /nrolled/);
    await page.screenshot({ path: join(SHOTS, "code-joined-light-1440.png"), fullPage: true });
    // The next phone can be typed at once.
    assert.equal(await page.evaluate(() => document.activeElement.id), "serial_number");
    // A fault keeps what was typed and says where it is.
    await page.getByLabel("Serial number").fill("NW-000900");
    await page.getByLabel("Model").fill("Hardline X9");
    await page.locator("form[action='/devices/new'] button[type=submit]").click();
    await page.locator("#serial_number[aria-invalid=true]").waitFor();
    assert.equal(await page.getByLabel("Model").inputValue(), "Hardline X9");
    assert.equal(await page.getByLabel("Serial number").inputValue(), "NW-000900");
  }));

  it("locks a phone and follows it until it is done", as(() => admin, {}, async (page) => {
    await page.goto(`/devices/${phone(0).device_id}`);
    await page.locator(".acts").getByRole("link", { name: "Lock" }).first().click();
    await page.getByLabel("Reason").fill("left in a taxi");
    await page.locator("main form button[type=submit]").click();
    await page.waitForURL("**/commands/0*");
    // No reload: the part that is live changes by itself.
    await page.evaluate(() => (globalThis.sameDocument = true));
    await page.locator("[data-live=phones][data-live-done]").waitFor();
    await page.locator("[data-live=badges]").getByText("Done").waitFor();
    assert.ok(await page.evaluate(() => globalThis.sameDocument), "the page was loaded again");
    await until("the phone's screen is locked", async () => /lock/i.test(await screen(0)));
    await until("the phone's page says so", async () => {
      await page.goto(`/devices/${phone(0).device_id}`);
      return /lock/i.test(await page.locator(".head .badges").innerText());
    });
  }));

  it("asks for the serial number before a wipe, and does not send without", as(() => admin, {}, async (page) => {
    await page.goto(`/devices/${phone(1).device_id}`);
    await page.locator(".ladder").getByRole("link", { name: /Wipe/ }).click();
    await page.getByLabel("Reason").fill("stolen, report 114");
    const typed = page.locator("#typed");
    const help = page.locator("#typed-help");
    const before = await help.innerText();
    await typed.fill("NW-999999");
    assert.notEqual(await help.innerText(), before);
    await page.locator("main form button[type=submit]").click();
    await page.locator("#typed[aria-invalid=true]").waitFor();
    assert.equal(await page.getByLabel("Reason").inputValue(), "stolen, report 114");
    assert.equal(await typed.inputValue(), "NW-999999");
    assert.deepEqual((await api(demo, "GET", "/api/v1/commands?kind=wipe")).items, []);
    await page.screenshot({ path: join(SHOTS, "wipe-refused-light-1440.png"), fullPage: true });
    await typed.fill(phone(1).serial_number.toLowerCase().replace("-", " "));
    await page.locator("main form button[type=submit]").click();
    await page.waitForURL("**/commands/0*");
    await page.getByText("muster approve").first().waitFor();
    const made = await api(demo, "GET", "/api/v1/commands?kind=wipe");
    assert.equal(made.items.length, 1);
    assert.equal(made.items[0].state, "awaiting-approval");
    assert.match(await screen(1), /^(?!.*wip)/is);
  }));

  it("sends a command to several phones at once", as(() => admin, {}, async (page) => {
    await page.goto("/devices?state=enrolled");
    await page.locator("[data-select-all]").check();
    const rows = await page.locator("tr[data-row]").count();
    assert.match(await page.locator("[data-selected-count]").innerText(), new RegExp(String(rows)));
    await page.locator(".bulk").getByRole("button", { name: /Notice/ }).click();
    await page.getByLabel("Reason").fill("service tonight");
    await page.locator("main form button[type=submit]").click();
    await page.waitForURL("**/commands/0*");
    await until("two phones at least have shown it", async () => (await page.locator("[data-live=phones] tr, [data-live=phones] li").filter({ hasText: /Done/ }).count()) >= 2);
  }));

  it("works without script", async () => {
    const { context, page, faults } = await open(browser, base, { script: false });
    page.setDefaultTimeout(PATIENCE);
    await signIn(page, member("agent", "Northwind Mobile"));
    await page.goto("/devices?q=NW-000045");
    await page.getByRole("link", { name: "NW-000045" }).click();
    await page.locator(".acts").getByRole("link", { name: "Lock" }).first().click();
    await page.getByLabel("Reason").fill("left in a tram");
    await page.locator("main form button[type=submit]").click();
    await page.waitForURL("**/commands/0*");
    await until("done after a reload", async () => {
      await page.reload();
      return (await page.locator("[data-live=badges]").innerText()).includes("Done");
    });
    await page.goto("/search?q=tram");
    await page.getByRole("link", { name: "Lock" }).first().waitFor();
    sound(faults, "the browser's console");
    await context.close();
  });

  it("has two themes: the system's and one's own choice", async () => {
    const grounds = {};
    for (const theme of ["light", "dark"]) {
      const { context, page } = await open(browser, base, { theme, as: support });
      await page.goto("/");
      grounds[theme] = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      await context.close();
    }
    assert.notEqual(grounds.light, grounds.dark);
    for (const [system, choice] of [["light", "Dark"], ["dark", "Light"]]) {
      const { context, page, faults } = await open(browser, base, { theme: system, as: support });
      page.setDefaultTimeout(PATIENCE);
      await page.goto("/account");
      await page.getByLabel(choice, { exact: true }).check();
      await page.getByRole("button", { name: "Save" }).click();
      await page.locator(`html[data-theme=${choice.toLowerCase()}]`).waitFor();
      assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), grounds[choice.toLowerCase()]);
      sound(faults, "the browser's console");
      await context.close();
    }
  });

  it("shows every page in both themes, on a phone and on a desk, without a fault", async () => {
    await mkdir(SHOTS, { recursive: true });
    const commands = (await api(demo, "GET", "/api/v1/commands?limit=50")).items;
    const of = (kind) => commands.find((command) => command.kind === kind)?.id;
    const waiting = (await api(demo, "GET", "/api/v1/devices?lifecycle=registered&limit=1")).items[0].id;
    const [byAdmin, byOwner, byOperator, bySupport] = [() => admin, () => owner, () => operator, () => support];
    const pages = [
      ["sign-in", null, "/sign-in"],
      ["overview", byAdmin, "/"],
      ["overview-operator", byOperator, "/"],
      ["overview-support", bySupport, "/"],
      ["devices", byAdmin, "/devices"],
      ["devices-support", bySupport, "/devices"],
      ["devices-empty", byAdmin, "/devices?q=nothing-like-it"],
      ["device", byAdmin, `/devices/${phone(0).device_id}`],
      ["device-waiting", byAdmin, `/devices/${waiting}`],
      ["add-device", byAdmin, "/devices/new"],
      ["send-choose", byAdmin, `/commands/new?device=${phone(2).device_id}`],
      ["send-lock", byAdmin, `/commands/new?kind=lock&device=${phone(2).device_id}`],
      ["send-suspend", byAdmin, `/commands/new?kind=suspend&device=${phone(2).device_id}`],
      ["send-kill", byAdmin, `/commands/new?kind=kill&device=${phone(2).device_id}`],
      ["send-wipe", byAdmin, `/commands/new?kind=wipe&device=${phone(2).device_id}`],
      ["command-done", byAdmin, `/commands/${of("lock")}`],
      ["command-waiting", byAdmin, `/commands/${of("wipe")}`],
      ["command-many", byAdmin, `/commands/${of("notice")}`],
      ["commands", byAdmin, "/commands"],
      ["approvals", byAdmin, "/approvals"],
      ["organisations", byOwner, "/organisations"],
      ["organisations-operator", byOperator, "/organisations"],
      ["people", byOwner, "/people"],
      ["events", byAdmin, "/events"],
      ["account", byOwner, "/account"],
      ["tokens", byOwner, "/account/tokens"],
      ["confirm", byOwner, "/confirm"],
      ["search", byAdmin, "/search?q=NW"],
      ["not-found", byAdmin, "/nothing/here"],
      ["forbidden", bySupport, "/people"],
    ];
    const wrong = [];
    for (const theme of ["light", "dark"]) {
      for (const width of [360, 1440]) {
        // One window for each person, and one after the other: each page is what is being looked at.
        for (const state of new Set(pages.map(([, state]) => state))) {
          const { context, page, faults } = await open(browser, base, { width, height: width === 360 ? 740 : 900, theme, as: state?.() });
          for (const [name, , path] of pages.filter(([, whose]) => whose === state)) {
            const where = `${name} ${theme} ${width}`;
            await page.goto(path);
            wrong.push(...faults.splice(0).map((fault) => `${where}: ${fault}`), ...(await tooWide(page)).map((fault) => `${where}: too wide: ${fault}`));
            if (theme === "light") wrong.push(...(await tooSmall(page)).map((fault) => `${where}: too small: ${fault}`));
            await page.screenshot({ path: join(SHOTS, `${name}-${theme}-${width}.png`), fullPage: true });
            if (name !== "overview") continue;
            const [open, shown] = width === 360 ? ["More", "more"] : ["Find or do", "palette"];
            await page.getByRole("button", { name: open }).click();
            await page.locator(`#${shown}`).waitFor({ state: "visible" });
            await page.screenshot({ path: join(SHOTS, `${shown}-${theme}-${width}.png`) });
          }
          await context.close();
        }
      }
    }
    assert.deepEqual(wrong, []);
  });
});
