// The rows, column by column, from the elements that hold them: see columns.py.
class Rows {
  constructor(about) {
    this.about = about;
    this.count = 0;
    this.names = [];
    this.paths = [];
    this.called = []; // as people call them: by path where there is one
    this.folded = []; // in lower case, to be searched
    this.pieces = [];
    this.begins = [];
  }

  add(piece) {
    this.begins.push(this.count);
    this.pieces.push(piece);
    const names = Rows.unpackNames(piece.keep, piece.rest);
    // The paths of TensorFlow 2's objects are found, too.
    const paths = piece.path_rest && Rows.unpackNames(piece.path_keep, piece.path_rest);
    names.forEach((name, i) => {
      this.names.push(name);
      const path = paths ? paths[i] : "";
      this.paths.push(path);
      this.called.push(path || name);
      this.folded.push((path ? `${name}\n${path}` : name).toLowerCase());
    });
    this.count = this.names.length;
  }

  static unpackNames(keep, rest) {
    let name = "";
    return rest.map((end, i) => {
      name = name.slice(0, Rows.at(keep, i)) + end;
      return name;
    });
  }

  static at(column, i) {
    if (column === undefined || column === null) return null;
    if (Array.isArray(column)) return column[i];
    if ("all" in column) return column.all;
    return column[i] ?? null;
  }

  // The piece that holds a row, and where.
  find(index) {
    let low = 0;
    let high = this.begins.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.begins[middle] <= index) low = middle;
      else high = middle - 1;
    }
    return [this.pieces[low], index - this.begins[low]];
  }

  get(index, column) {
    const [piece, i] = this.find(index);
    return Rows.at(piece[column], i);
  }

  dtype(index) {
    return this.about.dtypes[this.get(index, "dtype")];
  }

  shape(index) {
    return this.about.shapes[this.get(index, "shape")];
  }
}

const readRows = () => {
  const take = (kind) => {
    const elements = document.querySelectorAll(`script.${kind}`);
    return Array.from(elements, (element) => {
      const value = JSON.parse(element.textContent);
      element.remove();
      return value;
    });
  };
  const rows = new Rows(take("about")[0]);
  for (const piece of take("rows")) rows.add(piece);
  return rows;
};

const levels = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const levelOf = new Map(Array.from(levels, (letter, level) => [letter, level]));

// Heights of the bars, or null.
const unpackSpread = (packed) => {
  if (packed === null || packed === undefined) return null;
  return typeof packed === "string"
    ? Array.from(packed, (letter) => levelOf.get(letter))
    : packed;
};
