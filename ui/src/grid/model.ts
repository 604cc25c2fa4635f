/** What a grid is told to show, and what it tells of its user. */
import type { Row } from "./blocks";
import type { Command } from "./keys";
import type { Place, Range, Selection } from "./selection";
import type { Kind } from "./values";

export interface ColumnSpec {
  readonly key: string;
  readonly title: string;
  /** The line under the title. */
  readonly about: string;
  /** Why it is what it is said to be. */
  readonly hint: string;
  readonly isDoubtful: boolean;
  readonly kind: Kind;
  /** In what a value is typed, where the file writes it in another unit. */
  readonly typedIn: string;
  readonly isPercent: boolean;
  readonly width: number;
  /** Where its value is in a row. */
  readonly at: number;
  /** Its direction and its rank among the columns sorted by, from 1; null where it is none of them. */
  readonly sort: { readonly isDescending: boolean; readonly rank: number } | null;
  readonly isFiltered: boolean;
}

export interface Shown {
  readonly caption: string;
  readonly columns: readonly ColumnSpec[];
  /** How many columns stay in view. */
  readonly frozen: number;
  readonly rows: number;
  /** Nothing is changed in it. */
  readonly isReadOnly: boolean;
}

export interface Source {
  row(index: number): Row | undefined;
  text(value: unknown, column: ColumnSpec): string;
  /** Class names of a cell for what is special about it, and a sentence on it. */
  mark(row: Row, column: ColumnSpec): Mark | null;
}

export interface Mark {
  readonly names: string;
  readonly says: string;
}

export interface Heard {
  readonly onSelect: (selection: Selection) => void;
  readonly onSee: (first: number, last: number) => void;
  /** Every command but those of selecting and editing, which the grid obeys itself. */
  readonly onCommand: (kind: Command["kind"]) => void;
  /** What the editor begins with; null where the cell cannot be edited. */
  readonly onOpen: (place: Place) => string | null;
  /** Take what was typed; what is returned says why it cannot be. */
  readonly onType: (place: Place, text: string) => string | null;
  readonly onSort: (column: number, isAdding: boolean) => void;
  readonly onMenu: (column: number, at: HTMLElement) => void;
  readonly onResize: (column: number, width: number) => void;
  readonly onReorder: (from: number, to: number) => void;
  readonly onFill: (from: Range, to: Range) => void;
  readonly onCopy: (event: ClipboardEvent) => void;
  readonly onCut: (event: ClipboardEvent) => void;
  readonly onPaste: (event: ClipboardEvent) => void;
}

export const NUMERIC: ReadonlySet<Kind> = new Set<Kind>(["integer", "decimal"]);

export function div(role: string, name: string): HTMLDivElement {
  const element = document.createElement("div");
  element.className = name;
  if (role !== "") element.setAttribute("role", role);
  return element;
}
