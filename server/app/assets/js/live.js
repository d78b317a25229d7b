// Keeps the parts of a page that change by themselves true: asks for a fragment every two seconds, or as often as
// `data-live-every` says, while the page is visible, and exchanges the elements that carry the same `data-live` name, only where something changed. Live
// regions are polite, so that a reader hears each change once.
const PERIOD = 2000;

const follow = (root) => {
  const address = root.dataset.liveUrl;
  const period = Number(root.dataset.liveEvery) || PERIOD;
  const mark = document.querySelector("[data-live-mark]");
  let tag = "";
  let failures = 0;
  if (mark) mark.hidden = false;

  const exchange = (markup) => {
    const parts = new DOMParser().parseFromString(markup, "text/html").querySelectorAll("[data-live]");
    let done = false;
    for (const part of parts) {
      const old = document.querySelector(`[data-live="${part.dataset.live}"]`);
      if (part.hasAttribute("data-live-done")) done = true;
      if (!old || old.outerHTML === part.outerHTML) continue;
      // A live region must stay the same element to be heard: its contents and marks are exchanged, not itself.
      for (const { name } of [...old.attributes]) if (!part.hasAttribute(name)) old.removeAttribute(name);
      for (const { name, value } of part.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
      if (old.innerHTML !== part.innerHTML) old.replaceChildren(...part.childNodes);
    }
    return done;
  };

  const ask = async () => {
    if (document.visibilityState !== "visible") return setTimeout(ask, period);
    try {
      const answer = await fetch(address, { headers: tag ? { "If-None-Match": tag } : {}, cache: "no-store" });
      if (answer.ok) {
        tag = answer.headers.get("ETag") ?? "";
        if (exchange(await answer.text())) {
          if (mark) mark.hidden = true;
          // The next field is at hand, unless somebody is busy elsewhere on the page.
          if (document.activeElement === document.body && root.dataset.liveThen) document.querySelector(root.dataset.liveThen)?.focus();
          return;
        }
      } else if (answer.status === 401 || answer.status === 403 || answer.status === 404) {
        if (mark) mark.hidden = true;
        return;
      }
      failures = answer.ok || answer.status === 304 ? 0 : failures + 1;
    } catch {
      failures += 1;
    }
    setTimeout(ask, period * 2 ** Math.min(failures, 5));
  };
  setTimeout(ask, period);
};

for (const root of document.querySelectorAll("[data-live-url]:not([data-live-done])")) follow(root);
