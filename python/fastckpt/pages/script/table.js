// A table of any length: only the rows that are in sight are there.
const HIGHEST = 12e6; // pixels, which every browser still lays out
const BEYOND = 8; // rows above and below what is in sight

// A name whose last part is never cut before its scope is, and that before what
// TensorFlow 2 puts after every variable's name.
const showName = (name) => {
  const at = name.indexOf("/.ATTRIBUTES/");
  const end = at < 0 ? name.length : at;
  const cut = end > 0 ? name.lastIndexOf("/", end - 1) + 1 : 0;
  const parts = [["scope", 0, cut], ["leaf", cut, end], ["tail", end, name.length]];
  return parts.filter(([, from, to]) => to > from).map(([kind, from, to]) =>
    // In a span of its own, for the outer one of a scope is cut at its beginning.
    make("span", { class: kind }, make("span", {}, name.slice(from, to))));
};

class Table {
  // columns: [{key, label, type, value(index), cell(index, element)}]
  constructor(host, rows, columns, what) {
    this.rows = rows;
    this.columns = columns;
    this.what = what;
    this.order = Array.from({ length: rows.count }, (_, i) => i);
    this.shown = this.order;
    this.sorting = { key: "name", isDown: false };
    this.words = [];
    this.scope = "";
    this.keeps = () => true;
    this.nodes = new Map();
    this.current = 0; // the row that has the keyboard
    this.build(host);
    new ResizeObserver(() => this.layOut()).observe(this.scroller);
    this.scroller.addEventListener("scroll", () => this.render(), { passive: true });
    this.body.addEventListener("keydown", (event) => this.onKey(event));
    this.body.addEventListener("click", (event) => this.onClick(event));
    this.body.addEventListener("focusin", (event) => this.onFocus(event));
  }

  build(host) {
    this.search = make("input", {
      type: "search",
      id: "search",
      placeholder: "Search names, * for anything",
      autocomplete: "off",
      spellcheck: "false",
      "aria-label": `Search ${this.what} by name`,
    });
    this.search.addEventListener("input", () => this.onSearch());
    this.choice = make("select", { id: "sort", "aria-label": "Sort by" });
    for (const { key, label } of this.columns) {
      this.choice.append(
        make("option", { value: `${key} up` }, `${label} ↑`),
        make("option", { value: `${key} down` }, `${label} ↓`),
      );
    }
    this.choice.addEventListener("change", () => {
      const [key, way] = this.choice.value.split(" ");
      this.sort(key, way === "down");
    });
    this.output = make("output", { id: "count", for: "search" });
    this.chip = make("button", { id: "scope", type: "button", hidden: "" });
    this.chip.addEventListener("click", () => this.setScope(""));
    this.extra = make("span", { class: "extra" });
    this.bar = make("div", { class: "bar" },
      this.search, this.extra, this.choice, this.chip, this.output);
    this.head = make("div", { role: "row", class: "row head", "aria-rowindex": "1" });
    this.heads = new Map();
    for (const { key, label, type } of this.columns) {
      const button = make("button", { type: "button" }, label);
      const cell = make("div",
        { role: "columnheader", class: `cell ${type}`, "data-key": key }, button);
      button.addEventListener("click", () => {
        const isSame = this.sorting.key === key;
        this.sort(key, isSame ? !this.sorting.isDown : isNumeric(type));
      });
      this.heads.set(key, cell);
      this.head.append(cell);
    }
    this.body = make("div", { role: "rowgroup", class: "rows" });
    this.empty = make("p", { class: "empty", hidden: "" }, "Nothing fits.");
    this.scroller = make("div",
      { role: "table", class: "table", id: "table", "aria-label": this.what },
      make("div", { role: "rowgroup", class: "heads" }, this.head), this.body, this.empty);
    host.append(this.bar, this.scroller);
  }

  // What is shown.

  onSearch() {
    const escape = (text) => text.replace(/[.+^${}()|[\]\\]/g, "\\$&");
    this.words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean)
      .map((word) => {
        if (!/[*?]/.test(word)) return (name) => name.includes(word);
        const text = escape(word).replace(/\*+/g, ".*").replace(/\?/g, ".");
        const pattern = new RegExp(text, "u");
        return (name) => pattern.test(name);
      });
    this.filter();
  }

  setScope(scope) {
    const hadFocus = document.activeElement === this.chip;
    this.scope = scope;
    this.chip.hidden = !scope;
    this.chip.replaceChildren(make("span", { class: "scope" }, scope), " ✕");
    this.chip.setAttribute("aria-label", `only in ${scope}: show all again`);
    if (hadFocus) this.search.focus();
    this.filter();
  }

  setKeeps(keeps) {
    this.keeps = keeps;
    this.filter();
  }

  filter() {
    const { folded, called } = this.rows;
    const { words, scope, keeps } = this;
    this.shown = this.order.filter((index) =>
      (!scope || called[index].startsWith(scope)) &&
      words.every((fits) => fits(folded[index])) && keeps(index));
    this.refresh();
  }

  sort(key, isDown) {
    this.sorting = { key, isDown };
    const { type, value } = this.columns.find((column) => column.key === key);
    const all = Array.from({ length: this.rows.count }, (_, i) => i);
    const sign = isDown ? -1 : 1;
    if (key === "name") {
      this.order = isDown ? all.reverse() : all; // they arrive in order
    } else if (isNumeric(type)) {
      const keys = Float64Array.from(all, (index) => toNumber(value(index)));
      // What has no number is last, whichever way.
      this.order = all.sort((a, b) => {
        const [one, two] = [keys[a], keys[b]];
        if (one === two || (one !== one && two !== two)) return a - b;
        if (one !== one || two !== two) return one !== one ? 1 : -1;
        return one < two ? -sign : sign;
      });
    } else {
      const keys = all.map((index) => value(index) ?? "");
      this.order = all.sort((a, b) =>
        keys[a] === keys[b] ? a - b : keys[a] < keys[b] ? -sign : sign);
    }
    this.scroller.scrollTop = 0;
    this.filter();
  }

  refresh() {
    for (const [key, cell] of this.heads) {
      const isSorted = key === this.sorting.key;
      if (isSorted) {
        cell.setAttribute("aria-sort", this.sorting.isDown ? "descending" : "ascending");
      } else cell.removeAttribute("aria-sort");
    }
    this.choice.value = `${this.sorting.key} ${this.sorting.isDown ? "down" : "up"}`;
    this.scroller.dataset.sorted = this.sorting.key;
    const [some, all] = [this.shown.length, this.rows.count];
    const counted = some === all ? "" : `${grouped.format(some)} of `;
    this.output.textContent = counted + showCount(all, "tensor");
    this.scroller.setAttribute("aria-rowcount", some + 1);
    this.empty.hidden = some > 0;
    this.current = 0;
    for (const node of this.nodes.values()) node.remove();
    this.nodes.clear();
    this.layOut();
  }

  // Where rows are.

  layOut() {
    const style = getComputedStyle(this.scroller);
    this.rowHeight = parseFloat(style.getPropertyValue("--row"));
    const all = this.shown.length * this.rowHeight;
    this.height = Math.min(all, HIGHEST);
    this.body.style.height = `${this.height}px`;
    this.sight = Math.max(this.scroller.clientHeight - this.head.offsetHeight, 0);
    this.render();
  }

  // The row, maybe in part, at the upper edge of what is in sight.
  first() {
    const all = this.shown.length * this.rowHeight;
    const most = Math.max(this.height - this.sight, 1);
    const at = Math.min(this.scroller.scrollTop / most, 1);
    return (at * Math.max(all - this.sight, 0)) / this.rowHeight;
  }

  render() {
    if (!this.rowHeight) return;
    const first = this.first();
    const begin = Math.max(Math.floor(first) - BEYOND, 0);
    const end = Math.min(
      Math.ceil(first + this.sight / this.rowHeight) + BEYOND, this.shown.length);
    for (const [place, node] of this.nodes) {
      const isNear = place >= begin && place < end;
      if (!isNear && !node.contains(document.activeElement)) {
        node.remove();
        this.nodes.delete(place);
      }
    }
    const shift = this.scroller.scrollTop - first * this.rowHeight;
    let before = null;
    for (let place = begin; place < end; place += 1) {
      let node = this.nodes.get(place);
      if (!node) {
        node = this.makeRow(place);
        this.nodes.set(place, node);
        if (before) before.after(node);
        else this.body.prepend(node);
      }
      before = node;
    }
    // The keyboard's row is one that is there.
    if (!this.nodes.has(this.current) && this.shown.length) {
      this.setCurrent(Math.min(Math.ceil(first), this.shown.length - 1));
    }
    for (const [place, node] of this.nodes) {
      node.style.transform = `translateY(${place * this.rowHeight + shift}px)`;
    }
  }

  makeRow(place) {
    const index = this.shown[place];
    const row = make("div", { role: "row", class: "row", "aria-rowindex": place + 2 });
    row.dataset.place = place;
    for (const { key, label, type, cell } of this.columns) {
      const sorted = key === this.sorting.key ? " sorted" : "";
      const box = make("div", {
        role: "cell", class: `cell ${type}${sorted}`, "data-key": key, "data-label": label,
      });
      cell(index, box);
      row.append(box);
    }
    const link = row.querySelector("a");
    link.tabIndex = place === this.current ? 0 : -1;
    return row;
  }

  // The keyboard: one stop for all rows, arrows within.

  onFocus(event) {
    const row = event.target.closest(".row");
    if (row) this.setCurrent(Number(row.dataset.place));
  }

  // All of a row is its link, but for those who mark text to copy it.
  onClick(event) {
    if (event.target.closest("a") || !getSelection().isCollapsed) return;
    event.target.closest(".row")?.querySelector("a").click();
  }

  setCurrent(place) {
    const mark = (at, number) => {
      const link = this.nodes.get(at)?.querySelector("a");
      if (link) link.tabIndex = number;
    };
    mark(this.current, -1);
    this.current = place;
    mark(place, 0);
  }

  onKey(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const page = Math.max(Math.floor(this.sight / this.rowHeight) - 1, 1);
    const last = this.shown.length - 1;
    const to = {
      ArrowDown: this.current + 1,
      ArrowUp: this.current - 1,
      PageDown: this.current + page,
      PageUp: this.current - page,
      Home: 0,
      End: last,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.goTo(Math.min(Math.max(to, 0), last), true);
  }

  // Brings a row into sight.
  goTo(place, hasFocus) {
    const rows = this.sight / this.rowHeight;
    const first = this.first();
    let wanted = first;
    if (place < first) wanted = place;
    else if (place + 1 > first + rows) wanted = place + 1 - rows;
    const most = Math.max(this.shown.length - rows, 0.001);
    if (wanted !== first) {
      const reach = Math.max(this.height - this.sight, 0);
      this.scroller.scrollTop = (wanted / most) * reach;
    }
    this.render();
    this.setCurrent(place);
    if (hasFocus) this.nodes.get(place)?.querySelector("a").focus({ preventScroll: true });
  }
}
