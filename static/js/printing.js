// The case sheet prints itself when asked.
document.addEventListener("click", (event) => { if (event.target.closest("[data-print]")) window.print(); });
