// Passkeys in a real browser, with an authenticator that Chromium plays.
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";

import { ROOT, startDemo, until } from "./demo.js";
import { launch, open, signIn, sound, tooSmall, tooWide } from "./watched.js";

const SHOTS = join(process.env.CARGO_TARGET_DIR ?? join(ROOT, "target"), "screenshots");
const PATIENCE = 20_000;

describe("passkeys in a browser", { timeout: 300_000 }, () => {
  let demo, browser, base;
  const member = (role) => demo.known.members.find((one) => one.role === role && one.organisation === "Northwind Mobile");

  // An authenticator in the window: somebody who touches it and is known to it, until told otherwise.
  const plugIn = async ({ context, page }) => {
    const client = await context.newCDPSession(page);
    await client.send("WebAuthn.enable", { enableUI: false });
    const options = { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true };
    const { authenticatorId } = await client.send("WebAuthn.addVirtualAuthenticator", { options });
    const tell = (method, more) => client.send(`WebAuthn.${method}`, { authenticatorId, ...more });
    return {
      held: async () => (await tell("getCredentials")).credentials,
      verifies: (isUserVerified) => tell("setUserVerified", { isUserVerified }),
      // Nobody touches it: what waits in the background goes on waiting.
      rests: (rests) => tell("setAutomaticPresenceSimulation", { enabled: !rests }),
    };
  };

  const shoot = async (page, name) => {
    const wrong = [];
    for (const theme of ["light", "dark"]) {
      for (const width of [390, 1440]) {
        await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
        await page.setViewportSize({ width, height: width === 390 ? 844 : 900 });
        wrong.push(...(await tooWide(page)), ...(await tooSmall(page)));
        await page.screenshot({ path: join(SHOTS, `${name}-${theme}-${width}.png`), fullPage: true });
      }
    }
    await page.emulateMedia({ colorScheme: "light" });
    assert.deepEqual(wrong, [], name);
  };

  before(async () => {
    await mkdir(SHOTS, { recursive: true });
    demo = await startDemo();
    base = demo.known.portal_url;
    browser = await launch();
  });

  after(async () => {
    await browser?.close();
    await demo?.stop();
  });

  it("the demo is reached by a name", () => {
    assert.equal(new URL(base).hostname, "localhost");
  });

  it("adds one, signs in with it, confirms with it, and removes it", async () => {
    const window = await open(browser, base);
    const { context, page, faults } = window;
    page.setDefaultTimeout(PATIENCE);
    const key = await plugIn(window);
    await key.rests(true);
    await signIn(page, member("admin"));
    await key.rests(false);

    await page.goto("/account");
    const section = page.getByRole("region", { name: "Passkeys", exact: true });
    await section.getByLabel("What you call it").fill("Work phone");
    await section.getByRole("button", { name: "Add a passkey" }).click();
    await page.waitForURL("**/account?done=passkey-added");
    await section.getByText("Work phone").waitFor();
    assert.match(await section.innerText(), /never used/);
    assert.equal((await key.held()).length, 1);
    await shoot(page, "account-passkey");

    // The same device again: it says that it holds one.
    await section.getByLabel("What you call it").fill("Work phone, again");
    await section.getByRole("button", { name: "Add a passkey" }).click();
    await section.getByRole("alert").filter({ hasText: "holds a passkey of yours already" }).waitFor();
    await until("the button can be pressed again", async () => !(await section.getByRole("button", { name: "Add a passkey" }).getAttribute("aria-busy")), 5);
    await shoot(page, "account-passkey-held");

    await key.rests(true);
    await page.getByRole("button", { name: "Sign out" }).first().click();
    await page.waitForURL("**/sign-in");
    await page.goto("/devices?q=NW-000042");
    const button = page.getByRole("button", { name: "Sign in with a passkey" });
    await button.waitFor();
    await shoot(page, "sign-in-passkey");

    // Somebody whom the authenticator does not know: the browser gives up, and the page says so.
    await key.verifies(false);
    await key.rests(false);
    await button.click();
    await page.getByRole("alert").filter({ hasText: "Nothing was changed" }).waitFor();
    await shoot(page, "sign-in-passkey-withdrawn");
    await key.verifies(true);
    await button.click();
    await page.waitForURL("**/devices?q=NW-000042");
    await page.getByRole("link", { name: "NW-000042" }).waitFor();

    await page.goto("/confirm?next=%2Faccount");
    await page.getByRole("button", { name: "Use a passkey" }).waitFor();
    await shoot(page, "confirm-passkey");
    await page.getByRole("button", { name: "Use a passkey" }).click();
    await page.waitForURL("**/account");
    assert.doesNotMatch(await section.innerText(), /never used/);
    await section.getByRole("button", { name: "Remove Work phone" }).click();
    await page.waitForURL("**/account?done=passkey-removed");
    assert.equal(await section.getByText("Work phone").count(), 0);

    // The authenticator still holds it, and the portal knows it no more.
    await page.getByRole("button", { name: "Sign out" }).first().click();
    const refused = page.getByRole("alert").filter({ hasText: "This passkey was not taken" });
    await refused.waitFor();
    await shoot(page, "sign-in-passkey-refused");
    // And the page does not ask again by itself: that would go on for ever.
    await Promise.all([page.waitForResponse("**/sign-in/passkey"), page.getByRole("button", { name: "Sign in with a passkey" }).click()]);
    await refused.waitFor();
    sound(faults, "the browser's console");
    await context.close();
  });

  it("offers passkeys in the browser's own list, where nobody presses anything", async () => {
    const window = await open(browser, base);
    const { context, page, faults } = window;
    page.setDefaultTimeout(PATIENCE);
    const key = await plugIn(window);
    await key.rests(true);
    await signIn(page, member("agent"));
    await key.rests(false);
    await page.goto("/account");
    await page.getByLabel("What you call it").fill("Reading glasses");
    await page.getByRole("button", { name: "Add a passkey" }).click();
    await page.waitForURL("**/account?done=passkey-added");
    await context.clearCookies();
    await page.goto("/sign-in?next=%2Fdevices");
    // The played authenticator picks the one entry of that list by itself.
    await page.waitForURL("**/devices");
    sound(faults, "the browser's console");
    await context.close();
  });

  it("hides them without script, and says where they work", async () => {
    const plain = await open(browser, base, { script: false });
    await plain.page.goto("/sign-in");
    assert.equal(await plain.page.getByRole("button", { name: "Sign in with a passkey" }).count(), 0);
    await plain.page.getByLabel("E-mail").fill(member("support").email);
    await plain.page.getByLabel("Password").fill(member("support").password);
    await plain.page.getByRole("button", { name: "Sign in", exact: true }).click();
    await plain.page.goto("/account");
    await plain.page.getByText("Passkeys need a newer browser, with scripts on.").waitFor();
    assert.equal(await plain.page.getByRole("textbox", { name: "What you call it" }).count(), 0);
    sound(plain.faults, "without script");
    await plain.context.close();

    const elsewhere = await open(browser, base.replace("localhost", "127.0.0.1"));
    await elsewhere.page.goto("/sign-in");
    await elsewhere.page.getByText(`Passkeys of this portal work at ${base}`).waitFor();
    assert.equal(await elsewhere.page.getByRole("button", { name: "Sign in with a passkey" }).count(), 0);
    await elsewhere.context.close();
  });
});
