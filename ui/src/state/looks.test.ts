import { expect, test } from "vitest";
import type { Column, Table } from "../api/types.gen";
import { type Kept, keptLooks, lookKept, withLook } from "./looks";
import { lookOf } from "./table";

function tableOf(...names: string[]): Pick<Table, "id" | "columns"> {
  return { id: "orders", columns: names.map((name) => ({ name }) as Column) };
}

const TABLE = tableOf("a", "b", "c");
const LOOK = { ...lookOf(TABLE), columns: ["b", "a", "c"], hidden: ["c"], widths: { a: 90 }, frozen: 2 };

test("a look is the same after it was written and read, without filters and order", () => {
  const now = { ...LOOK, sort: [{ column: "a", isDescending: true }] };
  const kept = keptLooks(JSON.stringify(withLook([], "sheet_1", TABLE, now)));
  expect(lookKept(kept, "sheet_1", TABLE)).toEqual(LOOK);
  expect(lookKept(kept, "sheet_2", TABLE)).toEqual(lookOf(TABLE));
});

test("what looks as at first is not kept", () => {
  const kept = withLook([], "sheet_1", TABLE, LOOK);
  expect(withLook(kept, "sheet_1", TABLE, lookOf(TABLE))).toEqual([]);
});

test("no more than fifty are kept, the newest of them", () => {
  const looked = (kept: Kept, index: number) => withLook(kept, `sheet_${index}`, TABLE, LOOK);
  const kept = Array.from({ length: 60 }, (_, index) => index).reduce(looked, []);
  expect([kept.length, kept[0]?.sheet, kept.at(-1)?.sheet]).toEqual([50, "sheet_59", "sheet_10"]);
});

test("a table that changed keeps what still fits", () => {
  const kept = withLook([], "sheet_1", TABLE, LOOK);
  const look = lookKept(kept, "sheet_1", tableOf("a", "b", "d"));
  expect([look.columns, look.hidden]).toEqual([["b", "a", "d"], []]);
});

test("hidden are never all", () => {
  const kept = withLook([], "sheet_1", TABLE, { ...LOOK, hidden: ["a", "b", "c"] });
  expect(lookKept(kept, "sheet_1", TABLE).hidden).toEqual([]);
});

test.each([
  null,
  "",
  "{",
  "7",
  "[7, null, {}]",
  '[{"sheet":"s","table":"t","columns":[1],"hidden":[],"widths":{},"frozen":1}]',
])("somebody else's text holds none: %s", (text) => {
  expect(keptLooks(text)).toEqual([]);
});

test("widths and counts that cannot be are mended", () => {
  const text = JSON.stringify([
    { sheet: "s", table: "t", columns: ["a", "a"], hidden: [], widths: { a: 1e9, b: "wide" }, frozen: -1 },
  ]);
  expect(keptLooks(text)).toEqual([{ sheet: "s", table: "t", columns: ["a"], hidden: [], widths: { a: 2000 }, frozen: 0 }]);
});
