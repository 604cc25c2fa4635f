/** Cells as text that spreadsheets exchange: tabs and line ends, quoted where a cell holds some, and an HTML table. Pure. */

export type Cells = readonly (readonly string[])[];

export function toTsv(cells: Cells): string {
  return cells.map((row) => row.map(quoted).join("\t")).join("\n");
}

export function toHtml(cells: Cells): string {
  const rows = cells.map((row) => `<tr>${row.map((cell) => `<td>${escaped(cell)}</td>`).join("")}</tr>`);
  return `<table>${rows.join("")}</table>`;
}

/** The cells of pasted text. Excel ends the last row with a line end, and quotes cells with tabs, line ends or quotes. */
export function parse(text: string): Cells {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at < text.length) {
    const [cell, end] = text[at] === '"' ? quotedCell(text, at) : plainCell(text, at);
    row.push(cell);
    if (text[end] === "\t") {
      at = end + 1;
      if (at === text.length) row.push("");
      continue;
    }
    rows.push(row);
    row = [];
    at = end + (text.startsWith("\r\n", end) ? 2 : 1);
  }
  if (row.length > 0) rows.push(row);
  return rows;
}

/** The cells repeated to fill a selection that is a multiple of them, as Excel does; else as they are. */
export function repeated(cells: Cells, rows: number, columns: number): Cells {
  const [height, width] = [cells.length, Math.max(0, ...cells.map((row) => row.length))];
  if (height === 0 || width === 0) return cells;
  const down = rows % height === 0 ? rows / height : 1;
  const across = columns % width === 0 ? columns / width : 1;
  const wide = cells.map((row) => Array.from({ length: width * across }, (_, index) => row[index % width] ?? ""));
  return Array.from({ length: height * down }, (_, index) => wide[index % height] ?? []);
}

function plainCell(text: string, start: number): readonly [string, number] {
  let end = start;
  while (end < text.length && !"\t\n\r".includes(text[end] ?? "")) end += 1;
  return [text.slice(start, end), end];
}

function quotedCell(text: string, start: number): readonly [string, number] {
  let cell = "";
  let at = start + 1;
  while (at < text.length) {
    const close = text.indexOf('"', at);
    if (close < 0) break;
    cell += text.slice(at, close);
    if (text[close + 1] !== '"') {
      const isCell = close + 1 >= text.length || "\t\n\r".includes(text[close + 1] ?? "");
      return isCell ? [cell, close + 1] : plainCell(text, start); // a text that begins with a quote
    }
    cell += '"';
    at = close + 2;
  }
  return plainCell(text, start);
}

function quoted(cell: string): string {
  return /[\t\n\r"]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "<br>" };

function escaped(cell: string): string {
  return cell.replace(/[&<>"\n]/g, (sign) => ENTITIES[sign] ?? sign);
}
