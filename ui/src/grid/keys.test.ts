import { expect, test } from "vitest";
import { commandOf, type Pressed } from "./keys";

function press(keys: string, isHeader = false, isWide = false) {
  const parts = keys.split("+");
  const pressed: Pressed = {
    key: parts.at(-1) ?? "",
    isCtrl: parts.includes("Ctrl"),
    isShift: parts.includes("Shift"),
    isAlt: parts.includes("Alt"),
  };
  return commandOf(pressed, isHeader, isWide);
}

const step = (rows: number, columns: number, isExtending = false) => ({
  kind: "select",
  action: { kind: "step", rows, columns, isExtending },
});

test("arrows step, Ctrl leaps, Shift extends", () => {
  expect(press("ArrowDown")).toEqual(step(1, 0));
  expect(press("Ctrl+ArrowRight")).toEqual(step(0, Infinity));
  expect(press("Ctrl+Shift+ArrowUp")).toEqual(step(-Infinity, 0, true));
  expect(press("Home")).toEqual(step(0, -Infinity));
  expect(press("Ctrl+End")).toEqual(step(Infinity, Infinity));
});

test("typing, F2 and Enter open the editor", () => {
  expect(press("7")).toEqual({ kind: "edit", text: "7" });
  expect(press("Shift+É")).toEqual({ kind: "edit", text: "É" });
  expect(press("F2")).toEqual({ kind: "edit", text: null });
  expect(press("Enter")).toEqual({ kind: "edit", text: null });
  expect(press("Enter", false, true)).toEqual({ kind: "select", action: { kind: "next", rows: 1, columns: 0 } });
});

test("Excel's letters do what they do there", () => {
  const kinds = ["Ctrl+z", "Ctrl+y", "Ctrl+Shift+Z", "Ctrl+d", "Ctrl+f", "Ctrl+g", "Delete"].map((keys) => press(keys)?.kind);
  expect(kinds).toEqual(["undo", "redo", "redo", "fill", "find", "go", "clear"]);
  expect(press("Ctrl+a")).toEqual({ kind: "select", action: { kind: "spread", over: "all" } });
  expect(press("Shift+ ")).toEqual({ kind: "select", action: { kind: "spread", over: "rows" } });
  expect(press("Ctrl+ ")).toEqual({ kind: "select", action: { kind: "spread", over: "columns" } });
  expect(press("PageDown")).toEqual({ kind: "page", rows: 1, columns: 0, isExtending: false });
});

test("the header sorts and opens its menu, and is not edited", () => {
  expect(press("Enter", true)).toEqual({ kind: "sort" });
  expect(press(" ", true)).toEqual({ kind: "sort" });
  expect(press("Alt+ArrowDown", true)).toEqual({ kind: "menu" });
  expect([press("x", true), press("F2", true), press("Delete", true)]).toEqual([null, null, null]);
});

test("the browser keeps its own keys, and Tab is no trap", () => {
  const theirs = ["Ctrl+c", "Ctrl+v", "Ctrl+t", "Tab", "Ctrl+PageDown", "Alt+ArrowLeft", "F5"].map((keys) => press(keys));
  expect(theirs.every((command) => command === null)).toBe(true);
  expect(press("Tab", false, true)).toEqual({ kind: "select", action: { kind: "next", rows: 0, columns: 1 } });
});
