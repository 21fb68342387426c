// The editor of articles: a picture goes into the text where the cursor is; one that is added does not lose the text.

const body = document.getElementById("id_body");
const form = document.querySelector("[data-article-picture]");

function insert(words) {
  const at = body.selectionEnd;
  body.setRangeText(`${at && body.value[at - 1] !== "\n" ? "\n\n" : ""}${words}\n`, at, at, "end");
  body.focus();
  body.dispatchEvent(new Event("input", { bubbles: true }));
}

// Whom it is for decides how its words are checked.
document.addEventListener("change", (event) => {
  if (event.target.name !== "audience") return;
  for (const field of [document.getElementById("id_title"), body]) {
    field.dataset.language = event.target.value === "customers" ? "to_customer" : "internal_note";
    field.dispatchEvent(new CustomEvent("desk:recheck"));
  }
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-article-insert]");
  if (button) insert(button.dataset.articleInsert);
});

async function send(event) {
  event.preventDefault();
  const said = form.querySelector("[data-article-said]");
  const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" } }).catch(() => null);
  const told = await answer?.json().catch(() => null);
  if (answer?.ok && told) {
    insert(told.words);
    said.textContent = told.name;
    form.reset();
  } else {
    said.textContent = told?.message ?? JSON.parse(document.getElementById("desk-words").textContent).failed ?? "";
  }
}

form?.addEventListener("submit", send);
