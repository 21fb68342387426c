// The register page while somebody types: the customer's card, the composed subject, who may grade, what the time means.
// Everything here is a help; the server decides again when the form is sent.

const form = document.querySelector("form[data-register]");
const card = document.getElementById("register-card");
const subject = document.getElementById("register-subject");
const grades = form.querySelector("[data-grades]");
const whyNot = document.getElementById("id_severity_why");
const qualified = new Set(form.dataset.qualified.split(",").filter(Boolean));
const field = (name) => form.elements[name];
const part = document.getElementById("register-request");
const element = (name) => field(`${name}_text`).closest("desk-typeahead");
const productUrl = element("product_type").dataset.url;

// --- The subject, as the server will compose it (C1) ---------------------------------------------------------------
function piece(text, missing) {
  const node = document.createElement(text ? "bdi" : "i");
  node.textContent = text || missing;
  return node;
}

function compose() {
  const chosen = (name) => field(name).value && field(`${name}_text`).value.trim();
  const customer = chosen("customer") || field("new_name").value.trim();
  const fault = field("fault").value.trim().replace(/\s+/g, " ");
  subject.replaceChildren(
    piece(customer, form.dataset.noCustomer), " ", piece(chosen("product_type"), form.dataset.noProduct), " ", piece(fault, form.dataset.noFault),
  );
  sayFacts([chosen("product_type"), fault].filter(Boolean).join(" "));
}

// --- The four facts to read back (C15), as they stand in the form ----------------------------------------------------
function sayFacts(matter) {
  const said = {
    read_phone: field("caller_phone").value.trim() || field("new_number").value.trim(),
    read_name: field("caller_name").value.trim(),
    read_address: card.querySelector("[data-address]")?.textContent.trim() ?? "",
    read_matter: matter,
  };
  for (const place of form.querySelectorAll("[data-said]")) place.textContent = said[place.dataset.said] ?? "";
}

function tickAll() {
  for (const name of ["read_phone", "read_name", "read_address", "read_matter"]) field(name).checked = true;
  field("read_matter").dispatchEvent(new Event("change", { bubbles: true }));
  document.dispatchEvent(new CustomEvent("desk:announce", { detail: { text: form.querySelector("[data-tick-all]").firstChild.textContent.trim() } }));
}

form.querySelector("[data-tick-all]").addEventListener("click", tickAll);
document.addEventListener("keydown", (event) => {
  if (!event.altKey || event.ctrlKey || event.metaKey || document.querySelector("dialog[open]")) return;
  if (event.code === "KeyR") tickAll();
  else if (event.code === "KeyG") (grades.querySelector(":checked:enabled") ?? grades.querySelector("input"))?.focus();
  else return;
  event.preventDefault();
});

// --- The customer's card -------------------------------------------------------------------------------------------
function customerChanged() {
  const id = field("customer").value;
  const url = new URL(productUrl, location.href);
  if (id) url.searchParams.set("customer", id);
  element("product_type").dataset.url = url.pathname + url.search;
  compose();
  if (id) for (const name of ["new_name", "new_number"]) field(name).value = "";
  if (!id) {
    card.replaceChildren();
    return;
  }
  window.htmx.ajax("GET", form.dataset.cardUrl.replace("/0/", `/${id}/`), { target: card, swap: "innerHTML" }).then(() => {
    compose();
    const used = new Set([...card.querySelectorAll("[data-pick-product]")].map((button) => button.dataset.pickProduct));
    // One product in use: it is about that, until somebody says otherwise.
    if (used.size === 1 && !field("product_type").value && !field("product_type_text").value) pickProduct(card.querySelector("[data-pick-product]"));
  });
}

function pickProduct(button) {
  field("product_type").value = button.dataset.pickProduct;
  field("product_type_text").value = button.dataset.name;
  field("product_type").dispatchEvent(new Event("change", { bubbles: true }));
}

card.addEventListener("click", (event) => {
  const product = event.target.closest("[data-pick-product]");
  const caller = event.target.closest("[data-pick-caller]");
  if (product) {
    pickProduct(product);
    field("fault").focus();
  } else if (caller) {
    field("caller_name").value = caller.dataset.pickCaller;
    field("caller_name").dispatchEvent(new Event("input", { bubbles: true }));
    field("caller_phone").focus();
  }
});

// --- Who may grade (C2) --------------------------------------------------------------------------------------------
function productChanged() {
  const id = field("product_type").value;
  const may = !id || qualified.has(id);
  grades.disabled = !may;
  whyNot.hidden = may;
  compose();
  if (accepted.value) acceptedChanged();
  const script = document.querySelector(".script-panel"); // what to say is said by service line (K5)
  if (script?.open || script?.querySelector(".script")) window.htmx.trigger(script, "desk:line");
}

// --- What a request type asks and tells (C16) ------------------------------------------------------------------------
// What was answered stays with this page when another type is looked at, and comes back from this tab's draft.
const draftKey = `desk-draft:${document.body.dataset.person ?? ""}:${location.pathname}:${form.dataset.draft}`;
const answered = JSON.parse(sessionStorage.getItem(draftKey) ?? "{}");
const ofPart = (name) => name.startsWith("value_") || name === "told_once";

function typeChanged() {
  const type = field("request_type").value;
  window.htmx.ajax("GET", `${form.dataset.partUrl}?request_type=${encodeURIComponent(type)}`, { target: part, swap: "innerHTML" }).then(() => {
    part.dataset.type = type;
    for (const input of part.querySelectorAll("[name]")) {
      if (!ofPart(input.name) || !answered[input.name]?.length) continue;
      if (input.type === "checkbox") input.checked = true;
      else [input.value] = answered[input.name];
    }
  });
}

part.addEventListener("input", ({ target }) => {
  answered[target.name] = target.type === "checkbox" && !target.checked ? [] : [target.value];
});

// --- Who calls from this number, and what is registered already --------------------------------------------------------
const found = document.getElementById("register-callers-found");
const similar = document.getElementById("register-similar");
const articles = document.getElementById("register-articles");
let asking = 0;
let looking = 0;
let reading = 0;

function phoneChanged() {
  clearTimeout(asking);
  const phone = field("caller_phone").value.trim();
  if (field("customer").value || phone.replace(/\D/g, "").length < 7) {
    found.replaceChildren();
    return;
  }
  asking = setTimeout(() => window.htmx.ajax("POST", form.dataset.callersUrl, { values: { caller_phone: phone }, target: found, swap: "innerHTML" }), 400);
}

found.addEventListener("click", (event) => {
  const button = event.target.closest("[data-pick-customer]");
  if (!button) return;
  field("customer").value = button.dataset.pickCustomer;
  field("customer_text").value = button.dataset.name;
  found.replaceChildren();
  field("customer").dispatchEvent(new Event("change", { bubbles: true }));
  field("product_type_text").focus();
});

function look() {
  clearTimeout(looking);
  const [customer, product] = [field("customer").value, field("product_type").value];
  const fault = field("fault").value.trim();
  if (!customer || (!product && fault.length < 2)) {
    similar.replaceChildren();
    return;
  }
  const query = new URLSearchParams({ customer, product_type: product, fault, token: field("token").value });
  looking = setTimeout(() => window.htmx.ajax("GET", `${form.dataset.similarUrl}?${query}`, { target: similar, swap: "innerHTML" }), 500);
}

// --- Articles that may help (K6) --------------------------------------------------------------------------------------
function offer() {
  clearTimeout(reading);
  const fault = field("fault").value.trim();
  if (fault.length < 2) {
    articles.replaceChildren();
    return;
  }
  const query = new URLSearchParams({ fault, product_type: field("product_type").value });
  reading = setTimeout(() => window.htmx.ajax("GET", `${form.dataset.articlesUrl}?${query}`, { source: articles, target: articles, swap: "innerHTML" }), 500);
}

// --- What the acceptance time means (C3) -----------------------------------------------------------------------------
const accepted = field("accepted_at");
let waiting = 0;

function acceptedChanged() {
  clearTimeout(waiting);
  waiting = setTimeout(() => window.htmx.ajax("GET", `${location.pathname}acceptance/?${new URLSearchParams({ accepted_at: accepted.value, product: field("product_type").value, severity: form.querySelector('[name="severity"]:checked')?.value ?? "" })}`, { target: "#register-acceptance", swap: "innerHTML" }), 250);
}

// --- A new customer: what was typed in vain is its name or number --------------------------------------------------
form.addEventListener("focusin", ({ target }) => {
  if (![field("new_name"), field("new_number")].includes(target) || target.value || field("customer").value) return;
  const typed = field("customer_text").value.trim();
  const isNumber = /^[+\d][\d\s()./-]{6,}$/.test(typed);
  if (typed && isNumber === (target === field("new_number"))) {
    target.value = typed;
    target.select();
    compose();
  }
});

form.addEventListener("change", ({ target }) => {
  if (target === field("customer")) customerChanged();
  else if (target === field("product_type")) productChanged();
  else if (target === field("request_type")) typeChanged();
  else if (target === accepted || (target.name === "severity" && accepted.value)) acceptedChanged();
  if (["customer", "product_type"].includes(target.name)) look();
  if (target.name === "product_type") offer();
});
form.addEventListener("desk:cleared", ({ target }) => {
  if (target === element("customer")) customerChanged();
  else productChanged();
  look();
});
form.addEventListener("input", ({ target }) => {
  if (target === accepted) acceptedChanged();
  else compose();
  if (target === field("fault")) {
    look();
    offer();
  } else if (target === field("caller_phone")) phoneChanged();
});

// A form that came back: straight to the first thing to mend.
const wrong = form.querySelector('[aria-invalid="true"], .field--wrong input:not([type="hidden"])');
// Whoever types already, before this script has come, is left where they are.
const who = field("customer_text");
const typing = document.activeElement === who && who.value !== who.defaultValue && !form.querySelector(".draft-note");
if (wrong) wrong.focus();
// A new one: the caller is on the line, so typing starts with who it is (or, coming from a customer's page, with what is wrong).
else if (!typing) (who.value ? field("fault") : who).focus();
// A draft was filled in before this script listened.
if (field("customer").value && !card.querySelector(".panel")) customerChanged();
if (field("request_type").value !== (part.dataset.type ?? "")) typeChanged();
if (field("new_name").value) form.querySelector("[data-new-customer]").open = true;
if (accepted.value && !wrong) acceptedChanged();
productChanged();
look();
offer();
