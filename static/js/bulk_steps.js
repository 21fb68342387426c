// A browser that runs scripts is shown how far a move for many cases is; without one all of it is done in one go.
for (const steps of document.querySelectorAll("[data-steps]")) steps.value = "1";
