// Rows of the matrix that the page does not come with: made when they are shown, taken away after.
const WRITTEN = 1000; // rows that it comes with
const MORE_CASES = 200;
let mostRows = WRITTEN;

function moreCasesRow(r, left) {
  const text = `${Math.min(left, MORE_CASES)} more of ${left} cases`;
  const button = build("button", { type: "button", class: "plain more-cases", "data-r": r }, text);
  const span = page.implementations.length + 2;
  return build("tr", { class: "sub" }, build("th", { scope: "row", colspan: span }, button));
}

function askForMoreCases(r) {
  mostCases.set(r, (mostCases.get(r) || MORE_CASES) + MORE_CASES);
  showMatrix();
}

// The letter of a cell of several cases, as the page's own cells have it.
function letterOfAll(cells, worst, requirement) {
  if (cells.some((cell) => cell.stale)) return "S";
  const quiet = ["PASS", "NOT_APPLICABLE"];
  const deviating = cells.filter((cell) => !quiet.includes(cell.verdict) || unclean(cell));
  if (deviating.length && deviating.every(excused)) {
    if (deviating.every((cell) => cell.chosen)) return "C";
    return deviating.every((cell) => cell.inherited) ? "H" : "K";
  }
  const plain = { ...worst, stale: false, known: false, inherited: false, chosen: false };
  return letterOf(plain, requirement);
}

function summaryCell(requirement, i) {
  const all = casesOf(requirement).map((row) => row.cells[i]);
  const cells = all.filter(Boolean);
  if (!cells.length) return build("span", { class: "absent", title: "not in this record" });
  const worst = tellingCase(requirement, i).cells[i];
  const applicable = cells.filter((cell) => cell.verdict !== "NOT_APPLICABLE");
  const passed = applicable.filter((cell) => cell.verdict === "PASS").length;
  const left = cells.map(unclean);
  const trouble = ["still running", "leaked"].find((word) => left.includes(word));
  const verdict = worst.verdict.replace("_", " ").toLowerCase();
  const says = `${page.implementations[i].id}: ${verdict}, ${passed} of ${applicable.length} passed`;
  const count = applicable.length ? `${passed}/${applicable.length}` : "";
  const unlike = cells.some((cell) => cell.differs) ? build("b", { class: "unlike" }, " ≠") : "";
  return build(
    "button",
    { type: "button", class: "cell", "data-i": i, "data-t": trouble, title: says },
    mark(letterOfAll(cells, worst, requirement)),
    build("span", { class: "of" }, count, unlike),
  );
}

// A row such as those that the page comes with.
function requirementRow(requirement, r) {
  const varies = requirement.varies && page.implementations.length > 1;
  const wave = varies ? build("span", { class: "varies" }, " ~") : "";
  const text = build(
    "span",
    { class: "req-text" },
    build("span", { class: "req-id" }, requirement.id, wave),
    build("span", { class: "req-title" }, requirement.title),
  );
  const unfolder = build(
    "button",
    { type: "button", class: "unfold", "aria-expanded": "false" },
    build("span", { class: "caret" }),
    build("span", { class: `level level-${requirement.level}` }, requirement.level),
    text,
  );
  return build(
    "tr",
    { class: "req", "data-r": r },
    build("th", { scope: "row" }, unfolder),
    page.implementations.map((_, i) => build("td", null, summaryCell(requirement, i))),
    build("td", { class: "rest" }),
  );
}

const firstOf = (body) => Number(body.querySelector("tr.req").dataset.r);

function bodyOf(area, r) {
  const bodies = [...table.tBodies];
  const own = bodies.find((body) => page.requirements[firstOf(body)].area === area);
  if (own) return own;
  const span = page.implementations.length + 2;
  const head = build("th", { scope: "rowgroup", colspan: span }, build("span", null, area));
  const body = build("tbody", null, build("tr", { class: "area" }, head));
  table.insertBefore(body, bodies.find((other) => firstOf(other) > r) || null);
  return body;
}

// The row of a requirement, in its place in the table.
function rowOf(r) {
  if (!requirementRows[r]) {
    const requirement = page.requirements[r];
    const body = bodyOf(requirement.area, r);
    const rows = [...body.querySelectorAll("tr.req")];
    requirementRows[r] = requirementRow(requirement, r);
    const next = rows.find((other) => Number(other.dataset.r) > r);
    body.insertBefore(requirementRows[r], next || null);
  }
  return requirementRows[r];
}

// What was made and is not shown any more goes, and so does a body that has no row left.
function hideRow(tr, r) {
  fold(tr);
  tr.hidden = true;
  if (r < WRITTEN) return;
  const body = tr.parentElement;
  tr.remove();
  delete requirementRows[r];
  if (!body.querySelector("tr.req")) body.remove();
}
