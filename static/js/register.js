// The register page while somebody types: the customer's card, the composed subject, who may grade, what the time means.
// Everything here is a help; the server decides again when the form is sent.

const form = document.querySelector("form[data-register]");
const card = document.getElementById("register-card");
const subject = document.getElementById("register-subject");
const grades = form.querySelector("[data-grades]");
const whyNot = document.getElementById("id_severity_why");
const qualified = new Set(form.dataset.qualified.split(",").filter(Boolean));
const field = (name) => form.elements[name];
const element = (name) => field(`${name}_text`).closest("desk-typeahead");
const productUrl = element("product_type").dataset.url;

// --- The subject, as the server will compose it (C1) ---------------------------------------------------------------
function part(text, missing) {
  const node = document.createElement(text ? "bdi" : "i");
  node.textContent = text || missing;
  return node;
}

function compose() {
  const chosen = (name) => field(name).value && field(`${name}_text`).value.trim();
  const customer = chosen("customer") || field("new_name").value.trim();
  const fault = field("fault").value.trim().replace(/\s+/g, " ");
  subject.replaceChildren(
    part(customer, form.dataset.noCustomer), " ", part(chosen("product_type"), form.dataset.noProduct), " ", part(fault, form.dataset.noFault),
  );
}

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
}

// --- What the acceptance time means (C3) -----------------------------------------------------------------------------
const accepted = field("accepted_at");
let waiting = 0;

function acceptedChanged() {
  clearTimeout(waiting);
  waiting = setTimeout(() => window.htmx.ajax("GET", `${location.pathname}acceptance/?accepted_at=${encodeURIComponent(accepted.value)}`, { target: "#register-acceptance", swap: "innerHTML" }), 250);
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
  else if (target === accepted) acceptedChanged();
});
form.addEventListener("desk:cleared", ({ target }) => (target === element("customer") ? customerChanged() : productChanged()));
form.addEventListener("input", ({ target }) => {
  if (target === accepted) acceptedChanged();
  else compose();
});

// A form that came back: straight to the first thing to mend.
const wrong = form.querySelector('[aria-invalid="true"], .field--wrong input:not([type="hidden"])');
if (wrong) wrong.focus();
// A new one: the caller is on the line, so typing starts with who it is (or, coming from a customer's page, with what is wrong).
else (field("customer_text").value ? field("fault") : field("customer_text")).focus();
// A draft was filled in before this script listened.
if (field("customer").value && !card.querySelector(".panel")) customerChanged();
if (field("new_name").value) form.querySelector("[data-new-customer]").open = true;
if (accepted.value && !wrong) acceptedChanged();
productChanged();
