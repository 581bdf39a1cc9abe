// A record file that was dropped on the page: read as hostile text, line by line, without hanging.
const HIDDEN =
  /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff\ufffe\uffff]/gu;
const DEEPEST = 100; // lists and objects in each other, as sockproof itself reads them
const SLICE_MS = 12; // work this long, then let the page breathe

function escapedCharacter(character) {
  const code = character.codePointAt(0);
  if (code === 13) return "\\r";
  return code < 256
    ? "\\x" + code.toString(16).padStart(2, "0")
    : "\\u" + code.toString(16).padStart(4, "0");
}

// Text as the page shows it: the same escapes, and cut at the same length, as those that are here.
function shownText(value) {
  const text = typeof value === "string" ? value : "";
  if (text.length <= page.limit) return text.replace(HIDDEN, escapedCharacter);
  const characters = Array.from(text);
  if (characters.length <= page.limit) return text.replace(HIDDEN, escapedCharacter);
  const start = characters.slice(0, page.limit).join("").replace(HIDDEN, escapedCharacter);
  return `${start}\n… cut here: the record has ${characters.length.toLocaleString("en")} characters`;
}

// An observed value as the page writes it; JSON has its separators' blanks.
function valueText(value) {
  return typeof value === "string" ? value : jsonText(value);
}

function jsonText(value) {
  if (Array.isArray(value)) return `[${value.map(jsonText).join(", ")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const pairs = Object.entries(value).map(([k, v]) => `${JSON.stringify(k)}: ${jsonText(v)}`);
  return `{${pairs.join(", ")}}`;
}

async function inSlices(items, step) {
  let until = performance.now() + SLICE_MS;
  for (let n = 0; n < items.length; n += 1) {
    step(items[n], n);
    if (performance.now() < until) continue;
    await new Promise((resume) => setTimeout(resume));
    until = performance.now() + SLICE_MS;
  }
}

function isTooDeep(value, left) {
  if (value === null || typeof value !== "object") return false;
  return left === 0 || Object.values(value).some((inner) => isTooDeep(inner, left - 1));
}

function objectOf(line) {
  try {
    const value = JSON.parse(line);
    const isObject = value && typeof value === "object" && !Array.isArray(value);
    return isObject && !isTooDeep(value, DEEPEST) ? value : null;
  } catch {
    return null;
  }
}

function refuseHeader(header) {
  if (!header || header.kind !== "header" || header.suite !== "sockproof")
    throw new Error("it is no record of sockproof: its first line is no header");
  if (!Number.isInteger(header.schema) || header.schema < 1)
    throw new Error("it is no record of sockproof: its header names no schema");
  if (header.schema > page.schema)
    throw new Error(`it was made by a newer sockproof (schema ${header.schema})`);
  if (!header.implementation || typeof header.implementation.id !== "string")
    throw new Error("its header names no implementation");
}

// What the run of a record was cut down to, in words; "" if it was the whole suite.
function partialOf({ select, specs, shard, selected_by: selector }) {
  const parts = [];
  if (select) parts.push(`-k '${shownText(select)}'`);
  for (const spec of Array.isArray(specs) ? specs : []) parts.push(`--spec '${shownText(spec)}'`);
  if (shard && shard !== "1/1") parts.push(`shard ${shownText(shard)}`);
  if (selector) parts.push(`what ${shownText(selector)} selected`);
  return parts.join(", ");
}

// Reads { name, iut, about, cases: Map, titles: Map, partial, incomplete }; the last two say why, or
// are "".
async function readRecord(file) {
  const lines = (await file.text()).split("\n");
  const header = objectOf(lines[0]);
  refuseHeader(header);
  const record = { name: shownText(file.name), cases: new Map(), requirements: new Map() };
  record.iut = shownText(header.implementation.id);
  record.about = [header.started, header.suite_version && `suite ${header.suite_version}`]
    .filter((text) => typeof text === "string")
    .map(shownText);
  record.partial = partialOf(header.settings || {});
  record.incomplete = "the run ended before the record's last line was written";
  await inSlices(lines.slice(1), (line, n) => {
    const row = line ? objectOf(line) : {};
    if (row) addRow(record, row);
    else if (n === lines.length - 2) record.incomplete = `its last line, ${n + 2}, is cut short`;
    else throw new Error(`its line ${n + 2} is malformed`);
  });
  refuseOtherCounts(record);
  return record;
}

// What the footer counts must be there; digests are for `sockproof verify`.
function refuseOtherCounts(record) {
  const told = record.counts;
  if (!told || typeof told !== "object") return;
  const found = {};
  for (const { verdict } of record.cases.values()) found[verdict] = (found[verdict] || 0) + 1;
  const total = Object.values(told).reduce((sum, number) => sum + number, 0);
  if (total !== record.cases.size) return; // it is incomplete
  for (const verdict of page.verdicts)
    if ((told[verdict] || 0) !== (found[verdict] || 0))
      throw new Error(
        `it was changed: its footer counts ${told[verdict] || 0} ${verdict}, its lines are ${found[verdict] || 0}`,
      );
}

function addRow(record, row) {
  if (row.kind === "case" && typeof row.id === "string") record.cases.set(shownText(row.id), row);
  if (row.kind === "requirement" && typeof row.id === "string")
    record.requirements.set(shownText(row.id), { title: shownText(row.title), level: row.level });
  if (row.kind === "footer") record.counts = row.counts;
  if (row.kind === "footer")
    record.incomplete =
      row.complete === true ? "" : shownText(row.reason) || "the run was not completed";
}
