// What the sequence picture says of an event, and which way the event goes.
const CHARACTER = 6.7; // the width that one takes, and a little more
const EXCERPT = 24; // octets that a label shows
const SIGNALS = [
  // what a client does or sees: which way it goes, and what it is called
  [/^connect/, "out"],
  [/^half-close/, "out"],
  [/^close$/, "out"],
  [/^(vanish|abort)/, "out"],
  [/^end of stream$/, "in"],
];

function shortened(text, width) {
  const most = Math.max(4, Math.floor(width / CHARACTER));
  return text.length > most ? text.slice(0, most - 1) + "…" : text;
}

function excerptOf(octets) {
  const plain = textOf(octets.text.slice(0, EXCERPT))
    .map((part) => (part instanceof Node ? part.textContent : part))
    .join("");
  return `“${plain}${Math.min(EXCERPT, octets.text.length) < octets.length ? "…" : ""}” ${octets.length.toLocaleString("en")}`;
}

// An event in words: what, how many, octets, and the gate or the error.
function wordsOf(row) {
  const [event] = row.events;
  const gate = GATE.test(event.what) && /name='?([^' ]*)/.exec(event.note);
  if (gate) return `${/passed=True/.test(event.note) ? "passes" : "waits at"} gate ${gate[1]}`;
  const what = event.what.replace(/^step /, "").replace(/^handler (?!$)/, "");
  if (row.events.length > 1) {
    const total = row.events.reduce((sum, one) => sum + (one.octets ? one.octets.length : 0), 0);
    const octets = total && !event.client ? `, ${total.toLocaleString("en")} octets` : "";
    return `${what} ×${row.events.length}${octets}`;
  }
  if (/^receive/.test(what) && event.octets && event.told)
    return `${what} ${event.octets.length.toLocaleString("en")}`; // the arrow says which
  const piece = event.piece ? ` ${event.piece[0]}/${event.piece[1]}` : "";
  const error = event.error.split(":")[0]; // the transcript has all of it
  return [what + piece, event.octets && excerptOf(event.octets), error].filter(Boolean).join(" ");
}

function sayingOf(row) {
  const [event] = row.events;
  const when = `${(event.t * 1000).toFixed(1)} ms`;
  const facts = [when, event.lane, wordsOf(row), event.note, event.error];
  return facts.filter(Boolean).join(" · ");
}

// Which way a client's event goes without octets that a handler is known to have got or given.
function signalOf(event) {
  if (!event.client) return "";
  if (event.what === "reset") return event.error ? "in" : "out";
  if (/^send/.test(event.what)) return "out";
  if (event.link && event.link.datagram) return "";
  const found = SIGNALS.find(([pattern]) => pattern.test(event.what));
  return found ? found[1] : "";
}

function laneClass(lane) {
  const kind = /^(server|thread|child)\b/.exec(lane);
  return `lane-${kind ? kind[1] : "peer"}`;
}
