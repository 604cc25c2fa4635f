/** Values as a person reads them, in the browser's own locale. */
import type { Column, Unit } from "../api/types.gen";

export const whole = new Intl.NumberFormat();
const amount = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });
const exactShare = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 2 });
const small = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 4 });
/** Columns whose numbers name something: a year or a number of an order is not an amount. */
const NAMING = /(^|[_\s])(year|id|no|nr|number|code)$/i;

export function cell(value: unknown, column = ""): string {
  if (value === null || value === undefined) return "";
  if (typeof value !== "number") return String(value);
  if (Number.isInteger(value)) return NAMING.test(column) ? String(value) : whole.format(value);
  return Math.abs(value) < 1 ? small.format(value) : amount.format(value);
}

/** How the cells of a column are shown, made once for all of them. */
export function formatOf(column: Pick<Column, "name" | "label" | "type" | "unit">): (value: unknown) => string {
  if (column.type !== "integer" && column.type !== "decimal") return String;
  if (column.unit.is_percent) return (value) => (typeof value === "number" ? exactShare.format(value) : String(value));
  const isName = NAMING.test(column.label);
  return (value) => (isName && Number.isInteger(value) ? String(value) : cell(value));
}

/** A value as the editor of its cell begins with it. */
export function editedAs(
  value: unknown,
  column: { readonly unit: Pick<Unit, "is_percent"> } | undefined,
  decimal: string,
): string {
  if (value === null || value === undefined) return "";
  if (typeof value !== "number") return String(value);
  const text = column?.unit.is_percent === true ? `${Number((value * 100).toPrecision(15))}%` : String(value);
  return text.replace(".", decimal);
}

export function count(value: number, one: string, many = `${one}s`): string {
  return `${whole.format(value)} ${value === 1 ? one : many}`;
}

const share = new Intl.NumberFormat(undefined, { style: "percent" });

export function percent(value: number): string {
  return share.format(value);
}

const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const minute = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

export function date(iso: string): string {
  return day.format(new Date(iso));
}

export function moment(iso: string): string {
  return minute.format(new Date(iso));
}

/** A span of time: milliseconds below a second, seconds from there on. */
export function span(ms: number | null): string {
  if (ms === null) return "";
  return ms < 1000 ? `${whole.format(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

const UNITS = ["B", "KB", "MB", "GB"];

export function bytes(value: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(1, value)) / 10));
  return `${amount.format(power === 0 ? value : Number((value / 1024 ** power).toPrecision(3)))} ${UNITS[power]}`;
}
