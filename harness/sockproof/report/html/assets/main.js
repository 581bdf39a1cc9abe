// Wires the page: what is clicked, typed and pressed changes the state, and the state is shown.
const KEYS = {
  Escape: closeCase,
  ArrowLeft: () => stepColumn(-1),
  ArrowRight: () => stepColumn(1),
  j: () => stepCase(1),
  k: () => stepCase(-1),
};

function showTheme() {
  if (state.theme) root.dataset.theme = state.theme;
  else delete root.dataset.theme;
}

function showAll() {
  showTheme();
  showMatrix();
  showDrawer();
}

function filter(changes) {
  change(changes);
  if (!("open" in changes)) mostRows = WRITTEN;
  showMatrix();
}

// A cell opens its case; that of a whole requirement, the case that explains it.
function openCell(cell) {
  const { r, k } = cell.closest("[data-r]").dataset;
  const requirement = page.requirements[Number(r)];
  const i = Number(cell.dataset.i);
  const row = k ? casesOf(requirement)[Number(k)] : tellingCase(requirement, i);
  cell.focus({ preventScroll: true });
  openCase(row.id, page.implementations[i].id);
}

frame.addEventListener("click", (event) => {
  const cell = event.target.closest(".cell");
  const unfolder = event.target.closest(".unfold");
  const promise = event.target.closest(".promise-title");
  const moreCases = event.target.closest(".more-cases");
  if (cell) openCell(cell);
  else if (moreCases) askForMoreCases(Number(moreCases.dataset.r));
  else if (promise) openCell(promise.closest(".promise").querySelector(".cell"));
  else if (unfolder) {
    const requirement = page.requirements[Number(unfolder.closest("[data-r]").dataset.r)];
    filter({ open: toggled(state.open, requirement.id) });
  }
});

controls.more.addEventListener("click", () => {
  mostRows += WRITTEN;
  showMatrix();
});

document.querySelector(".views").addEventListener("click", (event) => {
  const button = event.target.closest("[data-view]");
  if (button) filter({ view: button.dataset.view });
});

document.getElementById("filters").addEventListener("click", (event) => {
  const button = event.target.closest(".toggle[data-filter]");
  if (!button) return;
  const { filter: name, value } = button.dataset;
  filter(
    name === "varies"
      ? { varies: state.varies ? "" : "1" }
      : { [name]: toggled(state[name], value) },
  );
});
document.getElementById("filters").addEventListener("submit", (event) => event.preventDefault());
controls.area.addEventListener("change", () => filter({ area: controls.area.value }));
controls.q.addEventListener("input", () => filter({ q: controls.q.value }));
controls.clear.addEventListener("click", () =>
  filter({ v: new Set(), level: new Set(), area: "", q: "", varies: "" }),
);

document.getElementById("theme").addEventListener("click", () => {
  const dark = state.theme
    ? state.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  change({ theme: dark ? "light" : "dark" });
  showTheme();
});

// Links to a case keep theme and filters, which their own fragment does not name.
document.addEventListener("click", (event) => {
  const chip = event.target.closest("a.chip-link");
  if (!chip || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const told = new URLSearchParams(chip.hash.slice(1));
  openCase(told.get("case"), told.get("iut"));
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.closest("input, select, textarea");
  if (event.key === "/" && !typing) {
    event.preventDefault();
    controls.q.focus();
  } else if (!drawer.hidden && KEYS[event.key] && (!typing || event.key === "Escape")) {
    event.preventDefault();
    KEYS[event.key]();
  } else if (event.key === "Escape" && isComparing()) {
    event.preventDefault();
    closeComparison();
  }
});

addEventListener("popstate", () => {
  state = readState();
  showAll();
});
root.classList.add("scripted");
showAll();
if (state.view) frame.parentElement.scrollIntoView();
