// Selecting rows: all of a page at once, and how many are chosen. Without it the boxes and the bar work as they are.
const form = document.querySelector("form.select");
if (form) {
  const all = form.querySelector("[data-select-all]");
  const boxes = [...form.querySelectorAll("input[name=device]")];
  const count = form.querySelector("[data-selected-count]");
  const show = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    for (const box of boxes) box.closest("tr").classList.toggle("sel", box.checked);
    all.checked = chosen === boxes.length;
    all.indeterminate = chosen > 0 && chosen < boxes.length;
    count.textContent = chosen === 1 ? count.dataset.one : count.dataset.many.replace("#", chosen);
  };
  all.hidden = false;
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
    show();
  });
  form.addEventListener("change", show);
  form.addEventListener("reset", () => setTimeout(show));
  addEventListener("pageshow", show);
}
