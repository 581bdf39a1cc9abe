// What is not the same in two runs: a column of the page, and a record file.
const ABSENT = "(not observed)"; // how the page writes what the reference has and the case has not
const ABSENCE = "NOT_APPLICABLE";
const BAD = ["FAIL", "ERROR", "INCONCLUSIVE"];

// The kinds of change, called as `sockproof compare` calls them; the first that holds is the case's.
const CHANGES = [
  ["failing", "newly failing", (a, b) => b.verdict === "FAIL" && a.verdict !== "FAIL"],
  ["passing", "newly passing", (a, b) => b.verdict === "PASS" && BAD.includes(a.verdict)],
  ["lost", "no longer applicable", (a, b) => a.verdict !== b.verdict && b.verdict === ABSENCE],
  ["applicable", "newly applicable", (a, b) => a.verdict !== b.verdict && a.verdict === ABSENCE],
  ["verdict", "other verdicts", (a, b) => a.verdict !== b.verdict],
  ["unclean", "newly unclean", (a, b) => unclean(b) && !unclean(a)],
  ["teardown", "other teardowns", (a, b) => a.teardown !== b.teardown],
  ["message", "other messages", (a, b) => unnumbered(a.message) !== unnumbered(b.message)],
  ["observation", "other observations", (a, b) => unlikeOf(a, b).length > 0],
  ["numbers", "other numbers only", (a, b) => a.message !== b.message],
];
const WHOLE = [
  ["added", "new"],
  ["gone", "gone"],
];

function unnumbered(text) {
  return text.replace(/\d+/g, "#");
}

function pageSide(cell) {
  const detail = detailOf(cell);
  const seen = new Map();
  for (const [name, value, reference] of detail.seen || [])
    if (reference === undefined || words(value) !== ABSENT) seen.set(words(name), words(value));
  const said = [detail.expected, detail.actual, detail.reason].map((text) => words(text) || "");
  return sideOf(cell.verdict, cell.teardown, said, seen);
}

function fileSide(row) {
  const observed = row.observations && typeof row.observations === "object" ? row.observations : {};
  const seen = new Map();
  for (const [name, value] of Object.entries(observed))
    seen.set(shownText(name), shownText(valueText(value)));
  const said = [row.expected, row.actual, row.reason].map(shownText);
  const verdict = page.verdicts.includes(row.verdict) ? row.verdict : shownText(row.verdict) || "?";
  const teardown = shownText(row.teardown && row.teardown.verdict) || "not checked";
  return sideOf(verdict, teardown, said, seen);
}

function sideOf(verdict, teardown, said, seen) {
  const [expected, actual, reason] = said;
  const message = [expected && `expected ${expected}`, actual, reason].filter(Boolean).join("\n");
  return { verdict, teardown, message, seen };
}

// Observations that are not the same: [name, before, after]. Measured times never are, and do not
// count; 1.0 and 1 are one number.
function unlikeOf(before, after) {
  const plain = (text) => (text === undefined ? text : text.replace(/(\d)\.0(?![\d])/g, "$1"));
  const time = (text) => text === undefined || /^-?\d+(\.\d+)?(e-?\d+)?$/i.test(text);
  const point = (text) => text !== undefined && /^-?\d+(\.\d+|(\.\d+)?e-?\d+)$/i.test(text);
  return [...new Set([...before.seen.keys(), ...after.seen.keys()])]
    .map((name) => [name, before.seen.get(name), after.seen.get(name)])
    .filter(([, one, other]) => plain(one) !== plain(other))
    .filter(([, one, other]) => !(time(one) && time(other) && (point(one) || point(other))));
}

// Two runs held against each other: cases by kind of change, and how many are the same.
async function compareWith(record, i, isCurrent) {
  const found = Object.fromEntries([...CHANGES, ...WHOLE].map(([key]) => [key, []]));
  const comparison = { record, i, found, same: 0 };
  const left = new Set(record.cases.keys());
  const rows = page.requirements.flatMap((requirement) =>
    casesOf(requirement).map((row) => ({ requirement, row })),
  );
  await inSlices(rows, ({ requirement, row }) => {
    const cell = row.cells[i];
    if (!cell || !isCurrent()) return;
    const other = record.cases.get(row.id);
    left.delete(row.id);
    add(comparison, { requirement, row, id: row.id }, pageSide(cell), other && fileSide(other));
  });
  for (const id of left) {
    const row = record.cases.get(id);
    const name = shownText(row.requirement) || id.split("[")[0];
    const told = record.requirements.get(name) || { title: "" };
    const requirement = { id: name, level: shownText(told.level), ...told };
    found.added.push({ requirement, id, after: fileSide(row) });
  }
  return comparison;
}

function add(comparison, entry, before, after) {
  Object.assign(entry, { before, after });
  if (!after) return void comparison.found.gone.push(entry);
  const change = CHANGES.find(([, , holds]) => holds(before, after));
  if (change) comparison.found[change[0]].push(entry);
  else comparison.same += 1;
}
