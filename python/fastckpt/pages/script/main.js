// From data to a page: views, the address, keys.
const start = () => {
  const rows = readRows();
  const find = (id) => document.getElementById(id);
  const page = rows.about.kind === "diff" ? diffPage(rows) : checkpointPage(rows);
  const table = new Table(find("view-table"), rows, page.columns, page.what);
  page.prepare?.(table);

  const names = ["table", "scopes", "about"];
  const view = (wanted) => {
    for (const name of names) {
      const isWanted = name === wanted;
      find(`view-${name}`).hidden = !isWanted;
      const tab = find(`tab-${name}`);
      tab.setAttribute("aria-selected", isWanted);
      tab.tabIndex = isWanted ? 0 : -1;
    }
    if (wanted === "scopes") scopes.show();
  };
  const inScope = (path) => {
    detail.before = table.search;
    detail.leave();
    view("table");
    table.setScope(path);
    table.search.focus();
  };
  const scopes = new Scopes(find("view-scopes"), rows, {
    weigh: page.weigh, say: page.say, what: page.weighed, list: inScope,
  });
  const detail = new Detail(find("detail"), rows, page.tell, inScope);

  names.forEach((name, number) => {
    const tab = find(`tab-${name}`);
    tab.addEventListener("click", () => view(name));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = names[(number + step + names.length) % names.length];
      view(next);
      find(`tab-${next}`).focus();
    });
  });

  // The address says which tensor is looked at, so that a link can.
  const byName = new Map(rows.names.map((name, index) => [name, index]));
  const byPath = new Map(rows.paths.map((path, index) => [path, index]));
  byPath.delete("");
  const follow = () => {
    let name = null;
    try {
      if (location.hash.startsWith("#tensor=")) {
        name = decodeURIComponent(location.hash.slice(8));
      }
    } catch {
      name = null; // no address of ours
    }
    const index = name === null ? undefined : byName.get(name) ?? byPath.get(name);
    if (index === undefined) detail.close();
    else detail.show(index);
  };
  window.addEventListener("hashchange", follow);
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest?.("input, select");
    if (event.key === "/" && !isTyping && !find("view-table").hidden) {
      event.preventDefault();
      table.search.focus();
    }
  });
  table.sort(page.sortedBy ?? "name", Boolean(page.sortedBy));
  follow();
  document.documentElement.dataset.ready = rows.count;
};

start();
