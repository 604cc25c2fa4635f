import { expect, test } from "vitest";
import { chips, orders, places } from "./choices";
import type { Look } from "./table";

const look: Look = {
  columns: ["a", "b", "c"],
  hidden: [],
  widths: {},
  frozen: 1,
  sort: [{ column: "a", isDescending: false }],
  filters: [],
};

test("an order that holds is marked, and another column can come second", () => {
  expect(orders(look, "a").map((one) => [one.says, one.isDone])).toEqual([
    ["Sort ascending", true],
    ["Sort descending", false],
  ]);
  const then = orders(look, "b").find((one) => one.says === "Then by this column");
  expect(then?.look.sort.map((one) => one.column)).toEqual(["a", "b"]);
});

test("the first column cannot go left, and the frozen one lets go", () => {
  const offered = new Map(places(look, "a", 0, 100).map((one) => [one.says, one]));
  expect(offered.get("Move left")?.isOff).toBe(true);
  expect(offered.get("Let all columns scroll")?.look.frozen).toBe(0);
  expect(offered.get("Hide column")?.look.hidden).toEqual(["a"]);
});

test("what is done is told and leads to the look without it", () => {
  const now: Look = {
    ...look,
    hidden: ["c"],
    filters: [{ column: "b", test: "at_least", values: [5] }],
  };
  const found = chips(now, { columns: [] });
  expect(found.map((one) => one.says)).toEqual(["b at least 5", "by a ↑", "1 column hidden"]);
  expect(found.map((one) => [one.look.filters.length, one.look.sort.length, one.look.hidden.length])).toEqual([
    [0, 1, 1],
    [1, 0, 1],
    [1, 1, 0],
  ]);
});
