/** How tables were looked at, as a browser keeps it over a reload: order, width and hiding of columns, and which stay. Pure. */
import type { Table } from "../api/types.gen";
import { type Look, lookOf, renewed } from "./table";

/** Rows are shown anew as they stand: a filter that nobody remembers would hide them. */
export interface KeptLook extends Pick<Look, "columns" | "hidden" | "widths" | "frozen"> {
  readonly sheet: string;
  readonly table: string;
}

/** The newest first. */
export type Kept = readonly KeptLook[];

type Columns = Pick<Table, "id" | "columns">;

const MOST = 50;
const MOST_LETTERS = 200_000;
const WIDEST = 2_000;
const NARROWEST = 24;

/** What is kept with one more look; the oldest go where it becomes too much, and what looks as at first is not kept. */
export function withLook(kept: Kept, sheet: string, table: Columns, look: Look): Kept {
  const { columns, hidden, widths, frozen } = look;
  const others = kept.filter((one) => one.sheet !== sheet || one.table !== table.id);
  const first = lookOf(table);
  const isFirst = `${columns}` === `${first.columns}` && hidden.length === 0 && frozen === first.frozen;
  if (isFirst && Object.keys(widths).length === 0) return others;
  const all = [{ sheet, table: table.id, columns, hidden, widths, frozen }, ...others].slice(0, MOST);
  while (all.length > 0 && JSON.stringify(all).length > MOST_LETTERS) all.pop();
  return all;
}

/** How a table is looked at again. */
export function lookKept(kept: Kept, sheet: string, table: Columns): Look {
  const found = kept.find((one) => one.sheet === sheet && one.table === table.id);
  if (found === undefined) return lookOf(table);
  const { columns, widths, frozen } = found;
  const look = renewed({ sort: [], filters: [], columns, hidden: [], widths, frozen }, table);
  const hidden = look.columns.filter((name) => found.hidden.includes(name));
  return hidden.length < look.columns.length ? { ...look, hidden } : look;
}

/** Reads what was kept; whatever is no look is left out. */
export function keptLooks(text: string | null): Kept {
  try {
    const kept: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(kept) ? kept.slice(0, MOST).flatMap(keptLook) : [];
  } catch {
    return []; // somebody else's text
  }
}

function keptLook(one: unknown): Kept {
  if (typeof one !== "object" || one === null) return [];
  const { sheet, table, columns, hidden, widths, frozen } = one as Partial<Record<keyof KeptLook, unknown>>;
  if (typeof sheet !== "string" || typeof table !== "string" || !isNames(columns) || !isNames(hidden)) return [];
  if (typeof widths !== "object" || widths === null || typeof frozen !== "number") return [];
  const wide = Object.entries(widths).filter(([, width]) => typeof width === "number" && Number.isFinite(width));
  const fitting = wide.map(([name, width]) => [name, Math.min(WIDEST, Math.max(NARROWEST, width))] as const);
  const isCount = Number.isInteger(frozen) && frozen >= 0;
  return [
    {
      sheet,
      table,
      columns: [...new Set(columns)],
      hidden,
      widths: Object.fromEntries(fitting),
      frozen: isCount ? frozen : 0,
    },
  ];
}

function isNames(names: unknown): names is readonly string[] {
  return Array.isArray(names) && names.every((name) => typeof name === "string");
}
