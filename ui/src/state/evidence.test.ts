import { expect, test } from "vitest";
import type { Citation, NumberFound, ToolAnswered } from "../api/types.gen";
import { apply, type Chat, EMPTY, type Turn } from "./chat";
import { cellsOf, firstOf, restsOn, shownOf, sourceTold, stepsOf, tabbed, told } from "./evidence";
import { answered, found, NO_BASIS, ran, result } from "./samples";

const TABS = new Map([["orders", "Orders"]]);
const used = { table: "orders", rows: 12, first: 2, last: 40 };
const plain = { currency: "", symbol: "", is_percent: false, scale: 1 };

function turn(tools: readonly ToolAnswered[], numbers: readonly NumberFound[] = []): Turn {
  const asked = { kind: "asked" as const, turn: "t", question: "?", day: null, locale: "en", selection: null };
  const [made] = [asked, ...tools].reduce<Chat>(apply, EMPTY);
  if (made === undefined) throw new Error("no turn");
  return { ...made, numbers };
}

test("a step says what was done in a line, and a refused one that it was, and whether it was corrected", () => {
  const refused = answered({ is_error: true });
  const steps = stepsOf(turn([refused, ran("r1", { purpose: "Sum it" }), refused, answered({ tool: "overview" })]));
  expect(steps.map((step) => [step.says, step.about])).toEqual([
    ["Ran a query, which was refused and corrected", ""],
    ["Sum it", "r1 · 1 row"],
    ["Ran a query, which was refused", ""],
    ["Looked at the workbook", ""],
  ]);
});

test("results and charts are shown, the chart first; what was refused is not", () => {
  const chart = { id: "c1", handle: "r1", title: "", spec: {} };
  const of = turn([ran("r1"), ran("r2"), ran("r3", { is_error: true }), answered({ tool: "make_chart", chart })]);
  const shown = shownOf(of);
  expect(shown.map((one) => one.key)).toEqual(["c1", "r1", "r2"]);
  expect(firstOf(of, shown)?.key).toBe("c1");
});

test("a chart is drawn over a result of an earlier turn", () => {
  const chart = { id: "c1", handle: "r1", title: "", spec: {} };
  const of = turn([answered({ tool: "make_chart", chart })]);
  expect(shownOf(of, [turn([ran("r1")])]).map((one) => one.key)).toEqual(["c1"]);
});

test("without a chart the result that the answer cites comes first, else the last one", () => {
  const tools = [ran("r1"), ran("r2")];
  const cites = turn(tools, [found("9", null), found("1", "r1")]);
  expect(firstOf(cites, shownOf(cites))?.key).toBe("r1");
  expect(firstOf(turn(tools), shownOf(turn(tools)))?.key).toBe("r2");
  expect(firstOf(turn([]), [])).toBeNull();
});

test("an answer rests on the queries that it cites, each told once", () => {
  const basis = { ...NO_BASIS, rows: [used] };
  const tools = [ran("r1", { basis }), ran("r2", { basis: { ...NO_BASIS, filters: ["x = 1"] } }), ran("r3", { basis })];
  expect(restsOn(turn(tools, [found("1", "r1"), found("2", "r3")]), TABS)).toEqual(["12 rows of Orders (rows 2 to 40)"]);
  expect(restsOn(turn(tools), TABS)).toEqual(["12 rows of Orders (rows 2 to 40)"]);
});

test("filters, units and what was left out are told", () => {
  const columns = [
    { table: "orders", column: "revenue", unit: { ...plain, currency: "EUR", scale: 1000 }, nulls: 3, stale: 2 },
    { table: "orders", column: "share", unit: { ...plain, is_percent: true }, nulls: 0, stale: 0 },
  ];
  const filters = ["region = 'South'", "n > 1"];
  expect(told({ ...NO_BASIS, rows: [{ ...used, first: null }], filters, columns }, new Map()).split(" · ")).toEqual([
    "12 rows of orders where region = 'South' and n > 1",
    "revenue in EUR, written in thousands",
    "share in percent",
    "3 rows without revenue not counted",
    "2 values of revenue are out of date",
  ]);
});

test("a citation leads to its cells, table by table, and says how sure it is", () => {
  const tables = [
    { table: "orders", tab: "Orders", rows: [2, 5], more: 10, columns: ["revenue"], is_certain: true, ranges: [] },
    { table: "targets", tab: "Targets", rows: [], more: 4, columns: [], is_certain: false, ranges: [] },
  ];
  const citation: Citation = { handle: "r1", row: 0, column: "n", value: 1, sql: "", version: "v", tables, not_traced: null };
  expect(cellsOf(citation, true)).toEqual([
    { cells: { table: "orders", columns: ["revenue"], rows: [2, 5], more: 10 }, isFirm: true },
    { cells: { table: "targets", columns: [], rows: [], more: 4 }, isFirm: true },
  ]);
  expect(sourceTold(citation)).toBe("12 rows of Orders · revenue; 4 rows of Targets (all that the query reads)");
});

test("a copied result keeps its cells apart, whatever is in them", () => {
  expect(
    tabbed(
      result(
        ["a", "b"],
        [
          ["x\ty", null],
          ['say "hi"', 2],
        ],
      ),
    ),
  ).toBe('a\tb\n"x\ty"\t\n"say ""hi"""\t2');
});
