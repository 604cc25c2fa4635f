import { expect, test } from "vitest";
import type { Column, SheetDetail, Table, Unit } from "../api/types.gen";
import {
  answerOf,
  askedOf,
  choicesOf,
  correctionOf,
  draftOf,
  isDoubtful,
  isSaid,
  kindOf,
  landing,
  noTable,
  placesOf,
  rowsNamed,
  typedOf,
  unitOf,
  writtenOf,
} from "./reading";

const PLAIN: Unit = { currency: "", symbol: "", is_percent: false, scale: 1 };

function column(more: Partial<Column> = {}): Column {
  return {
    name: "since",
    label: "Since",
    letter: "A",
    type: "text",
    evidence: "texts",
    confidence: 1,
    unit: PLAIN,
    raw: "",
    unparsed: 0,
    unparsed_examples: [],
    readings: [],
    formula: null,
    profile: {
      nulls: 0,
      distinct: 0,
      top: [],
      minimum: null,
      median: null,
      maximum: null,
      mean: null,
      stddev: null,
      patterns: [],
      is_estimated: false,
    },
    ...more,
  };
}

function table(more: Partial<Table> = {}): Table {
  return {
    id: "quarters",
    tab: "Quarters",
    range: "A4:E8",
    header_row: 5,
    header_rows: [4, 5],
    evidence: "found",
    confidence: 0.95,
    rows: 3,
    is_hidden: false,
    is_pivoted: false,
    notes: [],
    totals: [],
    left_out: [],
    columns: [column()],
    keys: [],
    joins: [],
    oddities: [],
    ...more,
  };
}

function sheet(tables: readonly Table[], shapes: Record<string, string> = {}, corrections = {}): SheetDetail {
  const formulas = { cells: 0, tabs: [], is_followed: true, special: [], specials: 0, calculated: 0, missing: 0, stale: 0 };
  const workbook = { parser: "2", content_sha256: "", tables, warnings: [], shapes, corrections, formulas };
  const mine = { workspace_id: "local", role: "owner", is_partial: false } as const;
  return { sheet: { id: "sheet_1", name: "a.xlsx", version: "v1", created_at: "", ...mine }, workbook };
}

const ASKED = column({
  confidence: 0.6,
  readings: [
    { name: "as written", type: "text", example: "01/02/2024" },
    { name: "day first", type: "date", example: "01/02/2024 → 2024-02-01" },
  ],
});
const BESIDE = [table({ id: "stock", tab: "Stock", range: "A1:C5" }), table({ id: "stock_2", tab: "Stock", range: "E1:G4" })];

test("tables of one tab are told apart by their cells, and a tab without a table is a place too", () => {
  const places = placesOf(sheet([table(), ...BESIDE], { Quarters: "a", Stock: "b", Notes: "c" }).workbook);
  expect(places.map(({ tab, cells }) => `${tab} ${cells}`.trim())).toEqual(["Quarters", "Stock A1:C5", "Stock E1:G4", "Notes"]);
  expect(places.at(-1)?.table).toBeNull();
});

test("after a correction the table that begins there is looked at, else the first of the tab, else the first of all", () => {
  const places = placesOf(sheet([table(), ...BESIDE]).workbook);
  expect(landing(places, "Stock", "$e$1:G")).toBe(2);
  expect(landing(places, "Stock", "B2:C5")).toBe(1);
  expect(landing(places, "Gone", "A1:B2")).toBe(0);
});

test("row numbers are said in words", () => {
  expect(rowsNamed([])).toBe("no row");
  expect(rowsNamed([4])).toBe("row 4");
  expect(rowsNamed([4, 5, 6])).toBe("rows 4 to 6");
  expect(rowsNamed([4, 9])).toBe("rows 4, 9");
  expect(rowsNamed([1, 3, 5, 7, 9, 11, 13])).toBe("rows 1, 3, 5, 7, 9 and 2 more");
});

test("a unit is that of the values as they are shown, and how the file writes them is told beside", () => {
  const thousands = { ...PLAIN, currency: "EUR", symbol: "€", scale: 1000 };
  expect([unitOf(PLAIN), writtenOf(PLAIN), typedOf(PLAIN)]).toEqual(["", "", ""]);
  expect([unitOf(thousands), writtenOf(thousands)]).toEqual(["EUR", "in thousands in the file"]);
  expect(typedOf(thousands)).toBe("EUR; written in thousands in the file");
  expect(unitOf({ ...PLAIN, is_percent: true })).toBe("%");
  expect(writtenOf({ ...PLAIN, symbol: "kg", scale: 12 })).toBe("in units of 12 in the file");
});

test("a header says its type, its unit and what did not parse", () => {
  const missed = column({ type: "decimal", unit: { ...PLAIN, currency: "EUR" }, unparsed: 3 });
  expect(kindOf(missed)).toBe("decimal · EUR · 3 unparsed");
  expect([isDoubtful(missed), isDoubtful(ASKED), isDoubtful(column())]).toEqual([true, true, false]);
});

test("a column is asked for only while it has readings and nobody said which", () => {
  expect(askedOf(table({ columns: [column(), ASKED, { ...ASKED, confidence: 1 }] }))).toEqual([ASKED]);
});

test("a column may stay as found, be one of its readings, or another type", () => {
  const says = choicesOf(ASKED).map((choice) => choice.says);
  expect(says.slice(0, 4)).toEqual(["text, as found", "text, as written", "date, day first", "integer"]);
  expect(says).not.toContain("date");
});

test("a draft that says what was found asks for nothing", () => {
  const detail = sheet([table()]);
  const [place] = placesOf(detail.workbook);
  if (place === undefined) throw new Error("no place");
  expect(correctionOf(detail, place, draftOf(place.table))).toBeNull();
  expect(correctionOf(detail, place, { ...draftOf(place.table), cells: "  " })).toBeNull();
});

test("cells, header rows and columns go in one request, of the version that was looked at", () => {
  const detail = sheet([table({ columns: [column({ label: "Branch" }), ASKED] })]);
  const [place] = placesOf(detail.workbook);
  if (place === undefined) throw new Error("no place");
  expect(correctionOf(detail, place, { cells: " A5:E ", headerRows: 1, chosen: [0, 2] })).toEqual({
    version: "v1",
    tab: "Quarters",
    tables: [{ kind: "table", cells: "A5:E", header_rows: 1 }],
    types: [{ column: "Since", type: "date", reading: "day first" }],
    reason: "",
  });
});

test("header rows alone are a correction, and so is a column alone", () => {
  const detail = sheet([table()]);
  const [place] = placesOf(detail.workbook);
  if (place === undefined) throw new Error("no place");
  const found = draftOf(place.table);
  expect(correctionOf(detail, place, { ...found, headerRows: 0 })?.tables).toEqual([
    { kind: "table", cells: "A4:E8", header_rows: 0 },
  ]);
  const typed = correctionOf(detail, place, { ...found, chosen: [1] });
  expect([typed?.tables, typed?.types]).toEqual([[], [{ column: "Since", type: "integer", reading: "" }]]);
});

test("a table may stand in a tab where none was found", () => {
  const detail = sheet([], { Notes: "c" });
  const [place] = placesOf(detail.workbook);
  if (place === undefined) throw new Error("no place");
  expect(correctionOf(detail, place, { ...draftOf(null), cells: "B2:D9" })?.tables).toEqual([
    { kind: "table", cells: "B2:D9", header_rows: 1 },
  ]);
});

test("a table is taken away by its cells, and a reading is said by its name", () => {
  const detail = sheet([table()]);
  expect(noTable(detail, table()).tables).toEqual([{ kind: "none", cells: "A4:E8" }]);
  const reading = { name: "day first", type: "date", example: "" } as const;
  expect(answerOf(detail, "Quarters", ASKED, reading).types).toEqual([{ column: "Since", type: "date", reading: "day first" }]);
});

test("a tab whose form somebody spoke of is known", () => {
  const { workbook } = sheet([], { Quarters: "a", Stock: "b" }, { a: {} });
  expect([isSaid(workbook, "Quarters"), isSaid(workbook, "Stock"), isSaid(workbook, "Gone")]).toEqual([true, false, false]);
});
