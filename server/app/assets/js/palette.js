// The palette narrows what it offers while one types, and arrow keys walk it. Enter in the field searches.
const palette = document.getElementById("palette");
if (palette) {
  const input = palette.querySelector("input");
  const entries = [...palette.querySelectorAll("li")];
  const offered = () => entries.filter((entry) => !entry.hidden && entry.querySelector("a")).map((entry) => entry.querySelector("a"));
  input.addEventListener("input", () => {
    const sought = input.value.trim().toLowerCase();
    for (const entry of entries) {
      const link = entry.querySelector("a");
      entry.hidden = sought !== "" && !(link && link.textContent.toLowerCase().includes(sought));
    }
  });
  palette.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const links = offered();
    const at = links.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    event.preventDefault();
    (at < 0 ? input : links[Math.min(at, links.length - 1)] ?? input).focus();
  });
  // Before it opens, not after: who types at once must not have the first letters taken away.
  palette.addEventListener("beforetoggle", (event) => {
    if (event.newState !== "open") return;
    input.value = "";
    for (const entry of entries) entry.hidden = false;
  });
}
