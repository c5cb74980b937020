// How values are spread: bars over a range, small in a row, large in the detail.

// The bars as one path, as wide as `width`, drawn over `range` [low, high] with heights
// for the share `most`, which is that of the highest bar.
const spreadPath = (bars, from, to, range, most, width, height, isLog) => {
  const span = range[1] - range[0];
  const scale = (value) => ((value - range[0]) / span) * width;
  const step = (to - from) / bars.length;
  let path = "";
  bars.forEach((count, i) => {
    if (!count) return;
    const share = isLog ? Math.log1p(count) / Math.log1p(most) : count / most;
    const top = height - Math.max(share * height, 1);
    // Of one value, beside another tensor's: a line, within the picture.
    const begin = Math.min(scale(from + i * step), width - 1);
    const left = begin.toFixed(2);
    const right = Math.max(scale(from + (i + 1) * step), begin + 1).toFixed(2);
    path += `M${left} ${height}V${top.toFixed(2)}H${right}V${height}Z`;
  });
  return path;
};

const isRange = (low, high) =>
  Number.isFinite(low) && Number.isFinite(high) && high > low &&
  Number.isFinite(high - low);

// Whether values can be drawn over a range: they may be all the same.
const isWithin = (low, high, range) =>
  isRange(...range) && low >= range[0] && high <= range[1] && low <= high;

// A small one without words, for a row: other columns say the same.
const drawSmall = (bars, low, high, kind, range) => {
  const width = 100;
  const height = 20;
  const box = draw("svg", {
    class: `spread ${kind}`,
    viewBox: `0 0 ${width} ${height}`,
    preserveAspectRatio: "none",
    "aria-hidden": "true",
  });
  const ends = range ?? [low, high];
  if (bars && isWithin(low, high, ends)) {
    const most = bars.reduce((a, b) => Math.max(a, b), 0);
    const d = spreadPath(bars, low, high, ends, most, width, height, false);
    box.append(draw("path", { d }));
    if (ends[0] < 0 && ends[1] > 0) {
      const x = (-ends[0] / (ends[1] - ends[0])) * width;
      const line = `M${x.toFixed(2)} 0V${height}`;
      box.append(draw("path", { d: line, class: "zero" }));
    }
  }
  return box;
};

// A large one, with an axis, and the numbers for those who cannot see it.
const drawLarge = (bars, low, high, { finite, label, kind, range, isLog, most }) => {
  const ends = range ?? [low, high];
  if (!bars || !isWithin(low, high, ends)) return null;
  const [width, height, above, below] = [400, 130, 18, 20];
  const top = most ?? bars.reduce((a, b) => Math.max(a, b), 0);
  const sum = bars.reduce((a, b) => a + b, 0);
  const isExact = finite === sum;
  const says = low === high ? `${label}: all are ${showNumber(low)}`
    : `${label}: ${bars.length} bins from ${showNumber(low)} to ${showNumber(high)}`;
  const box = draw("svg", {
    class: `spread large ${kind}`,
    viewBox: `0 ${-above} ${width} ${height + above + below}`,
    role: "img",
    "aria-label": says,
  });
  const d = spreadPath(bars, low, high, ends, top, width, height, isLog);
  box.append(draw("path", { d }));
  box.append(draw("path", { class: "axis", d: `M0 ${height}H${width}` }));
  const write = (x, y, anchor, text) =>
    box.append(draw("text", { x, y, "text-anchor": anchor }, text));
  if (ends[0] < 0 && ends[1] > 0) {
    const x = (-ends[0] / (ends[1] - ends[0])) * width;
    box.append(draw("path", { class: "zero", d: `M${x} 0V${height}` }));
    if (x > 70 && x < width - 70) write(x, height + 15, "middle", "0");
  }
  write(0, height + 15, "start", showNumber(ends[0]));
  write(width, height + 15, "end", showNumber(ends[1]));
  const about = isExact ? "" : "about ";
  const highest = isExact ? top : Math.round((top * finite) / sum);
  if (!range) write(0, -6, "start", `at most ${about}${grouped.format(highest)} in a bin`);
  return box;
};

const spreadTable = (packed, low, high, finite) => {
  const bars = unpackSpread(packed);
  const sum = bars.reduce((a, b) => a + b, 0);
  const step = (high - low) / bars.length;
  const body = make("tbody");
  bars.forEach((count, i) => {
    const exact = sum === finite ? count : `≈ ${Math.round((count * finite) / sum)}`;
    body.append(
      make("tr", {},
        make("td", {}, showEdge(low + i * step, step)),
        make("td", {}, showEdge(low + (i + 1) * step, step)),
        make("td", {}, typeof exact === "number" ? grouped.format(exact) : exact)),
    );
  });
  const head = make("tr", {},
    make("th", {}, "from"), make("th", {}, "to"), make("th", {}, "values"));
  return make("table", { class: "numbers" }, make("thead", {}, head), body);
};
