import { expect, test } from "vitest";
import type { ColumnSpec } from "../grid/model";
import { numbersIn, totalsSaid } from "./totals";

const specs = [
  { key: "region", kind: "text", at: 1 },
  { key: "revenue", kind: "decimal", at: 2 },
] as unknown as ColumnSpec[];
const rows = [
  [2, "East", 10],
  [3, "West", 20.5],
  [4, "West", null],
  [5, "South", 4],
];

test("only numbers of the ranges count, and overlapping ranges count once", () => {
  const ranges = [
    { top: 10, bottom: 11, left: 0, right: 1 },
    { top: 11, bottom: 12, left: 1, right: 1 },
  ];
  expect(numbersIn(ranges, specs, rows, 10)).toEqual([10, 20.5]);
});

test("a sum and an average are told of two numbers or more", () => {
  expect(totalsSaid([10, 20.5])).toBe(" · sum 30.5 · average 15.25");
  expect(totalsSaid([10])).toBe("");
});
