// How two checkpoints differ: the page of `diff`.
const KIND_WORDS = {
  values: "other values",
  shape: "another shape",
  dtype: "another dtype",
  dropped: "only in A",
  added: "only in B",
  same: "the same",
};

const diffPage = (rows) => {
  const { kinds, types } = rows.about;
  const kindOf = (index) => kinds[rows.get(index, "kind")];
  const typeOf = (index, side) => {
    const number = rows.get(index, side);
    return number === null ? null : types[number];
  };
  const ends = (index, side) =>
    ["min", "max"].map((end) => toNumber(rows.get(index, `${side}_${end}`)));
  // One range for both, so that what moved is seen to.
  const rangeOf = (index) => {
    const all = ["a", "b"].flatMap((side) => ends(index, side)).filter(Number.isFinite);
    return all.length ? [Math.min(...all), Math.max(...all)] : null;
  };
  // Of values that are all the same one bar, beside the other's.
  const barsOf = (index, name) => {
    const [low, high] = ends(index, name);
    const isOne = Number.isFinite(low) && low === high;
    return unpackSpread(rows.get(index, `${name}_spread`)) ??
      (isOne ? [finiteOf(index, name)] : null);
  };
  const showType = (index) => {
    const [old, now] = [typeOf(index, "old"), typeOf(index, "new")];
    return old === now || old === null || now === null ? old ?? now : `${old} → ${now}`;
  };
  const side = (name, label) => ({
    key: name,
    label,
    type: "number chart",
    value: (index) => toNumber(rows.get(index, `${name}_max`)) -
      toNumber(rows.get(index, `${name}_min`)),
    cell: (index, box) => {
      box.append(drawSmall(barsOf(index, name), ...ends(index, name), name, rangeOf(index)));
    },
  });
  const countOf = (type) => {
    const shape = /\((.*)\)$/.exec(type ?? "")?.[1] ?? "";
    return countValues(shape.split(",").filter((part) => part.trim()).map(Number));
  };
  const sizeOf = (index) => countOf(typeOf(index, "new") ?? typeOf(index, "old"));
  const finiteOf = (index, name) =>
    countOf(typeOf(index, name === "a" ? "old" : "new")) -
    rows.get(index, `${name}_nan`) - rows.get(index, `${name}_inf`);
  const notFinite = (index) => rows.get(index, "not_finite") > 0;
  const share = (index) => {
    const [count, size] = [rows.get(index, "count"), sizeOf(index)];
    return count === null || !size ? null : toNumber(count) / size;
  };
  const showShare = (index) => {
    const value = share(index);
    return value === null ? "–"
      : value === 1 ? "all" : `${Number((value * 100).toPrecision(3))} %`;
  };
  const columns = [
    nameColumn(rows),
    {
      key: "kind",
      label: "What differs",
      type: "text",
      value: kindOf,
      cell: (index, box) => {
        box.append(make("span", { class: `kind ${kindOf(index)}` },
          KIND_WORDS[kindOf(index)]));
      },
    },
    side("a", "A"),
    side("b", "B"),
    {
      key: "relative_norm",
      label: "Relative norm",
      type: "number",
      // What is no number any more has changed most.
      value: (index) => (notFinite(index) ? Infinity
        : Math.min(toNumber(rows.get(index, "relative_norm")), Number.MAX_VALUE)),
      cell: (index, box) => {
        const norm = showNumber(rows.get(index, "relative_norm"), 5);
        box.textContent = notFinite(index) ? "not finite" : norm;
        if (notFinite(index) && norm !== "–") box.title = `${norm} of those that are finite`;
      },
    },
    {
      key: "count",
      label: "Values that differ",
      type: "number",
      value: (index) => rows.get(index, "count"),
      cell: text((index) => showNumber(rows.get(index, "count"))),
    },
    {
      key: "share",
      label: "of all",
      type: "number",
      value: share,
      cell: text(showShare),
    },
    numberColumn(rows, "largest", "Largest |b−a|"),
    numberColumn(rows, "largest_relative", "Largest |b−a|/|a|"),
    {
      key: "type",
      label: "Dtype and shape",
      type: "text",
      value: showType,
      cell: (index, box) => {
        box.textContent = showType(index);
        box.title = showType(index);
      },
    },
  ];

  const tell = (index) => {
    const number = (key) => {
      const value = rows.get(index, key);
      return value === null ? null : showNumber(value);
    };
    const facts = listFacts([
      ["key", rows.paths[index] && rows.names[index]],
      ["what differs", KIND_WORDS[kindOf(index)]],
      ["A", typeOf(index, "old")],
      ["B", typeOf(index, "new")],
      ["relative norm", number("relative_norm")],
      ["values that differ", rows.get(index, "count") === null ? null
        : `${number("count")} of ${grouped.format(sizeOf(index))}`],
      ["NaN or infinite in A or B",
        notFinite(index) ? showNumber(rows.get(index, "not_finite")) : null],
      ["largest |b−a|", number("largest")],
      ["largest |b−a|/|a|", number("largest_relative")],
    ]);
    return [facts, ...compare(index), ...chart(index)];
  };

  const compare = (index) => {
    const known = ["a", "b"].filter((name) => rows.get(index, `${name}_zeros`) !== null);
    if (!known.length) return [];
    const head = make("tr", {}, make("td"),
      ...known.map((name) => make("th", { scope: "col" }, name.toUpperCase())));
    const keys = ["min", "max", "mean", "std", "zeros", "nan", "inf"];
    const body = keys.map((key) =>
      make("tr", {}, make("th", { scope: "row" }, { nan: "NaN", inf: "Inf" }[key] ?? key),
        ...known.map((name) =>
          make("td", {}, showNumber(rows.get(index, `${name}_${key}`))))));
    return [make("table", { class: "numbers" },
      make("thead", {}, head), make("tbody", {}, ...body))];
  };

  const chart = (index) => {
    const range = rangeOf(index);
    const sides = ["a", "b"];
    const packed = sides.map((name) => rows.get(index, `${name}_spread`));
    const charts = makeCharts((isLog) => sides.map((name, i) => {
      const drawn = drawLarge(barsOf(index, name), ...ends(index, name), {
        finite: finiteOf(index, name),
        label: name.toUpperCase(), kind: name, range, isLog,
      });
      return drawn && make("figure", {},
        make("figcaption", {}, name === "a" ? "A, before" : "B, after"), drawn);
    }));
    if (charts.length) charts[1].classList.add("beside");
    return [...charts, ...sides.map((name, i) => foldCounts(
      `Counts of ${name.toUpperCase()}`, packed[i], ...ends(index, name),
      finiteOf(index, name)) ?? "")];
  };

  const prepare = (table) => {
    const counts = new Map();
    for (let index = 0; index < rows.count; index += 1) {
      const kind = kindOf(index);
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
    }
    const same = counts.get("same") ?? 0;
    const choice = make("select", { id: "kinds", "aria-label": "What to list" },
      make("option", { value: "differ" },
        `all that differ (${grouped.format(rows.count - same)})`));
    for (const kind of kinds.filter((it) => counts.has(it))) {
      choice.append(make("option", { value: kind },
        `${KIND_WORDS[kind]} (${grouped.format(counts.get(kind))})`));
    }
    choice.append(make("option", { value: "" }, `all (${grouped.format(rows.count)})`));
    const keep = () => {
      const wanted = choice.value;
      table.setKeeps((index) => !wanted ||
        (wanted === "differ" ? kindOf(index) !== "same" : kindOf(index) === wanted));
    };
    choice.addEventListener("change", keep);
    table.extra.append(choice);
    if (same === rows.count) choice.value = "";
    keep();
  };

  return {
    columns,
    tell,
    prepare,
    what: "Differences",
    sortedBy: "relative_norm",
    weigh: (index) => {
      const kind = kindOf(index);
      if (kind === "same") return null;
      const count = rows.get(index, "count");
      if (count !== null) return toNumber(count);
      return sizeOf(index);
    },
    say: (count) => showCount(count, "value"),
    weighed: "Values that differ",
  };
};
