// Light, dark or as the device says: shown at once, kept by the server (cookie, and the person's own field).

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("[data-theme-switch]");
  if (!form) return;
  event.preventDefault();
  const chosen = event.submitter?.value ?? "auto";
  document.documentElement.dataset.theme = chosen;
  for (const button of document.querySelectorAll("[data-theme-switch] button")) {
    button.setAttribute("aria-pressed", String(button.value === chosen));
  }
  const data = new FormData(form);
  data.set("theme", chosen);
  try {
    await fetch(form.action, { method: "POST", body: data, redirect: "manual" });
  } catch {
    // Offline: the choice holds for this page; the next switch is sent again.
  }
});
