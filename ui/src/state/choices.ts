/** What can be done with how a table is looked at: in a column's menu, and to take a filter or an order away. Pure. */
import type { Table } from "../api/types.gen";
import { count } from "../ui/format";
import { filtered, filterSaid, hidden, type Look, moved, resized, shownOf, sorted, sortedAs } from "./table";

const STEP = 40;
const NARROWEST = 48;

export interface Choice {
  readonly says: string;
  readonly isDone?: boolean;
  readonly isOff?: boolean;
  /** How the table is looked at then. */
  readonly look: Look;
}

export function orders(look: Look, name: string): readonly Choice[] {
  const now = look.sort.find((one) => one.column === name);
  const others = look.sort.length > (now === undefined ? 0 : 1);
  const then = { says: now === undefined ? "Then by this column" : "Turn its order", look: sorted(look, name, true) };
  return [
    { says: "Sort ascending", isDone: now?.isDescending === false, look: sortedAs(look, name, false) },
    { says: "Sort descending", isDone: now?.isDescending === true, look: sortedAs(look, name, true) },
    ...(others ? [then] : []),
  ];
}

/** The column is the one at `index` of those shown, `width` pixels wide. */
export function places(look: Look, name: string, index: number, width: number): readonly Choice[] {
  const shown = shownOf(look).length;
  const isFrozen = look.frozen === index + 1;
  const resize = (by: number) => resized(look, name, Math.max(NARROWEST, width + by));
  return [
    {
      says: isFrozen ? "Let all columns scroll" : "Freeze up to here",
      isDone: isFrozen,
      look: { ...look, frozen: isFrozen ? 0 : index + 1 },
    },
    { says: "Move left", isOff: index === 0, look: moved(look, index, index - 1) },
    { says: "Move right", isOff: index === shown - 1, look: moved(look, index, index + 1) },
    { says: "Wider", look: resize(STEP) },
    { says: "Narrower", look: resize(-STEP) },
    { says: "Hide column", isOff: shown === 1, look: hidden(look, name) },
  ];
}

/** What is done now, by filters, order and hidden columns; its look is the one without. */
export interface Chip extends Choice {
  readonly key: string;
}

export function chips(look: Look, { columns }: Pick<Table, "columns">): readonly Chip[] {
  const labelOf = (name: string) => columns.find((one) => one.name === name)?.label ?? name;
  const conditions = look.filters.map((one) => ({
    key: `filter ${one.column}`,
    says: filterSaid(one, labelOf(one.column)),
    look: filtered(look, one.column, null),
  }));
  const ordered = look.sort.map((one) => `${labelOf(one.column)} ${one.isDescending ? "↓" : "↑"}`);
  const sorting = { key: "sort", says: `by ${ordered.join(", ")}`, look: { ...look, sort: [] } };
  const hiding = { key: "hidden", says: `${count(look.hidden.length, "column")} hidden`, look: { ...look, hidden: [] } };
  return [...conditions, ...(look.sort.length > 0 ? [sorting] : []), ...(look.hidden.length > 0 ? [hiding] : [])];
}
