import { expect, test } from "vitest";
import { conditioned, draftOf, isSame, ruleOf, seenSaid, strays, toggled, WHOLE, without } from "./rules";

const NORTH = { column: "region", test: "equals", values: ["North"] } as const;

test("a role without rules sees all", () => {
  expect(draftOf([{ role: "editor", tables: [{ table: "a", hidden: ["x"], rows: [] }] }], "viewer")).toEqual(WHOLE);
  expect(ruleOf(WHOLE, "a")).toEqual({ table: "a", hidden: [], rows: [] });
});

test("a column is hidden and shown again, and then no rule is left", () => {
  const hidden = toggled(toggled(WHOLE, "orders", "margin"), "orders", "cost");
  expect(hidden).toEqual([{ table: "orders", hidden: ["margin", "cost"], rows: [] }]);
  expect(toggled(toggled(hidden, "orders", "cost"), "orders", "margin")).toEqual(WHOLE);
});

test("a column has one condition, which can be changed and taken away", () => {
  const first = conditioned(toggled(WHOLE, "orders", "margin"), "orders", "region", NORTH);
  expect(ruleOf(first, "orders").rows).toEqual([NORTH]);
  const south = { ...NORTH, values: ["South"] };
  expect(ruleOf(conditioned(first, "orders", "region", south), "orders").rows).toEqual([south]);
  expect(conditioned(first, "orders", "region", null)).toEqual([{ table: "orders", hidden: ["margin"], rows: [] }]);
});

test("tables keep their rules apart, and a table that is gone is told", () => {
  const both = toggled(toggled(WHOLE, "a", "x"), "b", "y");
  expect(toggled(both, "a", "x")).toEqual([{ table: "b", hidden: ["y"], rows: [] }]);
  expect(strays(both, ["a"])).toEqual(["b"]);
  expect(without(both, "b")).toEqual([{ table: "a", hidden: ["x"], rows: [] }]);
  expect([isSame(both, both), isSame(both, WHOLE)]).toEqual([true, false]);
});

test("what is seen is said in rows and columns", () => {
  const seen = { table: "a", rows: 3, of_rows: 10, columns: 2, of_columns: 4 };
  expect(seenSaid(seen)).toBe("3 of 10 rows, 2 of 4 columns");
  expect(seenSaid({ ...seen, rows: 10 })).toBe("all 10 rows, 2 of 4 columns");
  expect(seenSaid({ ...seen, columns: 4 })).toBe("3 of 10 rows, all 4 columns");
  expect(seenSaid({ ...seen, rows: 10, columns: 4 })).toBe("seen whole");
  expect(seenSaid({ ...seen, columns: 0 })).toBe("not seen at all");
});
