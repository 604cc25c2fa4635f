import { expect, test } from "vitest";
import type { RawCells, SheetDetail, Table } from "../api/types.gen";
import { areaOf, columnOf, confirmed, drawn, headerChoices, isDoubtfulTable, letterOf, rangeOf, regionsOf } from "./regions";

const TABLE = {
  id: "t",
  tab: "Tab",
  range: "B2:C5",
  header_row: 2,
  header_rows: [2],
  totals: [6],
  left_out: [4],
  confidence: 0.6,
  columns: [],
} as unknown as Table;
const DETAIL = {
  sheet: { id: "s", version: "v1" },
  workbook: { tables: [TABLE], shapes: { Tab: "x" } },
} as unknown as SheetDetail;
const RAW: RawCells = {
  tab: "Tab",
  top: 1,
  left: 1,
  rows: Array.from({ length: 7 }, (_, row) => [null, `b${row + 1}`, `c${row + 1}`]),
  last_row: 7,
  last_column: 3,
};
const [REGION] = regionsOf(DETAIL.workbook, "Tab");

test("letters count as spreadsheets do", () => {
  expect([1, 26, 27, 702, 703].map(letterOf)).toEqual(["A", "Z", "AA", "ZZ", "AAA"]);
  expect(["A", "Z", "AA", "ZZ", "AAA"].map(columnOf)).toEqual([1, 26, 27, 702, 703]);
});

test("a range is a rectangle and back; an open one is none", () => {
  const area = areaOf("B2:AA50");
  expect(area).toEqual({ top: 2, left: 2, bottom: 50, right: 27 });
  expect(area && rangeOf(area)).toBe("B2:AA50");
  expect(areaOf("A4:E")).toBeNull();
});

test("each row is drawn as what it was taken for, totals below the table too", () => {
  const rows = drawn(RAW, regionsOf(DETAIL.workbook, "Tab"));
  expect(rows.map((row) => row.cells[1]?.role)).toEqual(["none", "header", "data", "left out", "data", "total", "none"]);
  expect(rows[2]?.cells[0]?.role).toBe("none");
});

test("the frame runs along the table's edges", () => {
  const rows = drawn(RAW, regionsOf(DETAIL.workbook, "Tab"));
  expect([rows[1]?.cells[1]?.edges, rows[2]?.cells[2]?.edges, rows[4]?.cells[1]?.edges]).toEqual(["t l", "r", "b l"]);
});

test("a row can be said to be the header, its end, or data", () => {
  if (REGION === undefined) throw new Error("no region");
  const says = (row: number) => headerChoices(DETAIL, REGION, row).map((choice) => choice.says);
  expect(says(3)).toEqual(["Row 3 is the header", "Rows 2 to 3 are the header"]);
  expect(says(2)).toEqual(["Row 2 is data: no header"]);
  expect(says(1)).toEqual(["Row 1 is the header", "Row 1 is data: no header"]);
  const two = { ...REGION, table: { ...TABLE, header_rows: [2, 3] } };
  expect(headerChoices(DETAIL, two, 3).map((choice) => choice.says)).toEqual([
    "Row 3 is the header",
    "Row 3 is data: no header",
  ]);
  expect(headerChoices(DETAIL, REGION, 3)[0]?.said.tables).toEqual([{ kind: "table", cells: "B3:C5", header_rows: 1 }]);
});

test("what was found is confirmed by saying it", () => {
  expect(isDoubtfulTable(TABLE)).toBe(true);
  expect(confirmed(DETAIL, TABLE)).toMatchObject({
    version: "v1",
    tables: [{ kind: "table", cells: "B2:C5", header_rows: 1 }],
  });
});
