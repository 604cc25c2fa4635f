import { expect, test } from "vitest";
import type { Result } from "../../../api/types.gen";
import { categories, read, timeOf } from "./data";
import { linear, temporal } from "./scale";
import { sceneOf } from "./scene";

const quantity = { field: "n", type: "quantitative", title: "N" };
const region = { field: "region", type: "nominal", title: "Region" };

function result(names: readonly string[], ...rows: readonly unknown[][]): Result {
  const columns = names.map((name) => ({ name, type: "VARCHAR" }));
  return { columns, rows, row_count: rows.length, truncated: false, handle: "", row_ids: [], warnings: [] };
}

function scene(spec: Readonly<Record<string, unknown>>, of: Result) {
  const drawn = read(spec, of);
  if (drawn === null) throw new Error("not read");
  return sceneOf(drawn, 480);
}

const sales = result(["region", "n", "year"], ["South", 30, "2024"], ["North", 10, "2024"], ["South", -5, "2025"]);

test("bars begin at zero and are as long as their values", () => {
  const { shapes, plotHeight } = scene(
    { mark: { type: "bar" }, encoding: { x: region, y: quantity } },
    result(["region", "n"], ["S", 30], ["N", 15]),
  );
  const [south, north] = shapes;
  expect(south?.height).toBeCloseTo(plotHeight);
  expect((south?.height ?? 0) / (north?.height ?? 1)).toBeCloseTo(2);
  expect((south?.y ?? 0) + (south?.height ?? 0)).toBeCloseTo(plotHeight);
});

test("bars lie where the measure is on x, and many make the chart taller", () => {
  const rows = Array.from({ length: 40 }, (_, place) => [`region ${place}`, place]);
  const { shapes, height } = scene(
    { mark: { type: "bar" }, encoding: { y: region, x: quantity } },
    result(["region", "n"], ...rows),
  );
  expect(shapes).toHaveLength(40);
  expect(height).toBeGreaterThan(900);
});

test("series are stacked, above and below zero apart", () => {
  const color = { field: "year", type: "nominal", title: "Year" };
  const spec = { mark: { type: "bar" }, encoding: { x: region, y: { ...quantity, stack: "zero" }, color } };
  const { shapes, legend } = scene(spec, sales);
  expect(legend.map((one) => one.name)).toEqual(["2024", "2025"]);
  const [positive, , negative] = shapes;
  expect((positive?.y ?? 0) + (positive?.height ?? 0)).toBeCloseTo(negative?.y ?? 0);
});

test("shares of a whole reach the same height", () => {
  const color = { field: "year", type: "nominal", title: "Year" };
  const spec = { mark: { type: "bar" }, encoding: { x: region, y: { ...quantity, stack: "normalize" }, color } };
  const { shapes } = scene(spec, result(["region", "n", "year"], ["S", 3, "1"], ["S", 1, "2"], ["N", 5, "1"]));
  expect((shapes[0]?.height ?? 0) + (shapes[1]?.height ?? 0)).toBeCloseTo(shapes[2]?.height ?? 0);
});

test("a line has one path for each series and leaves out what is empty", () => {
  const x = { field: "day", type: "temporal", title: "Day", scale: { type: "utc" } };
  const of = result(["day", "n"], ["2024-01-01", 1], ["2024-02-01", null], ["2024-03-01", 3]);
  const { shapes } = scene({ mark: { type: "line" }, encoding: { x, y: quantity } }, of);
  expect(shapes.map((one) => one.kind)).toEqual(["line", "dot", "dot"]);
  expect(shapes[0]?.path.match(/[ML]/g)).toHaveLength(2);
});

test("slices say their share, and one alone is a whole circle", () => {
  const spec = { mark: { type: "arc" }, encoding: { theta: quantity, color: region } };
  expect(scene(spec, result(["region", "n"], ["S", 3], ["N", 1])).legend[0]?.name).toMatch(/^S 75/);
  expect(scene(spec, result(["region", "n"], ["S", 3])).shapes[0]?.path.match(/A/g)).toHaveLength(2);
});

test("points and squares are drawn by their values", () => {
  const points = scene({ mark: { type: "point" }, encoding: { x: quantity, y: quantity } }, sales);
  expect(points.shapes).toHaveLength(3);
  const year = { field: "year", type: "ordinal", title: "Year" };
  const squares = scene({ mark: { type: "rect" }, encoding: { x: region, y: year, color: quantity } }, sales);
  expect(squares.shapes.map((one) => one.strength > 0)).toEqual([true, true, true]);
});

test("a spec beyond the subset, or of columns that are not there, is not drawn", () => {
  expect(read({ mark: { type: "geoshape" }, encoding: {} }, sales)).toBeNull();
  expect(read({ mark: { type: "bar" }, encoding: { x: region } }, sales)).toBeNull();
  expect(read({ mark: "bar" }, sales)).toBeNull();
});

test("a dot in a column's name is no path", () => {
  const of = result(["a.b", "n"], ["x", 1]);
  expect(read({ mark: { type: "bar" }, encoding: { x: { ...region, field: "a\\.b" }, y: quantity } }, of)?.x?.values).toEqual([
    "x",
  ]);
});

test("categories stand as the rows do, or as the spec sorts them", () => {
  const channel = read({ mark: { type: "bar" }, encoding: { x: region, y: quantity } }, sales);
  if (channel?.x == null) throw new Error("not read");
  expect(categories(channel.x, channel.y)).toEqual(["South", "North"]);
  expect(categories({ ...channel.x, sort: "ascending" }, channel.y)).toEqual(["North", "South"]);
  expect(categories({ ...channel.x, sort: "y" }, channel.y)).toEqual(["North", "South"]);
  expect(categories({ ...channel.x, sort: "-y" }, channel.y)).toEqual(["South", "North"]);
});

test("ticks are round and reach around the values", () => {
  const { ticks, of } = linear([3, 97], true, 5);
  expect(ticks.map((tick) => tick.label)).toEqual(["0", "20", "40", "60", "80", "100"]);
  expect(of(97)).toBeLessThan(1);
  expect(linear([], true, 5).ticks.length).toBeGreaterThan(1);
  expect(linear([7, 7], false, 5).of(7)).toBeCloseTo(0.5);
});

test("a year is written without separators", () => {
  expect(linear([2019, 2024], false, 5, true).ticks.map((tick) => tick.label)).toContain("2021");
});

test("ticks of times are whole months, years or days", () => {
  const at = (text: string) => timeOf(text) ?? 0;
  expect(temporal([at("2020-01-01"), at("2025-01-01")], 6).ticks).toHaveLength(6);
  expect(temporal([at("2024-01-01"), at("2024-06-01")], 6).ticks).toHaveLength(6);
  expect(temporal([at("2024-01-01"), at("2024-01-05")], 6).ticks.length).toBeGreaterThan(3);
  expect(temporal([at("2024-01-01")], 6).of(at("2024-01-01"))).toBe(0.5);
});
