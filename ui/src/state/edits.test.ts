import { expect, test } from "vitest";
import type { Table } from "../api/types.gen";
import { habitsOf } from "../grid/values";
import { column } from "./columns.fixture";
import { filled, isTyped, pasted, spreadOver, waitingOf } from "./edits";
import { lookOf, specsOf } from "./table";

const TABLE = { columns: [column("region", "text"), column("revenue", "decimal")] } as unknown as Table;
const COLUMNS = specsOf(TABLE, lookOf(TABLE));
const HABITS = habitsOf("en-US");

test("pasted cells are one edit over the rows there are, and new rows beyond them", () => {
  const plan = pasted(
    "orders",
    [
      ["North", "1,000"],
      ["South", ""],
      ["East", "3"],
    ],
    [7, 9],
    COLUMNS,
    HABITS,
  );
  expect(plan).toEqual({
    cells: 6,
    edits: [
      {
        kind: "set",
        table: "orders",
        cells: [
          { row: 7, column: "region", value: "North" },
          { row: 7, column: "revenue", value: 1000 },
          { row: 9, column: "region", value: "South" },
          { row: 9, column: "revenue", value: null },
        ],
      },
      { kind: "insert_rows", table: "orders", rows: [{ region: "East", revenue: 3 }], after: null, before: null },
    ],
  });
});

test("a paste that does not fit changes nothing and says where", () => {
  expect(pasted("orders", [["a", "b"]], [7], COLUMNS, HABITS)).toEqual({
    why: "Revenue, pasted row 1: “b” is no number, such as 12.5. Nothing was pasted.",
  });
  expect(pasted("orders", [["a", "1", "x"]], [7], COLUMNS, HABITS)).toHaveProperty("why");
  expect(pasted("orders", Array(60_000).fill(["a", "1"]), [], COLUMNS, HABITS)).toHaveProperty("why");
});

test("one row fills the others column by column, several in turn", () => {
  expect(spreadOver("orders", COLUMNS, [[2, "North", 5]], [3, 4], false)).toMatchObject({
    edits: [
      { kind: "fill", column: "region", rows: [3, 4], value: "North" },
      { kind: "fill", column: "revenue", rows: [3, 4], value: 5 },
    ],
  });
  const turns = spreadOver(
    "orders",
    COLUMNS.slice(1),
    [
      [2, "", 1],
      [3, "", 2],
    ],
    [4, 5, 6],
    false,
  );
  expect("edits" in turns && turns.edits[0]?.kind === "set" && turns.edits[0].cells.map((one) => one.value)).toEqual([1, 2, 1]);
});

test("a fill that may be a series goes on where a column is one, and repeats the others, in one edit", () => {
  const from = [
    [2, "North", 1],
    [3, "South", 2],
  ];
  const planned = spreadOver("orders", COLUMNS, from, [4, 5], true);
  const edit = "edits" in planned ? planned.edits[0] : null;
  expect(edit?.kind === "set" && edit.cells.map((one) => [one.column, one.row, one.value])).toEqual([
    ["region", 4, "North"],
    ["region", 5, "South"],
    ["revenue", 4, 3],
    ["revenue", 5, 4],
  ]);
});

test("the cells that wait are those that are set", () => {
  const set = { kind: "set", table: "orders", cells: [{ row: 2, column: "region", value: "East" }] } as const;
  const edits = [set, filled("orders", "amount", null, 1)];
  expect([...waitingOf(edits, "orders")]).toEqual(["2 region"]);
  expect(waitingOf(edits, "other").size).toBe(0);
});

test("rows keep their places while nothing but what was typed moves the head", () => {
  const moves = ["d", "c", "b"].map((to_version) => ({ to_version })); // the newest first; `a` was imported
  expect(isTyped(moves, "b", new Set(["c", "d"]))).toBe(true);
  expect(isTyped(moves, "a", new Set(["c", "d"]))).toBe(false);
  expect(isTyped(moves, "a", new Set(["b", "c", "d"]))).toBe(true);
});

test("a paste reads percentages as typing does, and says in which unit it was read", () => {
  const unit = { currency: "EUR", symbol: "€", is_percent: false, scale: 1000 };
  const percent = { currency: "", symbol: "", is_percent: true, scale: 1 };
  const table = { columns: [column("share", "decimal", { unit: percent }), column("revenue", "decimal", { unit })] };
  const columns = specsOf(table as unknown as Table, lookOf(table as unknown as Table));
  const plan = pasted("orders", [["15", "700"]], [7], columns, HABITS);
  expect(plan).toMatchObject({ edits: [{ cells: [{ value: 0.15 }, { value: 700 }] }], cells: 2 });
  expect(plan).toHaveProperty("note", "Revenue was read as EUR; written in thousands in the file.");
});
