// The transcript: what both ends did and saw, in order; octets as text or as hexadecimal.
const ESCAPES = { 9: "\\t", 10: "\\n", 13: "\\r", 92: "\\\\" };
let hexadecimal = false;

function hexOf(text) {
  return Array.from(text, (character) =>
    character.charCodeAt(0).toString(16).padStart(2, "0"),
  ).join(" ");
}

// Runs of plain characters, and escapes between them in another colour.
function textOf(text) {
  const parts = [];
  let plain = "";
  for (const character of text) {
    const code = character.charCodeAt(0);
    if (code >= 32 && code < 127 && code !== 92) {
      plain += character;
      continue;
    }
    parts.push(
      plain,
      build("span", { class: "esc" }, ESCAPES[code] || "\\x" + code.toString(16).padStart(2, "0")),
    );
    plain = "";
  }
  return [...parts, plain];
}

// A payload is stored once, however often it went to and fro.
function payloadOf(number) {
  if (!number) return null;
  const [text, length, digest] = page.payloads[number - 1];
  return { text, length, digest };
}

function octetsOf(octets) {
  if (!octets) return [];
  const { text, length, digest } = octets;
  const unit = length === 1 ? "octet" : "octets";
  const count =
    text.length < length
      ? `first ${text.length} of ${length.toLocaleString("en")} ${unit}`
      : `${length} ${unit}`;
  const shown = text
    ? build("code", { class: "octets" }, hexadecimal ? hexOf(text) : textOf(text))
    : "";
  return [
    shown,
    " ",
    build("span", { class: "length", title: digest ? `sha256 ${digest}` : null }, count),
  ];
}

function laneOf(lane) {
  const kind = /^(peer|server|thread|child)/.exec(lane);
  return build("span", { class: `lane lane-${kind ? kind[1] : "other"}` }, lane);
}

function eventRow([seconds, lane, what, note, error, octets], number) {
  const details = [...octetsOf(payloadOf(octets))];
  if (words(note)) details.push(" ", build("span", { class: "event-note" }, words(note)));
  if (words(error)) details.push(" ", build("span", { class: "event-error" }, words(error)));
  return build(
    "tr",
    { "data-e": number, tabindex: number ? -1 : 0 },
    build("td", { class: "n" }, (seconds * 1000).toFixed(1)),
    build("td", null, laneOf(words(lane))),
    build("td", null, words(what)),
    build("td", null, details),
  );
}

function transcriptOf(detail) {
  const body = build("tbody");
  const fill = () => body.replaceChildren(...detail.events.map(eventRow));
  const toggle = build(
    "button",
    { type: "button", class: "small" },
    hexadecimal ? "as text" : "as hex",
  );
  toggle.addEventListener("click", () => {
    hexadecimal = !hexadecimal;
    toggle.textContent = hexadecimal ? "as text" : "as hex";
    fill();
  });
  fill();
  const heads = ["ms", "lane", "what", ""].map((name) =>
    build("th", { scope: "col", class: name === "ms" ? "n" : null }, name),
  );
  return [
    build(
      "div",
      { class: "block-head" },
      build("h4", null, "Transcript"),
      detail.events.length ? toggle : "",
    ),
    detail.events.length
      ? build(
          "table",
          { class: "grid transcript" },
          build("thead", null, build("tr", null, heads)),
          body,
        )
      : "",
    detail.left_out
      ? build("p", { class: "more" }, `${detail.left_out} events are in the record file only`)
      : "",
  ];
}
