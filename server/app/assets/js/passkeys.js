// Passkeys: reveals the forms where they work, asks the server, then the browser, and sends the answer as an ordinary form,
// so that the page which comes back says what went wrong. Without it nothing of passkeys is offered.
import { create, supported, use, withdrawn } from "./webauthn.js";

// A ceremony lives for five minutes; one that waits in the background is renewed before it ends.
const RENEWAL = 4 * 60 * 1000;

const say = (form, words) => {
  const place = form.querySelector("[data-says]");
  place.textContent = words;
  place.parentElement.hidden = words === "";
};

// The first half, or nothing when the page goes elsewhere or `tell` was told why not.
const begin = async (form, tell) => {
  const answer = await fetch(`${form.getAttribute("action")}/begin`, {
    method: "POST",
    body: new URLSearchParams(new FormData(form)),
    cache: "no-store",
  });
  // Signed out meanwhile: the page itself knows the way.
  if (answer.redirected) return location.reload();
  const said = await answer.json();
  if (answer.ok) return said;
  if (said.type?.endsWith(":confirm-first")) {
    // What was typed comes back with the page.
    const here = new URL(location.pathname, location.href);
    const label = form.elements.namedItem("label")?.value;
    if (label) here.searchParams.set("label", label);
    location.assign(`/confirm?next=${encodeURIComponent(here.pathname + here.search)}`);
    return undefined;
  }
  tell(said.detail ?? form.dataset.broken);
  return undefined;
};

const send = (form, ceremony, answer) => {
  form.elements.namedItem("ceremony").value = ceremony;
  form.elements.namedItem("answer").value = JSON.stringify(answer);
  form.submit();
};

const words = (form, error) => {
  if (withdrawn(error)) return form.dataset.withdrawn;
  if (error instanceof DOMException && error.name === "InvalidStateError") return form.dataset.held;
  return form.dataset.broken;
};

// Offers passkeys in the browser's own list under the address field, where it has one: nobody has to press anything.
const offer = (form) => {
  let waiting = new AbortController();
  let settled = Promise.resolve();
  const ask = async (signal) => {
    try {
      const begun = await begin(form, () => {});
      if (!begun || signal.aborted) return;
      send(form, begun.ceremony, await use(begun.options, { mediation: "conditional", signal }));
    } catch {
      // Nobody asked for this one: what goes wrong in it is told by the button.
    }
  };
  const start = () => {
    waiting = new AbortController();
    settled = ask(waiting.signal);
  };
  const stop = async () => {
    waiting.abort();
    await settled;
  };
  const timer = setInterval(async () => {
    if (document.visibilityState !== "visible") return;
    await stop();
    start();
  }, RENEWAL);
  start();
  return async () => {
    clearInterval(timer);
    await stop();
  };
};

const attend = async (form) => {
  const ask = form.dataset.passkey === "add" ? create : use;
  let quiet = async () => {};
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button[type=submit]");
    // One ceremony at a time: forms.js marks the button after this.
    if (button.getAttribute("aria-busy") === "true") return;
    say(form, "");
    try {
      await quiet();
      const begun = await begin(form, (words) => say(form, words));
      if (begun) return send(form, begun.ceremony, await ask(begun.options));
    } catch (error) {
      say(form, words(form, error));
    }
    button.removeAttribute("aria-busy");
  });
  form.hidden = false;
  if ("byItself" in form.dataset && (await PublicKeyCredential.isConditionalMediationAvailable?.())) quiet = offer(form);
};

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (location.origin !== form.dataset.origin) {
    for (const note of document.querySelectorAll("[data-passkey-elsewhere]")) note.hidden = false;
    for (const note of document.querySelectorAll("[data-passkey-none]")) note.hidden = true;
  } else if (supported()) {
    for (const note of document.querySelectorAll("[data-passkey-none]")) note.hidden = true;
    attend(form);
  }
}
