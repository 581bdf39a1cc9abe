// A transcript read as a conversation: who takes part, which client speaks with which handler, and
// which octets arrived where. Knows nothing of how that is drawn.
const SERVER_SIDE = /^(server|thread|child)\b/;
const FAULT = /^(reset|vanish|abort|timeout|stall)|out of band|^step (kill|exit)/;
const GATE = /^step gate$/;
const FOLD_FROM = 9; // so many equal events of one lane become one row

function eventOf([seconds, lane, what, note, error, octets], number) {
  const event = { number, t: seconds, lane: words(lane), what: words(what) };
  Object.assign(event, { note: words(note), error: words(error), octets: payloadOf(octets) });
  event.client = !SERVER_SIDE.test(event.lane);
  event.fault = Boolean(event.error) || FAULT.test(event.what);
  event.after = []; // events that cannot have been later, whatever the clocks say
  return event;
}

// The clients' lanes first, then the server's, then handlers; each group as it appears.
function lanesOf(events) {
  const rank = (lane) => (SERVER_SIDE.test(lane) ? (/^server\b/.test(lane) ? 1 : 2) : 0);
  const names = [...new Set(events.map((event) => event.lane))];
  if (!names.some((name) => rank(name) === 1)) names.push("server");
  return names.sort((one, other) => rank(one) - rank(other));
}

// A link is one connection, or one datagram socket, and the handlers that serve it.
function linksOf(events) {
  const links = [];
  const current = new Map();
  for (const event of events.filter((one) => one.client)) {
    if (/^(connect|open)/.test(event.what)) {
      const address = event.note.split(" to ")[0];
      current.set(event.lane, { address, datagram: /^open/.test(event.what), handlers: [] });
      links.push(current.get(event.lane));
    }
    event.link = current.get(event.lane);
  }
  for (const event of events.filter((one) => !one.client)) {
    if (event.what === "handler setup") current.set(event.lane, meet(links, event));
    event.link = current.get(event.lane);
    if (event.what === "handled") current.delete(event.lane);
  }
  return links;
}

// The link that a handler serves: its client's address, else the first that nobody serves yet.
function meet(links, setup) {
  const client = setup.note.replace(/^client=/, "");
  const free = (link) => link.datagram || !link.handlers.length;
  const link =
    links.find((one) => free(one) && client && one.address === client) || links.find(free);
  if (link) link.handlers.push(setup);
  return link;
}

// Which octets a list of events carries, counted from the beginning of the stream.
function spansOf(events) {
  let at = 0;
  return events.map((event) => {
    const start = at;
    at += event.octets.length;
    return { event, start, end: at };
  });
}

// Pairs of a sending and a receiving event that have octets in common: who read the last of what
// was sent, and where what was read came from.
function streamPairs(sent, received) {
  const [from, to] = [spansOf(sent), spansOf(received)];
  const pairs = [];
  for (const one of from) {
    const readers = to.filter((other) => other.start < one.end && one.start < other.end);
    if (readers.length) pairs.push([one.event, readers[readers.length - 1].event]);
  }
  const reached = new Set(pairs.map(([, event]) => event));
  for (const other of to.filter((span) => !reached.has(span.event))) {
    const first = from.find((one) => one.start <= other.start && other.start < one.end);
    if (first) pairs.push([first.event, other.event]);
  }
  return pairs;
}

function pairsOf(link, events) {
  const mine = events.filter((event) => event.link === link);
  const spoken = (client, what) =>
    mine.filter((one) => one.client === client && one.octets && !one.error && what.test(one.what));
  const sent = spoken(true, /^send/);
  markPieces(sent, mine);
  const out = link.datagram
    ? sent.slice(0, link.handlers.length).map((event, n) => [event, link.handlers[n]])
    : streamPairs(sent, spoken(false, /^step (read|recv|receive)/));
  const back = streamPairs(spoken(false, /^step (write|send|reply)/), spoken(true, /^receive/));
  return [...out, ...back];
}

// A stream's octets sent in several calls, with nothing of that client between: pieces of one.
function markPieces(sent, mine) {
  let run = [];
  const close = () => {
    if (run.length > 1) run.forEach((event, n) => (event.piece = [n + 1, run.length]));
    run = [];
  };
  for (const event of mine.filter((one) => one.client)) {
    if (sent.includes(event) && !event.link.datagram) run.push(event);
    else close();
  }
  close();
}

// The events as they must have happened: each lane's own order, octets received after they were
// sent, and otherwise by the clock. An event is logged when it is over, so clocks alone mislead.
function orderOf(events) {
  const queues = new Map();
  for (const event of events) {
    if (!queues.has(event.lane)) queues.set(event.lane, []);
    queues.get(event.lane).push(event);
  }
  const placed = new Set();
  const order = [];
  while (order.length < events.length) {
    const heads = [...queues.values()].filter((queue) => queue.length).map((queue) => queue[0]);
    const ready = heads.filter((event) => event.after.every((other) => placed.has(other)));
    const next = (ready.length ? ready : heads).reduce((one, other) =>
      other.number < one.number ? other : one,
    );
    queues.get(next.lane).shift();
    placed.add(next);
    order.push(next);
  }
  return order;
}

// One row for each event, or for many equal ones that follow each other.
function rowsOf(order) {
  const rows = [];
  for (let n = 0; n < order.length;) {
    let end = n + 1;
    const same = (one) => one.lane === order[n].lane && one.what === order[n].what && !one.error;
    while (end < order.length && same(order[end])) end += 1;
    const run = order.slice(n, end);
    if (run.length >= FOLD_FROM) rows.push({ events: run });
    else rows.push(...run.map((event) => ({ events: [event] })));
    n = end;
  }
  rows.forEach((row, number) => {
    row.number = number;
    for (const event of row.events) event.row = row;
  });
  return rows;
}

function conversationOf(detail) {
  const events = detail.events.map(eventOf);
  const pairs = linksOf(events).flatMap((link) => pairsOf(link, events));
  for (const [from, to] of pairs) {
    to.after.push(from);
    to.told = from.octets.length === (to.octets && to.octets.length);
  }
  const order = orderOf(events);
  const moved = order.some((event, n) => event.number !== n);
  return { lanes: lanesOf(events), rows: rowsOf(order), pairs, moved };
}
