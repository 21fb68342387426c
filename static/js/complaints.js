// Accepting a complaint while somebody types: a regulator's fields appear with its channel, a chosen customer's cases are offered.
// Without it all fields stand there; the server decides again when the form is sent.

const form = document.querySelector("form[data-complain]");
const regulators = new Set(form.dataset.regulators.split(","));
const part = form.querySelector("[data-regulator]");

function channelChanged() {
  const filled = [...part.querySelectorAll("input")].some((input) => input.value);
  part.toggleAttribute("data-quiet", !regulators.has(form.elements.channel.value) && !filled);
}

form.elements.channel.addEventListener("change", channelChanged);
channelChanged();

const cases = form.elements.about_case_text.closest("desk-typeahead");

form.addEventListener("desk:chosen", (event) => {
  if (event.target.contains(form.elements.customer_text)) {
    cases.dataset.url = `${form.dataset.casesUrl}?customer=${encodeURIComponent(event.detail.id)}`;
    cases.dataset.min = "0";
  }
});
