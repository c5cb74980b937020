// One tensor: beside the table, or over it where there is no room.
const linkTo = (name) => `#tensor=${encodeURIComponent(name)}`;

const listFacts = (facts) => {
  const list = make("dl");
  for (const [label, value] of facts) {
    if (value !== null && value !== undefined && value !== "") {
      list.append(make("dt", {}, label), make("dd", {}, value));
    }
  }
  return list;
};

class Detail {
  // tell(index) gives what stands below the name.
  constructor(element, rows, tell, inScope) {
    Object.assign(this, { element, rows, tell, inScope });
    this.index = null;
    element.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.leave();
    });
  }

  leave() {
    history.replaceState(null, "", "#");
    this.close();
  }

  show(index) {
    const now = document.activeElement;
    if (!this.element.contains(now)) this.before = now;
    this.index = index;
    const name = this.rows.called[index];
    const close = make("button", { type: "button", class: "close" }, "✕");
    close.setAttribute("aria-label", "Close");
    close.addEventListener("click", () => this.leave());
    const heading = make("h2", { id: "detail-name", tabindex: "-1" }, name);
    this.element.replaceChildren(
      make("div", { class: "top" }, heading, close),
      this.scopesOf(name), ...this.tell(index));
    this.element.hidden = false;
    // Where it covers everything, nothing below it is reached.
    this.cover(matchMedia("(max-width: 760px)").matches);
    this.element.scrollTop = 0;
    heading.focus({ preventScroll: true });
  }

  cover(isCovered) {
    for (const element of document.querySelectorAll("header, main")) {
      element.inert = isCovered;
    }
  }

  // Links to the scopes that a tensor lies in.
  scopesOf(name) {
    const scopes = make("p", { class: "scopes" });
    const end = name.indexOf("/.ATTRIBUTES/");
    const stem = end < 0 ? name : name.slice(0, end);
    let at = stem.indexOf("/");
    let begin = 0;
    while (at >= 0) {
      const path = name.slice(0, at + 1);
      const button = make("button", { type: "button" }, name.slice(begin, at + 1));
      button.setAttribute("aria-label", `List ${path} in the table`);
      button.addEventListener("click", () => this.inScope(path));
      scopes.append(button);
      begin = at + 1;
      at = stem.indexOf("/", begin);
    }
    if (scopes.children.length) scopes.prepend("in ");
    return scopes;
  }

  close() {
    if (this.element.hidden) return;
    this.element.hidden = true;
    this.cover(false);
    this.element.replaceChildren();
    this.index = null;
    const before = this.before;
    this.before = null;
    before?.focus?.({ preventScroll: true });
  }
}

// A chart that a box switches from counts to their logarithms.
const makeCharts = (drawn) => {
  const figure = make("div", { class: "charts" });
  const fill = (isLog) => {
    figure.replaceChildren(...drawn(isLog).filter(Boolean));
    return figure.children.length > 0;
  };
  if (!fill(false)) return [];
  const box = make("input", { type: "checkbox" });
  box.addEventListener("change", () => fill(box.checked));
  return [make("h3", {}, "How its values are spread"), figure,
    make("label", { class: "log" }, box, " heights as logarithms")];
};

// Counts are made when somebody looks at them.
const foldCounts = (label, packed, low, high, finite) => {
  if (!packed || !isRange(low, high)) return null;
  const fold = make("details", { class: "counts" }, make("summary", {}, label));
  fold.addEventListener("toggle", () => {
    if (fold.open && fold.children.length === 1) {
      fold.append(spreadTable(packed, low, high, finite));
    }
  });
  return fold;
};
