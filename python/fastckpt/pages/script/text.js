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

// Numbers arrive with six digits; as texts come those that JSON lacks.
const showNumber = (value, digits = 6) => {
  if (value === null || value === undefined) return "–";
  if (typeof value === "string") return value;
  const shown = Number.isInteger(value) ? value : Number(value.toPrecision(digits));
  if (shown !== 0 && Math.abs(shown) < (digits < 6 ? 1e-3 : 1e-4)) {
    return shown.toExponential(digits - 1).replace(/\.?0*e/, "e");
  }
  return Number.isInteger(shown) && Math.abs(shown) < 1e15
    ? grouped.format(shown)
    : String(shown);
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
