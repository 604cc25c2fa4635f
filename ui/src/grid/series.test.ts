import { expect, test } from "vitest";
import { continued } from "./series";
import type { Kind, Value } from "./values";

test.each<[string, Kind, Value[], Value[] | null]>([
  ["one number is repeated", "integer", [5], null],
  ["two numbers go on by their step", "integer", [1, 2], [3, 4, 5]],
  ["also downwards", "integer", [10, 8], [6, 4, 2]],
  ["and in fractions, without what binary adds", "decimal", [0.1, 0.2, 0.3], [0.4, 0.5, 0.6]],
  ["uneven numbers follow their trend", "decimal", [1, 2, 4], [5.33333333333, 6.83333333333, 8.33333333333]],
  ["equal numbers stay", "integer", [7, 7], [7, 7, 7]],
  ["an empty cell makes no series", "integer", [1, null], null],
  ["one date goes on by day", "date", ["2024-02-28"], ["2024-02-29", "2024-03-01", "2024-03-02"]],
  ["two by their days", "date", ["2024-01-01", "2024-01-08"], ["2024-01-15", "2024-01-22", "2024-01-29"]],
  ["or by their months", "date", ["2024-11-15", "2024-12-15"], ["2025-01-15", "2025-02-15", "2025-03-15"]],
  ["the ends of months", "date", ["2023-11-30", "2023-12-31"], ["2024-01-31", "2024-02-29", "2024-03-31"]],
  ["and years", "date", ["2020-02-29", "2021-02-28"], ["2022-02-28", "2023-02-28", "2024-02-29"]],
  ["dates without a step", "date", ["2024-01-01", "2024-01-02", "2024-01-09"], null],
  [
    "one moment by day",
    "datetime",
    ["2024-12-31 10:30:00"],
    ["2025-01-01 10:30:00", "2025-01-02 10:30:00", "2025-01-03 10:30:00"],
  ],
  ["one time by hour, round the clock", "time", ["22:15:00"], ["23:15:00", "00:15:00", "01:15:00"]],
  ["a number at the end of a text", "text", ["Item 9"], ["Item 10", "Item 11", "Item 12"]],
  ["keeps its width", "text", ["A007", "A009"], ["A011", "A013", "A015"]],
  ["months by name", "text", ["nov"], ["dec", "jan", "feb"]],
  ["two by two over the year's end", "text", ["November", "January"], ["March", "May", "July"]],
  ["however often the year ends", "text", ["Nov", "Jan", "Mar"], ["May", "Jul", "Sep"]],
  ["days of the week", "text", ["SAT"], ["SUN", "MON", "TUE"]],
  ["quarters", "text", ["Q3"], ["Q4", "Q1", "Q2"]],
  ["other texts are repeated", "text", ["North", "South"], null],
  ["as are two kinds of them", "text", ["Item 1", "Part 2"], null],
  ["and truths", "boolean", [true, false], null],
])("%s", (_, kind, values, expected) => {
  expect(continued(values, kind, 3)).toEqual(expected);
});
