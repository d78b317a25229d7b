// A browser whose pages are watched: whatever goes wrong on one of them is a fault of the test that opened it.
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

export const launch = () =>
  chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-dev-shm-usage"] });

// A window of its own: `as` is the state of somebody who signed in, `also` are other origins it may come to. Answers a page and `faults`, what went wrong on it.
export const open = async (browser, base, { width = 1440, height = 900, theme = "light", as, script = true, also = [] } = {}) => {
  const context = await browser.newContext({
    baseURL: base,
    viewport: { width, height },
    colorScheme: theme,
    storageState: as,
    javaScriptEnabled: script,
    reducedMotion: "reduce",
    locale: "en-GB",
  });
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`));
  });
  const page = await context.newPage();
  const faults = [];
  page.on("console", (message) => {
    // A form that is refused on purpose is answered 4xx, which the console tells as an error of loading.
    if (["error", "warning"].includes(message.type()) && !/status of (401|403|404|409|422|429)/.test(message.text())) faults.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => faults.push(`script: ${error.message}`));
  page.on("requestfailed", (request) => {
    if (request.failure()?.errorText !== "net::ERR_ABORTED") faults.push(`failed: ${request.url()} ${request.failure()?.errorText}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 500) faults.push(`${response.status()}: ${response.url()}`);
    if (![base, ...also].some((origin) => response.url().startsWith(origin))) faults.push(`elsewhere: ${response.url()}`);
  });
  return { context, page, faults };
};

export const signIn = async (page, member) => {
  await page.goto("/sign-in");
  await page.getByLabel("E-mail").fill(member.email);
  await page.getByLabel("Password").fill(member.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.waitForURL((url) => url.pathname === "/");
};

// Elements that make the page wider than its window.
export const tooWide = (page) =>
  page.evaluate(() => {
    const most = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= most) return [];
    const wide = [...document.querySelectorAll("body *")].filter((element) => element.getBoundingClientRect().right > most + 1);
    return [`${document.documentElement.scrollWidth} > ${most}`, ...wide.slice(0, 8).map((element) => `<${element.tagName.toLowerCase()} class="${element.className?.baseVal ?? element.className}"> ${element.textContent.trim().slice(0, 40)}`)];
  });

// Things to press that are too small for a finger (WCAG 2.2, 2.5.8: 24 px; links within a sentence are excepted).
export const tooSmall = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll("a.b, button, .tabbar a, .nav a, input:not([type=hidden]), select, summary")]
      .filter((element) => element.checkVisibility() && !element.closest(".sr") && !element.classList.contains("sr"))
      .map((element) => [element, element.getBoundingClientRect()])
      .filter(([element, box]) => box.width > 0 && box.height > 0 && (box.width < 15 || box.height < 15 || (box.height < 24 && !["checkbox", "radio"].includes(element.type))))
      .map(([element, box]) => `${element.outerHTML.slice(0, 80)} ${Math.round(box.width)}×${Math.round(box.height)}`),
  );

export const sound = (faults, what) => assert.deepEqual(faults.splice(0), [], what);
