import { expect, test } from "vitest";
import { type Action, at, fitted, isBlock, rangesAt, rowsOf, type Selection, select } from "./selection";

const SIZE = { rows: 100, columns: 5 };

function after(start: Selection, ...actions: Action[]): Selection {
  return actions.reduce((now, action) => select(now, action, SIZE), start);
}

const step = (rows: number, columns: number, isExtending = false): Action => ({ kind: "step", rows, columns, isExtending });
const HOME = at({ row: 0, column: 0 });

test("arrows move the active cell and stop at the edges", () => {
  expect(after(HOME, step(1, 0), step(0, 1)).active).toEqual({ row: 1, column: 1 });
  expect(after(HOME, step(Infinity, 0), step(1, 0)).active).toEqual({ row: 99, column: 0 });
  expect(after(HOME, step(0, Infinity)).active).toEqual({ row: 0, column: 4 });
});

test("one step up from the first row is the header, a leap is not", () => {
  expect(after(HOME, step(-1, 0))).toEqual(at({ row: -1, column: 0 }));
  expect(after(at({ row: 50, column: 0 }), step(-Infinity, 0)).active.row).toBe(0);
  expect(after(HOME, step(-1, 0), step(1, 0)).active.row).toBe(0);
});

test("Shift moves the corner opposite of the active cell", () => {
  const wide = after(at({ row: 5, column: 2 }), step(2, 1, true), step(-4, 0, true));
  expect(wide.active).toEqual({ row: 5, column: 2 });
  expect(wide.ranges).toEqual([{ top: 3, left: 2, bottom: 5, right: 3 }]);
});

test("Ctrl adds a range and goes on with that", () => {
  const both = after(HOME, { kind: "go", to: { row: 4, column: 1 }, how: "add" }, step(1, 0, true));
  expect(both.ranges).toEqual([
    { top: 0, left: 0, bottom: 0, right: 0 },
    { top: 4, left: 1, bottom: 5, right: 1 },
  ]);
});

test("Tab and Enter walk through a range and around its end", () => {
  const range = after(HOME, step(1, 1, true));
  const walk = (rows: number, columns: number) => {
    let now = range;
    return Array.from({ length: 4 }, () => {
      now = select(now, { kind: "next", rows, columns }, SIZE);
      return `${now.active.row}${now.active.column}`;
    });
  };
  expect(walk(0, 1)).toEqual(["01", "10", "11", "00"]);
  expect(walk(1, 0)).toEqual(["10", "01", "11", "00"]);
  expect(after(HOME, { kind: "next", rows: 1, columns: 0 }).active.row).toBe(1);
});

test("whole rows, whole columns and everything", () => {
  expect(after(at({ row: 3, column: 2 }), { kind: "spread", over: "columns" }).ranges).toEqual([
    { top: 0, left: 2, bottom: 99, right: 2 },
  ]);
  expect(after(at({ row: 3, column: 2 }), { kind: "spread", over: "rows" }).ranges).toEqual([
    { top: 3, left: 0, bottom: 3, right: 4 },
  ]);
  expect(after(HOME, { kind: "spread", over: "all" }).ranges).toEqual([{ top: 0, left: 0, bottom: 99, right: 4 }]);
  const rows = after(HOME, { kind: "rows", row: 2, how: "set" }, { kind: "rows", row: 6, how: "extend" });
  expect(rows.ranges).toEqual([{ top: 2, left: 0, bottom: 6, right: 4 }]);
  const columns = after(HOME, { kind: "columns", column: 1, how: "set" }, { kind: "columns", column: 3, how: "add" });
  expect(columns.ranges.map((one) => [one.left, one.right])).toEqual([
    [1, 1],
    [3, 3],
  ]);
});

test("a table without rows has its header only", () => {
  const none = { rows: 0, columns: 2 };
  expect(select(HOME, step(1, 0), none).ranges).toEqual([]);
  expect(select(HOME, { kind: "spread", over: "all" }, none)).toBe(HOME);
});

test("a selection is taken back to what is left of a table", () => {
  const wide = after(HOME, step(50, 4, true));
  expect(fitted(wide, SIZE)).toBe(wide);
  expect(fitted(wide, { rows: 10, columns: 5 })).toEqual(HOME);
});

test("rows and columns apart become ranges, neighbours together", () => {
  expect(rangesAt([1, 2, 7], [0, 1, 3])).toEqual([
    { top: 1, bottom: 2, left: 0, right: 1 },
    { top: 1, bottom: 2, left: 3, right: 3 },
    { top: 7, bottom: 7, left: 0, right: 1 },
    { top: 7, bottom: 7, left: 3, right: 3 },
  ]);
  const overlapping = [
    at({ row: 4, column: 0 }).ranges,
    at({ row: 3, column: 1 }).ranges,
    at({ row: 4, column: 2 }).ranges,
  ].flat();
  expect(rowsOf(overlapping)).toEqual([{ first: 3, last: 4 }]);
});

test("only cells of the same rows and columns make one block", () => {
  const one = (top: number, left: number, bottom = top, right = left) => ({ top, left, bottom, right });
  expect(isBlock([one(0, 0), one(2, 2)])).toBe(false);
  expect(isBlock([one(0, 0), one(2, 0)])).toBe(true);
  expect(isBlock([one(0, 0, 4), one(0, 2, 4, 3)])).toBe(true);
  expect(isBlock([one(0, 0, 0, 7), one(1, 2, 1, 10), one(1, 0, 1, 1), one(0, 8, 0, 10)])).toBe(true);
  expect(isBlock([one(0, 0, 4, 7), one(0, 2, 4, 10), one(5, 0, 5, 3), one(5, 6, 5, 10)])).toBe(false);
});
