// Files onto a case: chosen, dropped or pasted, several at once, each with its progress; what is refused says why.
// The list of progress stands outside the part of the page that the live connection exchanges.

const section = () => document.querySelector("[data-files]");
const token = () => JSON.parse(document.body.getAttribute("hx-headers") ?? "{}")["X-CSRFToken"] ?? "";
let list = null;

function line(name) {
  if (!list) {
    list = document.createElement("ul");
    list.className = "uploads";
    list.setAttribute("role", "status");
    document.body.append(list);
  }
  const item = document.createElement("li");
  const text = document.createElement("span");
  const bar = document.createElement("progress");
  text.textContent = name;
  text.className = "uploads__name";
  bar.max = 1;
  bar.setAttribute("aria-label", name);
  item.append(text, bar);
  list.append(item);
  return { item, bar };
}

function settle({ item, bar }, words, good) {
  const note = document.createElement("span");
  note.textContent = words;
  note.className = "uploads__note";
  item.dataset.tone = good ? "met" : "warn";
  bar.replaceWith(note);
  if (good) setTimeout(() => item.remove(), 4000);
  else {
    const close = document.createElement("button");
    close.type = "button";
    close.className = "toast__close";
    close.textContent = "×";
    close.setAttribute("aria-label", document.querySelector("#toast-template")?.content.querySelector("button")?.getAttribute("aria-label") ?? "×");
    close.addEventListener("click", () => item.remove());
    item.append(close);
  }
}

function send(file) {
  const { files: url, largest, tooLarge, failed, sent } = section().dataset;
  const shown = line(file.name);
  if (file.size > Number(largest)) return Promise.resolve(settle(shown, tooLarge, false));
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const body = new FormData();
    body.append("file", file, file.name);
    request.open("POST", url);
    request.setRequestHeader("X-CSRFToken", token());
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) shown.bar.value = event.loaded / event.total;
    });
    request.addEventListener("loadend", () => {
      const refused = request.response?.refused ?? [];
      if (request.status === 200) settle(shown, sent, true);
      else settle(shown, refused.map(({ message, remedy }) => `${message} ${remedy}`).join(" ") || failed, false);
      resolve();
    });
    request.send(body);
  });
}

async function sendAll(files) {
  for (const file of files) await send(file); // one after the other: the case is locked for each
}

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-files-choose]") || !section()) return;
  event.preventDefault();
  const input = document.createElement("input");
  input.type = "file";
  input.multiple = true;
  input.addEventListener("change", () => sendAll([...input.files]));
  input.click();
});

for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    const here = section();
    if (!here || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault(); // dropped beside it, the browser would leave the page
    here.toggleAttribute("data-over", kind === "dragover");
    if (kind === "drop" && here.contains(event.target)) sendAll([...event.dataTransfer.files]);
  });
}

document.addEventListener("paste", (event) => {
  const files = [...(event.clipboardData?.files ?? [])];
  if (!section() || !files.length) return;
  event.preventDefault();
  sendAll(files);
});
