// Elements, made of texts and never of markup; numbers as people read them.
const make = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
};

const draw = (tag, attributes = {}, ...children) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
};

const grouped = new Intl.NumberFormat("en-US");

// Numbers arrive with some digits, with all before the point, or with as many as it takes
// to tell those of a tensor apart; as texts come those that JSON lacks.
const showNumber = (value, digits = 6) => {
  if (value === null || value === undefined) return "–";
  if (typeof value === "string") return value;
  const isWhole = Number.isInteger(value);
  const takesAll = isWhole || (digits >= 6 && Number(value.toPrecision(6)) !== value);
  const shown = takesAll ? value : Number(value.toPrecision(digits));
  const size = Math.abs(shown);
  if (size > Number.MAX_SAFE_INTEGER ||
      (shown !== 0 && size < (digits < 6 ? 1e-3 : 1e-4))) {
    const digitsShown = takesAll ? undefined : digits - 1;
    return shown.toExponential(digitsShown).replace(/(\.[0-9]*?)0+e/, "$1e")
      .replace(".e", "e");
  }
  return Number.isInteger(shown) ? grouped.format(shown) : String(shown);
};

// An edge of bins, with what digits tell it from the next one.
const showEdge = (value, step) => {
  const size = Math.max(Math.abs(value), Math.abs(step));
  const digits = Math.ceil(Math.log10(size / Math.abs(step)) + 3) || 3;
  return showNumber(Number(value.toPrecision(Math.min(Math.max(digits, 3), 17))));
};

const toNumber = (value) => {
  if (typeof value === "number") return value;
  if (value === null || value === undefined) return NaN;
  if (value === "inf") return Infinity;
  if (value === "-inf") return -Infinity;
  return parseFloat(value);
};

// Whether a column's type is one that numbers sort: "number", "number chart".
const isNumeric = (type) => type.split(" ").includes("number");

const showSize = (bytes) => {
  if (bytes === null || bytes === undefined) return "–";
  let size = toNumber(bytes);
  if (size < 1024) return `${size} B`;
  let unit = 0;
  const units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
  size /= 1024;
  while (size >= 999.95 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${size.toFixed(1)} ${units[unit]}`;
};

const showCount = (count, noun) =>
  `${grouped.format(count)} ${noun}${count === 1 ? "" : "s"}`;

// As NumPy prints it.
const showShape = (shape) =>
  shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;

const countValues = (shape) => shape.reduce((all, size) => all * size, 1);
