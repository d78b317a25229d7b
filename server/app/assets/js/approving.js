// The approvals host: a form that a passkey fills. The browser makes or uses the passkey, its answer goes into the hidden fields,
// and the form is sent as any other. Nothing is decided here.
const form = document.querySelector("form[data-passkey]");
if (form) {
  const { create, use, supported, withdrawn } = await import(form.dataset.module);
  const button = form.querySelector("button");
  const fault = form.querySelector("[data-fault]");
  const tell = (words) => {
    fault.querySelector("span").textContent = words;
    fault.hidden = false;
    button.removeAttribute("aria-busy");
  };
  const fill = ({ rawId, response }) => {
    form.elements.credential.value = rawId;
    form.elements.auth.value = response.authenticatorData;
    form.elements.client.value = response.clientDataJSON;
    form.elements.sig.value = response.signature ?? "";
  };
  const why = (error) => {
    if (withdrawn(error)) return form.dataset.withdrawn;
    if (error instanceof DOMException && error.name === "InvalidStateError") return form.dataset.known;
    return form.dataset.failed;
  };
  if (supported()) {
    button.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      fault.hidden = true;
      try {
        const options = JSON.parse(form.dataset.options);
        fill(await (form.dataset.passkey === "create" ? create(options) : use(options)));
      } catch (error) {
        tell(why(error));
        return;
      }
      form.submit();
    });
  } else {
    tell(form.dataset.unsupported);
  }
}
