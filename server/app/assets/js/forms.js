// What makes forms kinder. Every form works without it.

// A form that is on its way is not sent twice; its button keeps its width and says that it is busy.
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (event.target.method !== "post" || !button) return;
  if (button.getAttribute("aria-busy") === "true") event.preventDefault();
  button.setAttribute("aria-busy", "true");
});
addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("button[aria-busy]")) button.removeAttribute("aria-busy");
});

// The summary of faults is read first.
document.querySelector("form .faults")?.focus();

// Typed serials compare without spaces, dashes or case: the aim is reading, not typing. The server compares again.
const plain = (text) => text.replace(/[\s\-‐-–]/g, "").toUpperCase();
for (const field of document.querySelectorAll("[data-typed]")) {
  const input = field.querySelector("input");
  const help = field.querySelector("[data-match]");
  input.addEventListener("input", () => {
    const matches = plain(input.value) === plain(field.dataset.typed);
    help.textContent = matches ? help.dataset.match : help.dataset.differ;
    if (matches) input.removeAttribute("aria-invalid");
  });
}

// Copying needs a script, so its buttons appear with it.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  const label = button.querySelector("span");
  const words = label.textContent;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    label.textContent = button.dataset.copied;
    setTimeout(() => (label.textContent = words), 2000);
  });
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

// One filter menu at a time, closed by Esc and by a click elsewhere.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll(".chip-menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
