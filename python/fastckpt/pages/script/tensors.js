// The tensors of a checkpoint: the page of `show`, and what both pages share.
const text = (value) => (index, box) => {
  box.textContent = value(index);
};

const nameColumn = (rows) => ({
  key: "name",
  label: "Name",
  type: "name",
  value: (index) => index,
  cell: (index, box) => {
    const name = rows.names[index];
    const path = rows.paths[index];
    const title = path ? `${path}\nkey: ${name}` : name;
    box.append(make("a", { href: linkTo(name), title }, ...showName(rows.called[index])));
  },
});

// Rows have room for five digits; the others are in the detail.
const numberColumn = (rows, key, label, show = (value) => showNumber(value, 5)) => ({
  key,
  label,
  type: "number",
  value: (index) => rows.get(index, key),
  cell: (index, box) => {
    const shown = show(rows.get(index, key));
    box.textContent = shown;
    const all = show === showSize ? shown : showNumber(rows.get(index, key));
    if (shown.length > 9 || all !== shown) box.title = all; // maybe cut
  },
});

const checkpointPage = (rows) => {
  const ends = (index) =>
    ["min", "max"].map((end) => toNumber(rows.get(index, end)));
  const finiteOf = (index) =>
    countValues(rows.shape(index)) - rows.get(index, "nan") - rows.get(index, "inf");
  const columns = [
    nameColumn(rows),
    {
      key: "spread",
      label: "Spread",
      type: "number chart",
      value: (index) => {
        const [low, high] = ends(index);
        return high - low;
      },
      cell: (index, box) => {
        const bars = unpackSpread(rows.get(index, "spread"));
        box.append(drawSmall(bars, ...ends(index), "one"));
        const note = rows.get(index, "note");
        if (note) box.title = note;
        box.classList.toggle("noted", Boolean(note) && !bars);
      },
    },
    {
      key: "dtype",
      label: "Dtype",
      type: "text",
      value: (index) => rows.dtype(index),
      cell: text((index) => rows.dtype(index)),
    },
    {
      key: "shape",
      label: "Shape",
      type: "number",
      value: (index) => countValues(rows.shape(index)),
      cell: text((index) => showShape(rows.shape(index))),
    },
    numberColumn(rows, "size", "Size", showSize),
    ...["min", "max", "mean", "std", "zeros"].map((key) =>
      numberColumn(rows, key, key[0].toUpperCase() + key.slice(1))),
    numberColumn(rows, "nan", "NaN"),
    numberColumn(rows, "inf", "Inf"),
    numberColumn(rows, "shard", "Shard"),
    numberColumn(rows, "offset", "Offset"),
  ];
  const tell = (index) => {
    const [low, high] = ends(index);
    const packed = rows.get(index, "spread");
    const known = rows.get(index, "zeros") !== null;
    const finite = known ? finiteOf(index) : 0;
    const number = (key) => (known ? showNumber(rows.get(index, key)) : null);
    const isComplex = rows.dtype(index).startsWith("complex");
    const place = rows.get(index, "shard");
    const size = rows.get(index, "size");
    const exact = size !== null && toNumber(size) >= 1024
      ? ` (${showNumber(size)} bytes)` : "";
    const facts = listFacts([
      ["key", rows.paths[index] && rows.names[index]],
      ["dtype", rows.dtype(index)],
      ["shape", showShape(rows.shape(index))],
      ["values", grouped.format(countValues(rows.shape(index)))],
      ["size", showSize(size) + exact],
      ["stored in", place === null ? null
        : `shard ${place}, at byte ${showNumber(rows.get(index, "offset"))}`],
      // Of complex numbers these two are magnitudes.
      [isComplex ? "smallest" : "min", number("min")],
      [isComplex ? "largest" : "max", number("max")],
      ...["mean", "std", "zeros"].map((key) => [key, number(key)]),
      ["NaN", number("nan")],
      ["Inf", number("inf")],
    ]);
    const charts = makeCharts((isLog) => [
      drawLarge(unpackSpread(packed), low, high, { finite, label: "values", kind: "one", isLog })]);
    const note = rows.get(index, "note");
    return [
      ...(note ? [make("p", { class: "note" }, note)] : []),
      facts,
      ...charts,
      foldCounts("Counts", packed, low, high, finite) ?? "",
    ];
  };
  // What is wrong is seen at once, and found among very many.
  const prepare = (table) => {
    const all = Array.from({ length: rows.count }, (_, index) => index);
    const isUnread = (index) => rows.get(index, "unread") === true;
    const isStrange = (index) => rows.get(index, "nan") > 0 || rows.get(index, "inf") > 0;
    const kinds = [["cannot be read", isUnread], ["not finite", isStrange]]
      .map(([label, fits]) => ({ label, fits, count: all.filter(fits).length }))
      .filter(({ count }) => count > 0);
    if (!kinds.length) return;
    const told = kinds.map(({ label, count }) => `${grouped.format(count)} ${label}`);
    const choice = make("select", { id: "kinds", "aria-label": "What to list" },
      make("option", { value: "" }, `all, of which ${told.join(", ")}`),
      ...kinds.map(({ label, count }) =>
        make("option", { value: label }, `${label} (${grouped.format(count)})`)));
    choice.addEventListener("change", () => {
      const kind = kinds.find(({ label }) => label === choice.value);
      table.setKeeps(kind ? kind.fits : () => true);
    });
    table.extra.append(choice);
  };
  return {
    columns,
    tell,
    prepare,
    what: "Tensors",
    weigh: (index) => toNumber(rows.get(index, "size") ?? 0),
    say: showSize,
    weighed: "Size",
  };
};
