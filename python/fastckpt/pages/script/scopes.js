// Scopes as a tree, with what lies in each; a branch is made when it is opened.
const MOST_BRANCHES = 500; // lines that are added at a time
const MOST_OPEN = 20; // scopes in one another that are opened at first

class Scope {
  constructor(label, path) {
    this.label = label;
    this.path = path; // what the names of its tensors begin with
    this.scopes = new Map();
    this.tensors = []; // [label, row]
    this.count = 0;
    this.weight = 0;
  }
}

// Where a name's parts end: at slashes, or at dots where no name has a slash. What
// TensorFlow 2 puts after a variable's name is none of its scopes.
const growScopes = (rows, weigh) => {
  const sign = rows.called.some((name) => name.includes("/")) ? "/" : ".";
  const root = new Scope("", "");
  rows.called.forEach((name, index) => {
    const weight = weigh(index);
    if (weight === null) return;
    const end = name.indexOf("/.ATTRIBUTES/");
    const stem = end < 0 ? name : name.slice(0, end);
    const parts = stem.split(sign);
    const label = parts.pop() + name.slice(stem.length);
    let scope = root;
    const visit = () => {
      scope.count += 1;
      scope.weight += weight;
    };
    visit();
    for (const part of parts) {
      let next = scope.scopes.get(part);
      if (!next) {
        next = new Scope(part, scope.path + part + sign);
        scope.scopes.set(part, next);
      }
      scope = next;
      visit();
    }
    scope.tensors.push([label, index]);
  });
  return root;
};

// A scope that holds one other and nothing else is one line with it.
const joinScopes = (scope) => {
  const labels = [];
  for (let inner = scope; ; [inner] = inner.scopes.values()) {
    labels.push(inner.label || "(no name)");
    if (inner.tensors.length || inner.scopes.size !== 1) {
      return { inner, label: labels.join("/"), weight: inner.weight };
    }
  }
};

class Scopes {
  // say(weight) gives the text, open(index) shows a tensor, list(path) a scope's.
  constructor(host, rows, { weigh, say, open, list, what }) {
    Object.assign(this, { host, rows, weigh, say, open, list, what });
    this.isBySize = true;
  }

  // Made when it is looked at first.
  show() {
    if (this.root) return;
    this.root = growScopes(this.rows, this.weigh);
    this.choice = make("select", { id: "scope-sort", "aria-label": "Sort scopes by" },
      make("option", { value: "size" }, `${this.what} ↓`),
      make("option", { value: "name" }, "Name ↑"));
    this.choice.addEventListener("change", () => {
      this.isBySize = this.choice.value === "size";
      this.fill();
    });
    const total = `${showCount(this.root.count, "tensor")}, ${this.say(this.root.weight)}`;
    this.tree = make("div", { class: "tree" });
    this.host.append(make("div", { class: "bar" }, this.choice,
      make("output", {}, total)), this.tree);
    this.fill();
  }

  fill() {
    this.tree.replaceChildren();
    this.addBranches(this.tree, this.root, 0);
    // Where nearly all is in one scope, what is in it is what matters.
    let box = this.tree;
    for (let depth = 0; depth < MOST_OPEN; depth += 1) {
      const main = Array.from(box.children).find((line) =>
        line.scope && line.scope.weight >= this.root.weight * 0.9);
      if (!main) break;
      main.open = true;
      this.expand(main);
      box = main.querySelector(".branch");
    }
  }

  linesOf(scope) {
    const lines = [
      ...Array.from(scope.scopes.values(), joinScopes),
      ...scope.tensors.map(([label, index]) =>
        ({ label, weight: this.weigh(index), index })),
    ];
    return this.isBySize ? lines.sort((a, b) => b.weight - a.weight) : lines;
  }

  addBranches(box, scope, begin, lines = this.linesOf(scope)) {
    for (const line of lines.slice(begin, begin + MOST_BRANCHES)) {
      box.append(line.inner ? this.makeScope(line) : this.makeTensor(line));
    }
    const left = lines.length - begin - MOST_BRANCHES;
    if (left <= 0) return;
    const more = make("button", { type: "button", class: "more" },
      `${grouped.format(left)} more`);
    more.addEventListener("click", () => {
      const before = box.lastElementChild.previousElementSibling;
      more.remove();
      this.addBranches(box, scope, begin + MOST_BRANCHES, lines);
      before.nextElementSibling?.querySelector("summary, a")?.focus();
    });
    box.append(more);
  }

  makeLine(label, weight, count) {
    const share = this.root.weight ? weight / this.root.weight : 0;
    const meter = draw("svg", { class: "meter", viewBox: "0 0 100 4",
      preserveAspectRatio: "none", "aria-hidden": "true" });
    meter.append(draw("rect", { width: "100", height: "4", class: "whole" }));
    meter.append(draw("rect", { width: (share * 100).toFixed(2), height: "4" }));
    return [
      label,
      make("span", { class: "counted" }, count === null ? "" : showCount(count, "tensor")),
      make("span", { class: "weight" }, this.say(weight)),
      meter,
    ];
  }

  makeScope({ inner: scope, label: text, weight }) {
    const label = make("span", { class: "label" }, text, "/");
    const summary = make("summary", {}, ...this.makeLine(label, weight, scope.count));
    const box = make("details", {}, summary, make("div", { class: "branch" }));
    box.scope = scope;
    box.addEventListener("toggle", () => this.expand(box));
    return box;
  }

  expand(box) {
    const branch = box.querySelector(".branch");
    if (!box.open || branch.children.length) return;
    const { scope } = box;
    const list = make("button", { type: "button", class: "list" },
      `List these in the table`);
    list.setAttribute("aria-label", `List ${scope.path} in the table`);
    list.addEventListener("click", () => this.list(scope.path));
    this.addBranches(branch, scope, 0);
    if (scope.count > 1) box.insertBefore(list, branch);
  }

  makeTensor({ label, weight, index }) {
    const link = make("a", { href: linkTo(this.rows.names[index]), class: "label" },
      label || "(no name)");
    return make("div", { class: "tensor" }, ...this.makeLine(link, weight, null));
  }
}
