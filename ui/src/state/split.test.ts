import { expect, test } from "vitest";
import { FIRST, fitted, keyed, shareOf } from "./split";

test("neither pane falls below its least", () => {
  expect(fitted(0.01, 1600)).toBe(0.2);
  expect(fitted(0.99, 1600)).toBe(0.8);
  expect(fitted(0.5, 1600)).toBe(0.5);
});

test("a width without room for both is halved", () => {
  expect(fitted(0.1, 400)).toBe(0.5);
});

test("what was kept counts only where it is a share", () => {
  expect([shareOf("0.3"), shareOf("7"), shareOf("x"), shareOf(null), shareOf("0")]).toEqual([0.3, FIRST, FIRST, FIRST, FIRST]);
});

test("arrows move the divider, with shift further; home and end go to its ends, enter back to the first", () => {
  expect(keyed(0.4, "ArrowLeft", false)).toBeCloseTo(0.38);
  expect(keyed(0.4, "ArrowRight", true)).toBeCloseTo(0.5);
  expect([keyed(0.3, "Home", false), keyed(0.3, "End", false), keyed(0.3, "Enter", false)]).toEqual([0, 1, FIRST]);
  expect(keyed(0.4, "a", false)).toBeNull();
});
