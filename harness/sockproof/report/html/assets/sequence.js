// The sequence picture: a lane for each client, the server's loop and each handler; time goes down.
const SVG = "http://www.w3.org/2000/svg";
const ROW = 27;
const HEAD = 26;
const CLOCK = 46; // where the clock's column ends
const LEFT = 182; // the first lane: the clock and the clients' words stand before it
const RIGHT = 240; // room behind the last lane, for the words of handlers

function draw(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes || {}))
    if (value !== null && value !== undefined) element.setAttribute(name, value);
  element.append(...children.flat().filter(Boolean));
  return element;
}

class Picture {
  constructor(conversation, width) {
    Object.assign(this, conversation);
    const gaps = Math.max(1, this.lanes.length - 1);
    this.pitch = Math.min(230, Math.max(104, (width - LEFT - RIGHT) / gaps));
    this.width = LEFT + gaps * this.pitch + RIGHT;
    this.height = (this.rows.length + 1) * ROW;
    this.spans = new Map(this.lanes.map((lane) => [lane, this.spanOf(lane)]));
    this.into = new Map();
    this.out = new Map();
    for (const [from, to] of this.pairs) {
      if (!this.out.has(from.row)) this.out.set(from.row, new Set());
      this.out.get(from.row).add(to.row);
      this.into.set(to.row, from.row);
    }
  }

  x(lane) {
    return LEFT + this.lanes.indexOf(lane) * this.pitch;
  }

  y(row) {
    return (row.number + 0.7) * ROW;
  }

  spanOf(lane) {
    const rows = this.rows.filter((row) => row.events[0].lane === lane);
    return rows.length ? [rows[0], rows[rows.length - 1]] : null;
  }

  // The lane that a client's signal goes to or comes from: its handler's while that is at work.
  partner(row) {
    const [event] = row.events;
    const loop = this.lanes.find((lane) => /^server\b/.test(lane));
    if (/^connect/.test(event.what)) return loop;
    const handlers = event.link ? event.link.handlers : [];
    const handler = handlers.filter((setup) => setup.row.number < row.number).pop();
    const over = handler && this.spans.get(handler.lane)[1].number < row.number;
    if (event.what === "close" && (over || !event.link)) return null;
    return handler ? handler.lane : loop;
  }

  lifelines() {
    return this.lanes.map((lane) => {
      const [first, last] = this.spans.get(lane) || [this.rows[0], this.rows[this.rows.length - 1]];
      const ends = { y1: this.y(first) - ROW / 2, y2: this.y(last) + ROW / 2 };
      const x = this.x(lane);
      return draw("line", { class: `life ${laneClass(lane)}`, x1: x, x2: x, ...ends });
    });
  }

  // A handler begins: from the loop's lane to its own.
  births() {
    const loop = this.lanes.find((lane) => /^server\b/.test(lane));
    const born = this.lanes.filter((lane) => /^(thread|child)/.test(lane) && this.spans.get(lane));
    return born.map((lane) => {
      const y = this.y(this.spans.get(lane)[0]);
      return draw("line", { class: "birth", x1: this.x(loop), x2: this.x(lane), y1: y, y2: y });
    });
  }

  // While a handler waits at a gate its lane is a bar.
  gates() {
    const bars = [];
    const waiting = new Map();
    for (const row of this.rows.filter((one) => GATE.test(one.events[0].what))) {
      const key = `${row.events[0].lane} ${/name='?([^' ]*)/.exec(row.events[0].note)?.[1]}`;
      if (/passed=True/.test(row.events[0].note)) {
        if (waiting.has(key)) bars.push([waiting.get(key), this.y(row), row]);
        waiting.delete(key);
      } else waiting.set(key, row);
    }
    for (const row of waiting.values()) bars.push([row, this.height - ROW / 2, row]);
    return bars.map(([from, end]) => {
      const x = this.x(from.events[0].lane) - 4;
      const y = this.y(from);
      return draw("rect", { class: "gate-wait", x, y, width: 8, height: end - y });
    });
  }

  arrow(from, to, style) {
    const [x1, y1, x2, y2] = [...from, ...to];
    const length = Math.hypot(x2 - x1, y2 - y1) || 1;
    const [ux, uy] = [(x2 - x1) / length, (y2 - y1) / length];
    const tip = (side) =>
      `${(x2 - 8 * ux - side * 4 * uy).toFixed(1)} ${(y2 - 8 * uy + side * 4 * ux).toFixed(1)}`;
    return [
      draw("line", { class: `arrow ${style}`, x1, y1, x2, y2 }),
      draw("path", { class: `tip ${style}`, d: `M${x2} ${y2} L${tip(1)} L${tip(-1)} Z` }),
    ];
  }

  label(row, x, anchor, width, leaving) {
    const y = this.y(row) + (leaving ? -5 : 4);
    const unread = leaving && leaving.unread;
    const style = row.events[0].fault ? "said fault" : "said";
    return draw(
      "text",
      { class: style, x, y, "text-anchor": anchor },
      shortened(
        wordsOf(row) + (unread ? ", not read" : ""),
        width / (row.events[0].fault ? 1.1 : 1),
      ),
    );
  }

  // What goes out from a row: its octets to where they were read, or a signal to its partner.
  leaving(row) {
    const [event] = row.events;
    const here = [this.x(event.lane), this.y(row)];
    const style = `${laneClass(event.lane)}${event.fault ? " fault" : ""}`;
    const reached = [...(this.out.get(row) || [])];
    if (reached.length) {
      const ends = reached.map((other) => [this.x(other.events[0].lane), this.y(other)]);
      const room = Math.min(...ends.map(([x]) => Math.abs(x - here[0])));
      return { parts: ends.flatMap((end) => this.arrow(here, end, style)), to: ends[0], room };
    }
    const way = this.into.has(row) ? "" : signalOf(event);
    const partner = way && this.partner(row);
    if (!partner) return null;
    const there = [this.x(partner), here[1]];
    const weak = /^(send|reset|vanish|abort)/.test(event.what) ? "" : " signal";
    const unread = /^send/.test(event.what) && !event.error ? " unread" : "";
    const parts =
      way === "out"
        ? this.arrow(here, there, style + weak + unread)
        : this.arrow(there, here, style + weak);
    return { parts, to: there, room: Math.abs(there[0] - here[0]), unread };
  }

  event(row) {
    const [event] = row.events;
    const x = this.x(event.lane);
    const y = this.y(row);
    const leaving = this.leaving(row);
    const side = leaving ? Math.sign(leaving.to[0] - x) || 1 : event.client ? -1 : 1;
    const anchor = side > 0 ? "start" : "end";
    const room = side > 0 ? this.width - x - 14 : x - CLOCK - 18;
    const width = leaving ? Math.max(leaving.room - 22, Math.min(room, 2 * this.pitch)) : room;
    const dot = event.fault
      ? draw("path", { class: "cross", d: `M${x - 4} ${y - 4} l8 8 m0 -8 l-8 8` })
      : draw("circle", { class: `dot ${laneClass(event.lane)}`, cx: x, cy: y, r: 3.5 });
    return draw(
      "g",
      {
        class: "event",
        "data-e": row.events.map((one) => one.number).join(" "),
        tabindex: row.number ? -1 : 0,
        role: "img",
        "aria-label": sayingOf(row),
      },
      draw("title", null, sayingOf(row)),
      draw("rect", { class: "reach", x: 0, y: y - ROW / 2, width: this.width, height: ROW }),
      draw("text", { class: "clock", x: CLOCK, y: y + 4 }, (event.t * 1000).toFixed(1)),
      leaving ? leaving.parts : [],
      dot,
      this.label(row, x + side * 9, anchor, width, leaving),
    );
  }

  heads() {
    const names = this.lanes.map((lane) =>
      draw(
        "text",
        { class: `lane-name ${laneClass(lane)}`, x: this.x(lane), y: 17, "text-anchor": "middle" },
        shortened(lane, this.pitch - 8),
      ),
    );
    const clock = draw("text", { class: "clock", x: CLOCK, y: 17 }, "ms");
    return draw(
      "svg",
      {
        class: "sequence-heads",
        width: this.width,
        height: HEAD,
        viewBox: `0 0 ${this.width} ${HEAD}`,
        "aria-hidden": "true",
      },
      clock,
      names,
    );
  }

  body() {
    return draw(
      "svg",
      {
        class: "sequence",
        width: this.width,
        height: this.height,
        viewBox: `0 0 ${this.width} ${this.height}`,
        role: "group",
        "aria-label": `sequence of ${this.rows.length} events in ${this.lanes.length} lanes; the transcript below tells the same`,
      },
      this.lifelines(),
      this.births(),
      this.gates(),
      this.rows.map((row) => this.event(row)),
    );
  }
}

function sequenceOf(detail) {
  if (!detail.events.length) return [];
  const picture = new Picture(conversationOf(detail), (drawer.clientWidth || 900) - 42);
  return [
    build("h4", null, "Sequence"),
    build("div", { class: "sequence-frame" }, picture.heads(), picture.body()),
    picture.moved
      ? build(
          "p",
          { class: "more" },
          "An event is logged when it is over: octets are drawn as received after they were sent, whatever the clocks say.",
        )
      : "",
  ];
}
