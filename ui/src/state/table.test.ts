import { expect, test } from "vitest";
import type { Move, Table } from "../api/types.gen";
import { column } from "./columns.fixture";
import {
  changedOf,
  filtered,
  filterSaid,
  hidden,
  lookOf,
  moved,
  renewed,
  resized,
  rowOf,
  shownOf,
  sorted,
  specsOf,
} from "./table";

const TABLE = { columns: [column("region", "text"), column("revenue", "decimal"), column("day", "date")] } as unknown as Table;
const LOOK = lookOf(TABLE);

test("a column is sorted up, then down, then not at all", () => {
  const up = sorted(LOOK, "day", false);
  const down = sorted(up, "day", false);
  expect([up.sort, down.sort, sorted(down, "day", false).sort]).toEqual([
    [{ column: "day", isDescending: false }],
    [{ column: "day", isDescending: true }],
    [],
  ]);
});

test("a second column joins the order only where it is added, and keeps its rank when it turns", () => {
  const both = sorted(sorted(LOOK, "region", false), "day", true);
  expect(sorted(both, "region", true).sort.map((one) => `${one.column} ${one.isDescending}`)).toEqual([
    "region true",
    "day false",
  ]);
  expect(specsOf(TABLE, both).map((one) => one.sort?.rank)).toEqual([1, undefined, 2]);
  expect(sorted(both, "revenue", false).sort).toHaveLength(1);
});

test("a column moves among those shown and hidden ones keep their place", () => {
  const look = hidden(LOOK, "revenue");
  expect(shownOf(moved(look, 1, 0))).toEqual(["day", "region"]);
  expect(moved(LOOK, 0, 2).columns).toEqual(["revenue", "day", "region"]);
  expect(shownOf(hidden(hidden(look, "day"), "region"))).toEqual(["region"]);
});

test("a grid is told the values' places whatever the order of columns", () => {
  const specs = specsOf(TABLE, resized(moved(LOOK, 2, 0), "day", 90));
  expect(specs.map((one) => [one.key, one.at])).toEqual([
    ["day", 3],
    ["region", 1],
    ["revenue", 2],
  ]);
  expect(specs[0]?.width).toBe(90);
});

test("a column has one condition, said as people say it", () => {
  const look = filtered(filtered(LOOK, "revenue", { column: "revenue", test: "at_least", values: [100] }), "revenue", {
    column: "revenue",
    test: "between",
    values: [1, 5],
  });
  expect(look.filters.map((one) => filterSaid(one, "Revenue"))).toEqual(["Revenue 1 to 5"]);
  expect(filterSaid({ column: "region", test: "one_of", values: ["A", "B", "C", "D", "E"] }, "Region")).toBe(
    "Region is A, B, C and 2 more",
  );
  expect(filtered(look, "revenue", null).filters).toEqual([]);
});

test("a look survives columns that come and go", () => {
  const look = sorted(hidden(LOOK, "day"), "region", false);
  const other = { columns: [column("revenue", "decimal"), column("new", "text")] } as unknown as Table;
  expect(renewed(look, other)).toMatchObject({ sort: [], columns: ["revenue", "new"], hidden: [] });
  expect(renewed(look, TABLE)).toBe(look);
});

test("a cell is changed until it is what it was before", () => {
  const move = (kind: Move["kind"], before: unknown, after: unknown): Move => ({
    seq: 1,
    kind,
    from_version: "a",
    to_version: "b",
    reason: "",
    created_by: "Ada",
    created_at: "2025-01-01T00:00:00Z",
    changes: [
      {
        kind: "set",
        table: "orders",
        columns: ["region"],
        rows: 1,
        cells: 1,
        sample: [{ row: 2, column: "region", before, after }],
        is_complete: true,
        notes: [],
      },
    ],
  });
  const edits = [move("edit", "B", "C"), move("edit", "A", "B")];
  expect(changedOf(edits, "orders").get("2 region")?.before).toBe("A");
  expect(changedOf(edits, "other").size).toBe(0);
  expect(changedOf([move("undo", "B", "C"), ...edits], "orders").get("2 region")?.before).toBe("A");
  expect(changedOf([move("undo", "A", "B"), move("undo", "B", "C"), ...edits], "orders").size).toBe(0);
});

test("a row is asked for with or without signs between its thousands", () => {
  expect(["81", " 1,000 ", "1.000.000", "12 345", "0", "abc", "1.5", "-3", ""].map(rowOf)).toEqual([
    81,
    1000,
    1_000_000,
    12_345,
    null,
    null,
    null,
    null,
    null,
  ]);
});
