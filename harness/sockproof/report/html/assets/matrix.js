// The matrix: unfolding requirements to their cases, and the filters.
const table = document.getElementById("table");
const mostCases = new Map(); // by requirement, where more than MORE_CASES were asked for
const requirementRows = [];
for (const tr of table.querySelectorAll("tr.req")) requirementRows[Number(tr.dataset.r)] = tr;
const controls = {
  area: document.getElementById("area"),
  q: document.getElementById("search"),
  clear: document.getElementById("clear"),
  shown: document.getElementById("shown"),
  none: document.getElementById("none"),
  more: document.getElementById("more"),
};

function wants(requirement) {
  casesOf(requirement);
  const hits = (wanted, has) => !wanted.size || [...wanted].some((word) => has.has(word));
  if (!hits(state.v, requirement.has) || !hits(state.level, new Set([requirement.level])))
    return false;
  if (state.area && requirement.area !== state.area) return false;
  if (state.varies && !requirement.varies) return false;
  return !state.q || matches(requirement);
}

function queryWords() {
  return state.q.toLowerCase().split(/\s+/).filter(Boolean);
}

function matches(requirement) {
  const own = `${requirement.id} ${requirement.title}`.toLowerCase();
  const missing = queryWords().filter((word) => !own.includes(word));
  if (!missing.length) return true;
  return requirement.cases.some((row) =>
    missing.every((word) => row.id.toLowerCase().includes(word)),
  );
}

function wantsCase(requirement, row) {
  if (state.v.size && ![...state.v].some((word) => row.has.has(word))) return false;
  const text = `${row.id} ${requirement.title}`.toLowerCase();
  return queryWords().every((word) => text.includes(word));
}

function caseRow(requirement, r, row, k) {
  const cells = row.cells.map((cell, i) =>
    build(
      "td",
      null,
      cell ? cellButton(requirement, row, cell, i) : build("span", { class: "absent" }),
    ),
  );
  const label = row.label.replace(/^=/, "") || "case";
  return build(
    "tr",
    { class: "sub", "data-r": r, "data-k": k },
    build("th", { scope: "row" }, label),
    cells,
    build("td", { class: "rest" }),
  );
}

function cellButton(requirement, row, cell, i) {
  const verdict = cell.verdict.replace("_", " ").toLowerCase();
  const trouble = unclean(cell);
  const more = [
    trouble && "teardown " + trouble,
    cell.known && "known",
    cell.inherited && "inherited",
    cell.chosen && "chosen",
    cell.differs && "differs",
  ];
  const title = [`${page.implementations[i].id}: ${verdict}`, ...more.filter(Boolean)].join(", ");
  return build(
    "button",
    { type: "button", class: "cell", "data-i": i, "data-t": trouble, title },
    mark(letterOf(cell, requirement)),
    build("span", { class: "of" }, cell.differs ? "≠" : ""),
  );
}

function fold(tr) {
  while (tr.nextElementSibling && tr.nextElementSibling.classList.contains("sub"))
    tr.nextElementSibling.remove();
}

function unfold(tr, requirement, r) {
  const rows = casesOf(requirement)
    .map((row, k) => [row, k])
    .filter(([row]) => wantsCase(requirement, row));
  const most = mostCases.get(r) || MORE_CASES;
  const shown = rows.slice(0, most).map(([row, k]) => caseRow(requirement, r, row, k));
  if (rows.length > most) shown.push(moreCasesRow(r, rows.length - most));
  tr.after(...shown);
}

function showMatrix() {
  const wanted = page.requirements.flatMap((requirement, r) => (wants(requirement) ? [r] : []));
  const shown = new Set(wanted.slice(0, mostRows));
  requirementRows.forEach((tr, r) => {
    if (!shown.has(r)) hideRow(tr, r);
  });
  for (const r of shown) {
    const tr = rowOf(r);
    const open = state.open.has(page.requirements[r].id);
    fold(tr);
    tr.hidden = false;
    tr.querySelector(".unfold").setAttribute("aria-expanded", String(open));
    if (open) unfold(tr, page.requirements[r], r);
  }
  for (const body of table.tBodies) body.hidden = !body.querySelector("tr.req:not([hidden])");
  showDocumentation(shown);
  showMore(wanted.length - shown.size);
  showControls(wanted.length);
  showHere();
}

function showMore(left) {
  controls.more.hidden = !left;
  const text = `${Math.min(left, WRITTEN)} more of ${left} requirements`;
  controls.more.firstElementChild.textContent = text;
}

function showControls(shown) {
  const all = page.requirements.length;
  const filtered = state.v.size || state.level.size || state.area || state.q || state.varies;
  for (const button of document.querySelectorAll(".toggle[data-filter]")) {
    const { filter, value } = button.dataset;
    const on = filter === "varies" ? Boolean(state.varies) : state[filter].has(value);
    button.setAttribute("aria-pressed", String(on));
  }
  for (const button of document.querySelectorAll(".toggle[data-view]"))
    button.setAttribute("aria-pressed", String(button.dataset.view === state.view));
  controls.area.value = state.area;
  if (controls.q.value !== state.q) controls.q.value = state.q;
  controls.clear.hidden = !filtered;
  controls.none.hidden = shown > 0;
  controls.shown.textContent =
    shown === all ? `${all} requirements` : `${shown} of ${all} requirements`;
}

// The cell whose case is in the drawer.
function showHere() {
  for (const cell of document.querySelectorAll(".cell.here")) cell.classList.remove("here");
  const place = state.case && findCase(state.case);
  if (!place) return;
  const i = page.implementations.findIndex((one) => one.id === state.iut);
  const [r, k] = place;
  const inDocumentation = `.promise[data-r="${r}"] .cell[data-i="${i}"]`;
  const exact = `tr.sub[data-r="${r}"][data-k="${k}"] .cell[data-i="${i}"]`;
  const summed = `tr.req[data-r="${r}"] .cell[data-i="${i}"]`;
  const cell = state.view
    ? documentation.querySelector(inDocumentation)
    : table.querySelector(exact) || table.querySelector(summed);
  if (cell) cell.classList.add("here");
}

// The case of a requirement that explains its cell: the worst, then one left unclean.
function tellingCase(requirement, i) {
  const severity = (row) => {
    const cell = row.cells[i];
    if (!cell) return -1;
    const grade = cell.verdict === "NOT_APPLICABLE" ? 0 : page.verdicts.indexOf(cell.verdict) + 1;
    return grade * 2 + (unclean(cell) ? 1 : 0);
  };
  return casesOf(requirement).reduce((worst, row) =>
    severity(row) > severity(worst) ? row : worst,
  );
}

function toggled(set, word) {
  const next = new Set(set);
  if (!next.delete(word)) next.add(word);
  return next;
}
