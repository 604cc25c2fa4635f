import { expect, test } from "vitest";
import { bounds, earlier, LATEST, later, type Near } from "./near";

function times(number: number, step: (near: Near, length: number) => Near, begin: Near, length: number): Near {
  return Array.from({ length: number }).reduce<Near>((near) => step(near, length), begin);
}

test("at first the latest turns are drawn, and they follow the end", () => {
  expect(bounds(LATEST, 500)).toEqual({ from: 470, to: 500 });
  expect(bounds(LATEST, 501)).toEqual({ from: 471, to: 501 });
  expect(bounds(LATEST, 3)).toEqual({ from: 0, to: 3 });
});

test("who reads back sees the turns before, and never more than some are drawn", () => {
  expect(bounds(earlier(LATEST, 500), 500)).toEqual({ from: 440, to: 500 });
  expect(bounds(times(4, earlier, LATEST, 500), 500)).toEqual({ from: 350, to: 440 });
  expect(bounds(times(99, earlier, LATEST, 500), 500)).toEqual({ from: 0, to: 90 });
});

test("who reads on comes back to the end, and follows it again", () => {
  const first = times(99, earlier, LATEST, 500);
  expect(bounds(later(first, 500), 500)).toEqual({ from: 30, to: 120 });
  expect(times(99, later, first, 500).end).toBeNull();
  expect(bounds(times(99, later, first, 500), 500).to).toBe(500);
});

test("a turn that is added does not move who reads further up", () => {
  const up = times(4, earlier, LATEST, 500);
  expect(bounds(up, 501)).toEqual({ from: 350, to: 440 });
});
