// What is there to copy of a case: commands, and an entry for the file of known deviations.
function quoted(text) {
  return "'" + text.replaceAll("'", `'"'"'`) + "'";
}

function givenOf(iut) {
  return /^[\w@%+=:,./-]+$/.test(iut.given) ? iut.given : quoted(iut.given);
}

// A case that generates plans plays the same again, of the same seed.
function generatingOf({ detail }) {
  return detail.generating === undefined ? "" : words(detail.generating);
}

function runOf(shown) {
  const { iut, row } = shown;
  if (iut.check) return `${iut.check} -k ${quoted(row.id)} ${iut.subject}`.trimEnd();
  const generating = generatingOf(shown);
  return `sockproof run --iut ${givenOf(iut)} -k ${quoted(row.id)} --keep all${generating}`;
}

function replayOf(shown) {
  const { iut, row } = shown;
  const times = `--repeat 20${generatingOf(shown)}`;
  if (iut.check) return `sockproof replay ${quoted(row.id)} --repeat 3 ${iut.replayed}`;
  return `sockproof replay ${quoted(row.id)} --iut ${givenOf(iut)} ${times}`;
}

// Of what deviates.
function scriptOf(shown) {
  const { iut, row, cell } = shown;
  if (!TROUBLE.includes(cell.verdict) && !unclean(cell)) return "";
  const file = `-o repro.py${generatingOf(shown)}`;
  if (iut.check) return `sockproof repro ${quoted(row.id)} ${file} ${iut.replayed}`;
  return `sockproof repro ${quoted(row.id)} --iut ${givenOf(iut)} ${file}`;
}

function tomlString(text) {
  const escaped = (character) => "\\u" + character.charCodeAt(0).toString(16).padStart(4, "0");
  const plain = text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
  return `"${plain.replace(/[\x00-\x1f\x7f]/g, escaped)}"`;
}

// The beginning of what was said, up to the first character that is shown other than it was.
function beginningOf(text) {
  const told = Array.from(text || "")
    .slice(0, 60)
    .join("");
  return told.split(/\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|r)/)[0].trimEnd();
}

// For the file of known deviations: whoever pastes it writes the reason.
function expectationOf({ row, cell, detail }) {
  const trouble = unclean(cell);
  if (excused(cell) || cell.stale || !(trouble || TROUBLE.includes(cell.verdict))) return "";
  const texts = [detail.actual, detail.reason, detail.expected].map(words);
  const steady = detail.contains === undefined ? "" : words(detail.contains);
  const said = steady || texts.map(beginningOf).find(Boolean);
  const lines = [
    "[[expectation]]",
    `case = ${tomlString(row.id)}`,
    `verdict = "${cell.verdict}"`,
    cell.verdict !== "PASS" && said && `contains = ${tomlString(said)}`,
    trouble && `teardown = "${trouble}"`,
    'reason = ""',
  ];
  return lines.filter(Boolean).join("\n");
}

const TROUBLE = ["FAIL", "INCONCLUSIVE", "ERROR"];
// What can be copied: its heading, and its text; nothing where there is no text.
const COPIES = [
  ["Run it again", runOf],
  ["How often does it end so?", replayOf],
  ["Write a script that shows it without sockproof", scriptOf],
  ["Write it down as a known deviation (fill in the reason)", expectationOf],
];

function copyBlock(title, text) {
  const code = build("code", null, text);
  const button = build("button", { type: "button", class: "small" }, "copy");
  button.addEventListener("click", () => copy(text, button, code));
  return [build("h4", null, title), build("div", { class: "command" }, code, button)];
}

// `shown` is the case in the drawer: { iut, row, cell, detail }.
function copiesOf(shown) {
  return COPIES.map(([title, textFor]) => [title, textFor(shown)])
    .filter(([, text]) => text)
    .flatMap(([title, text]) => copyBlock(title, text));
}

async function copy(text, button, source) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    getSelection().selectAllChildren(source); // a page from a file may not have the clipboard
    document.execCommand("copy");
  }
  button.textContent = "copied";
  setTimeout(() => {
    button.textContent = "copy";
  }, 1500);
}
