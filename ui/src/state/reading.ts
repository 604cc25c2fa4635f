/** What was read of a workbook, as the page tells it, and what a person says instead. Pure. */
import type { Column, NewCorrection, Reading, SheetDetail, Table, TableAt, TypeSaid, Unit, Workbook } from "../api/types.gen";

type ColumnType = Column["type"];

/** From here on a decision is taken as it is; below the page asks (model.py says the same). */
const SURE = 0.8;
const TYPES: readonly ColumnType[] = ["text", "integer", "decimal", "boolean", "date", "datetime", "time"];
const LISTED = 5;

/** A table, or a tab in which none was found: a person may know better. */
export interface Place {
  readonly key: string;
  readonly tab: string;
  readonly table: Table | null;
  /** The cells, where the name of the tab alone would not tell its tables apart. */
  readonly cells: string;
}

export function placesOf(workbook: Workbook): readonly Place[] {
  const alone = (table: Table) => workbook.tables.filter((other) => other.tab === table.tab).length === 1;
  const tables = workbook.tables.map((table) => ({
    key: table.id,
    tab: table.tab,
    table,
    cells: alone(table) ? "" : table.range,
  }));
  const without = Object.keys(workbook.shapes).filter((tab) => tables.every((place) => place.tab !== tab));
  return [...tables, ...without.map((tab) => ({ key: `tab ${tab}`, tab, table: null, cells: "" }))];
}

/** Where to look after a correction: the table that now begins where it was said, else the first one of the tab. */
export function landing(places: readonly Place[], tab: string, cells: string): number {
  const start = startOf(cells);
  const exact = places.findIndex((place) => place.tab === tab && place.table !== null && startOf(place.table.range) === start);
  return Math.max(0, exact >= 0 ? exact : places.findIndex((place) => place.tab === tab));
}

function startOf(cells: string): string {
  return (cells.split(":")[0] ?? "").replaceAll("$", "").trim().toUpperCase();
}

/** Whether a person's word holds in this tab, said of this file or of another one of its form. */
export function isSaid(workbook: Workbook, tab: string): boolean {
  const shape = workbook.shapes[tab];
  return shape !== undefined && shape in workbook.corrections;
}

/** Row numbers as words: `row 4`, `rows 4 to 6`, `rows 4, 9 and 2 more`. */
export function rowsNamed(rows: readonly number[]): string {
  const [first, last] = [rows[0], rows.at(-1)];
  if (first === undefined || last === undefined) return "no row";
  if (rows.length === 1) return `row ${first}`;
  if (last - first === rows.length - 1) return `rows ${first} to ${last}`;
  const rest = rows.length - LISTED;
  return rest > 0 ? `rows ${rows.slice(0, LISTED).join(", ")} and ${rest} more` : `rows ${rows.join(", ")}`;
}

/** The unit of the values as they are shown and typed, which is not that of the file where it writes thousands. */
export function unitOf(unit: Unit): string {
  return unit.currency || unit.symbol || (unit.is_percent ? "%" : "");
}

const SCALES: Readonly<Record<number, string>> = { 1000: "thousands", 1000000: "millions", 1000000000: "billions" };

/** How the file writes the values; nothing where it writes them as they are shown. */
export function writtenOf({ scale }: Unit): string {
  return scale === 1 ? "" : `in ${SCALES[scale] ?? `units of ${scale}`} in the file`;
}

/** In what a value is typed, where the file writes it otherwise. */
export function typedOf(unit: Unit): string {
  const written = writtenOf(unit);
  return written === "" ? "" : `${unitOf(unit) || "the whole number"}; written ${written}`;
}

/** What stands under a column's header: its type, its unit, and what did not parse. */
export function kindOf(column: Column): string {
  const missed = column.unparsed > 0 ? `${column.unparsed} unparsed` : "";
  return [column.type, unitOf(column.unit), missed].filter((part) => part !== "").join(" · ");
}

export function isDoubtful(column: Column): boolean {
  return column.confidence < SURE || column.unparsed > 0;
}

/** The columns whose cells allow several readings, until somebody says which. */
export function askedOf(table: Table): readonly Column[] {
  return table.columns.filter((column) => column.readings.length > 0 && column.confidence < SURE);
}

/** What a column may be said to be; nothing for what was found. */
export interface Choice {
  readonly says: string;
  readonly is: Pick<TypeSaid, "type" | "reading"> | null;
}

export function choicesOf(column: Column): readonly Choice[] {
  const offered = column.readings.map(({ type, name }) => ({ says: `${type}, ${name}`, is: { type, reading: name } }));
  const known = new Set<ColumnType>([column.type, ...column.readings.map((one) => one.type)]);
  const others = TYPES.filter((type) => !known.has(type)).map((type) => ({ says: type, is: { type, reading: "" } }));
  return [{ says: `${column.type}, as found`, is: null }, ...offered, ...others];
}

/** What a person says of a place: its cells, its header rows, and for each column which of its choices. */
export interface Draft {
  readonly cells: string;
  readonly headerRows: number;
  readonly chosen: readonly number[];
}

export function draftOf(table: Table | null): Draft {
  if (table === null) return { cells: "", headerRows: 1, chosen: [] };
  return { cells: table.range, headerRows: table.header_rows.length, chosen: table.columns.map(() => 0) };
}

/** The one request that a draft asks for; null where it says nothing but what was found. */
export function correctionOf(detail: SheetDetail, place: Place, draft: Draft): NewCorrection | null {
  const found = draftOf(place.table);
  const cells = draft.cells.trim();
  const isMoved = cells !== "" && (cells !== found.cells || draft.headerRows !== found.headerRows);
  const at: TableAt = { kind: "table", cells, header_rows: draft.headerRows };
  const types = (place.table?.columns ?? []).flatMap((column, index) => {
    const is = choicesOf(column)[draft.chosen[index] ?? 0]?.is ?? null;
    return is === null ? [] : [{ column: column.label, ...is }];
  });
  return isMoved || types.length > 0 ? request(detail, place.tab, isMoved ? [at] : [], types) : null;
}

/** The request that takes a table away. */
export function noTable(detail: SheetDetail, table: Table): NewCorrection {
  return request(detail, table.tab, [{ kind: "none", cells: table.range }], []);
}

/** The request that says which reading of a column holds. */
export function answerOf(detail: SheetDetail, tab: string, column: Column, { type, name }: Reading): NewCorrection {
  return request(detail, tab, [], [{ column: column.label, type, reading: name }]);
}

function request(
  detail: SheetDetail,
  tab: string,
  tables: NewCorrection["tables"],
  types: NewCorrection["types"],
): NewCorrection {
  return { version: detail.sheet.version, tab, tables, types, reason: "" };
}
