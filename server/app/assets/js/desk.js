// The approver's desk: signing with a passkey, and making one. The program behind this page judges everything again.
import { create, supported, use, withdrawn } from "./webauthn.js";

const plain = (text) => text.replace(/[\s\-‐-–]/g, "").toUpperCase();
// The program reads base64 as signed documents have it: the standard alphabet, padded.
const standard = (text) => text.replaceAll("-", "+").replaceAll("_", "/").padEnd(Math.ceil(text.length / 4) * 4, "=");

// What is said to whoever has no script.
for (const words of document.querySelectorAll("[data-without-script]")) words.hidden = true;

// What was done, or what has to be mended, is read first.
document.querySelector("[data-focus]")?.focus();

const tell = (form, words) => {
  const line = form.querySelector("[data-passkey-fault]");
  line.textContent = words ?? "";
  line.hidden = !words;
};

// Does what needs the authenticator, then sends the form. Until then the form is not on its way, so forms.js must not see it.
const first = (form, isDone, act) =>
  form.addEventListener("submit", async (event) => {
    const button = event.submitter;
    if (isDone(button)) return;
    event.preventDefault();
    event.stopPropagation();
    if (!button || button.getAttribute("aria-busy") === "true") return;
    tell(form);
    button.setAttribute("aria-busy", "true");
    let ready = false;
    try {
      ready = await act(button);
    } catch (error) {
      const words = form.querySelector("[data-passkey-fault]").dataset;
      tell(form, withdrawn(error) ? words.withdrawn : `${words.failed} (${error.name})`);
    }
    button.removeAttribute("aria-busy");
    if (ready) form.requestSubmit(button);
  });

for (const form of document.querySelectorAll("form[data-sign]")) {
  if (supported()) for (const button of form.querySelectorAll("button[data-passkey]")) button.hidden = false;
  const fields = form.elements;
  first(form, (button) => !button?.dataset.passkey || fields.sig.value !== "", async (button) => {
    const wanted = form.querySelector("[data-typed]")?.dataset.typed;
    if (wanted !== undefined && plain(fields.typed.value) !== plain(wanted)) {
      tell(form, form.querySelector("[data-passkey-fault]").dataset.differs);
      fields.typed.focus();
      return false;
    }
    const { response } = await use(JSON.parse(button.dataset.passkey));
    fields.auth.value = standard(response.authenticatorData);
    fields.client.value = standard(response.clientDataJSON);
    fields.sig.value = standard(response.signature);
    return true;
  });
}

for (const form of document.querySelectorAll("form[data-passkey-create]")) {
  if (!supported()) tell(form, form.querySelector("[data-passkey-fault]").dataset.unsupported);
  const field = form.elements.registration;
  first(form, () => field.value !== "", async () => {
    if (!supported()) return false;
    const { response } = await create(JSON.parse(form.dataset.passkeyCreate));
    field.value = standard(response.authenticatorData);
    return true;
  });
}

// A page that the browser kept holds a signature that was handed in already.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-sign], form[data-passkey-create]"))
    for (const name of ["auth", "client", "sig", "registration"]) if (form.elements[name]) form.elements[name].value = "";
});
