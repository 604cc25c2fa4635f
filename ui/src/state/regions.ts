/** A tab's first cells with the tables that were found in them: which cell is a header, data, a total, or nothing of it. Pure. */
import type { NewCorrection, RawCells, SheetDetail, Table, Workbook } from "../api/types.gen";

export type Role = "none" | "header" | "data" | "total" | "left out";

/** A rectangle of cells, both ends included, counted from 1. */
export interface Area {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

export interface Region extends Area {
  readonly table: Table;
}

export interface Drawn {
  readonly text: string;
  readonly role: Role;
  /** The table it belongs to; empty for none. */
  readonly table: string;
  /** The sides on which the table's frame runs, such as `t l`. */
  readonly edges: string;
}

export interface DrawnRow {
  readonly number: number;
  readonly cells: readonly Drawn[];
}

export function letterOf(column: number): string {
  let letters = "";
  for (let rest = column; rest > 0; rest = Math.floor((rest - 1) / 26)) {
    letters = String.fromCharCode(65 + ((rest - 1) % 26)) + letters;
  }
  return letters;
}

export function columnOf(letters: string): number {
  return [...letters].reduce((number, letter) => number * 26 + letter.charCodeAt(0) - 64, 0);
}

/** The rectangle of `A4:E120`; null for anything else. */
export function areaOf(range: string): Area | null {
  const found = /^([A-Z]{1,3})(\d+):([A-Z]{1,3})(\d+)$/.exec(range);
  if (found === null) return null;
  const [, left = "", top = "", right = "", bottom = ""] = found;
  return { top: Number(top), left: columnOf(left), bottom: Number(bottom), right: columnOf(right) };
}

export function rangeOf({ top, left, bottom, right }: Area): string {
  return `${letterOf(left)}${top}:${letterOf(right)}${bottom}`;
}

export function regionsOf(workbook: Workbook, tab: string): readonly Region[] {
  return workbook.tables.flatMap((table) => {
    const area = table.tab === tab ? areaOf(table.range) : null;
    return area === null ? [] : [{ ...area, table }];
  });
}

export function drawn(raw: RawCells, regions: readonly Region[]): readonly DrawnRow[] {
  return raw.rows.map((cells, row) => {
    const number = raw.top + row;
    return { number, cells: cells.map((text, column) => drawnCell(text ?? "", number, raw.left + column, regions)) };
  });
}

function drawnCell(text: string, row: number, column: number, regions: readonly Region[]): Drawn {
  const region = regions.find((one) => holds(one, row) && column >= one.left && column <= one.right);
  if (region === undefined) return { text, role: "none", table: "", edges: "" };
  const sides = [
    row === region.top && "t",
    row === region.bottom && "b",
    column === region.left && "l",
    column === region.right && "r",
  ];
  return { text, role: roleOf(row, region.table), table: region.table.id, edges: sides.filter(Boolean).join(" ") };
}

/** Totals may stand below the range that is the table's. */
function holds(region: Region, row: number): boolean {
  return (row >= region.top && row <= region.bottom) || region.table.totals.includes(row);
}

function roleOf(row: number, table: Table): Role {
  if (table.header_rows.includes(row)) return "header";
  if (table.totals.includes(row)) return "total";
  return table.left_out.includes(row) ? "left out" : "data";
}

/** One click's correction: its words, and the request that it makes. */
export interface OneClick {
  readonly says: string;
  readonly said: NewCorrection;
}

/** What a click on a row can say of its header: that it ends here, or that the table begins without one. */
export function headerChoices(detail: SheetDetail, region: Region, row: number): readonly OneClick[] {
  const { table, top, bottom } = region;
  const say = (says: string, from: number, headerRows: number): OneClick => ({
    says,
    said: {
      version: detail.sheet.version,
      tab: table.tab,
      tables: [{ kind: "table", cells: rangeOf({ ...region, top: from }), header_rows: headerRows }],
      types: [],
      reason: "",
    },
  });
  const rows = table.header_rows;
  const last = rows.at(-1) ?? top - 1;
  const isAlone = rows.length === 1 && row === last;
  const isTop = rows.length === row - top + 1 && row === last;
  const choices: OneClick[] = [];
  if (row < bottom && !isAlone) choices.push(say(`Row ${row} is the header`, row, 1));
  if (row < bottom && row > top && row - top < MOST_HEADER_ROWS && !isTop) {
    choices.push(say(`Rows ${top} to ${row} are the header`, top, row - top + 1));
  }
  if (rows.length > 0 ? row <= last : row < top) choices.push(say(`Row ${row} is data: no header`, row, 0));
  return choices;
}

const MOST_HEADER_ROWS = 20;

/** The correction that says that a table is what was found. */
export function confirmed(detail: SheetDetail, table: Table): NewCorrection {
  return {
    version: detail.sheet.version,
    tab: table.tab,
    tables: [{ kind: "table", cells: table.range, header_rows: table.header_rows.length }],
    types: [],
    reason: "",
  };
}

const SURE = 0.8;

/** Whether a person should look at where a table stands. */
export function isDoubtfulTable(table: Table): boolean {
  return table.confidence < SURE;
}
