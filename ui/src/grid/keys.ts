/** What a key means in a grid, as in Excel. Pure. Copy, cut and paste are the browser's own events. */
import type { Action } from "./selection";

export interface Pressed {
  readonly key: string;
  readonly isCtrl: boolean;
  readonly isShift: boolean;
  readonly isAlt: boolean;
}

export type Command =
  | { readonly kind: "select"; readonly action: Action }
  | { readonly kind: "page"; readonly rows: number; readonly columns: number; readonly isExtending: boolean }
  /** Text is what was typed, and takes the place of what is in the cell. */
  | { readonly kind: "edit"; readonly text: string | null }
  | { readonly kind: "clear" | "fill" | "undo" | "redo" | "find" | "go" | "menu" | "sort" | "cancel" };

const ARROWS: Readonly<Record<string, readonly [rows: number, columns: number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

const WITH_CTRL: Readonly<Record<string, Command>> = {
  a: { kind: "select", action: { kind: "spread", over: "all" } },
  d: { kind: "fill" },
  f: { kind: "find" },
  g: { kind: "go" },
  y: { kind: "redo" },
  z: { kind: "undo" },
};

/** What a key does; null where it is the browser's. `isWide` says that more than one cell is selected. */
export function commandOf(pressed: Pressed, isHeader: boolean, isWide: boolean): Command | null {
  const { key, isCtrl, isShift, isAlt } = pressed;
  const arrow = ARROWS[key];
  if (arrow !== undefined) return isAlt ? (key === "ArrowDown" ? { kind: "menu" } : null) : stepOf(arrow, isCtrl, isShift);
  switch (key) {
    case "Home":
      return step(isCtrl ? -Infinity : 0, -Infinity, isShift);
    case "End":
      return step(isCtrl ? Infinity : 0, Infinity, isShift);
    case "PageUp":
    case "PageDown": {
      if (isCtrl) return null; // the browser's own tabs
      const pages = key === "PageUp" ? -1 : 1;
      return { kind: "page", rows: isAlt ? 0 : pages, columns: isAlt ? pages : 0, isExtending: isShift };
    }
    case "Tab": // leaves the grid, so that it is no trap; walks through a range that is selected
      return isWide ? { kind: "select", action: { kind: "next", rows: 0, columns: isShift ? -1 : 1 } } : null;
    case "Enter":
      if (isHeader) return { kind: "sort" };
      return isWide
        ? { kind: "select", action: { kind: "next", rows: isShift ? -1 : 1, columns: 0 } }
        : { kind: "edit", text: null };
    case "F2":
      return isHeader ? null : { kind: "edit", text: null };
    case "Escape":
      return { kind: "cancel" };
    case "ContextMenu":
      return { kind: "menu" };
    case "Delete":
    case "Backspace":
      return isHeader ? null : { kind: "clear" };
    case " ":
      if (isCtrl) return { kind: "select", action: { kind: "spread", over: "columns" } };
      if (isShift) return { kind: "select", action: { kind: "spread", over: "rows" } };
      return isHeader ? { kind: "sort" } : { kind: "edit", text: " " };
    case "F10":
      return isShift ? { kind: "menu" } : null;
    default:
      return letter(pressed, isHeader);
  }
}

function letter({ key, isCtrl, isShift, isAlt }: Pressed, isHeader: boolean): Command | null {
  if (isCtrl) return isShift && key.toLowerCase() === "z" ? { kind: "redo" } : (WITH_CTRL[key.toLowerCase()] ?? null);
  return [...key].length === 1 && !isAlt && !isHeader ? { kind: "edit", text: key } : null;
}

function stepOf([rows, columns]: readonly [number, number], isCtrl: boolean, isShift: boolean): Command {
  const far = (by: number) => (isCtrl && by !== 0 ? by * Infinity : by);
  return step(far(rows), far(columns), isShift);
}

function step(rows: number, columns: number, isExtending: boolean): Command {
  return { kind: "select", action: { kind: "step", rows, columns, isExtending } };
}
