/** A chart's spec read with its result: which column is on which channel, and its values as the mark needs them. Pure. */
import type { Result } from "../../../api/types.gen";

export type Mark = "bar" | "line" | "area" | "point" | "arc" | "rect";
export type Kind = "quantitative" | "temporal" | "nominal" | "ordinal";

/** A column on a channel. */
export interface Channel {
  readonly kind: Kind;
  readonly title: string;
  readonly sort: string | null;
  readonly stack: string | null;
  readonly isFromZero: boolean;
  readonly isYear: boolean;
  readonly values: readonly unknown[];
}

export interface Drawn {
  readonly mark: Mark;
  readonly title: string;
  readonly rows: number;
  readonly x: Channel | null;
  readonly y: Channel | null;
  readonly theta: Channel | null;
  readonly color: Channel | null;
  /** Bars of several series stand side by side. */
  readonly isGrouped: boolean;
}

const MARKS: readonly string[] = ["bar", "line", "area", "point", "arc", "rect"] satisfies Mark[];

/** What to draw; null for a spec beyond the subset, whose data is shown as a table. */
export function read(spec: Readonly<Record<string, unknown>>, result: Result): Drawn | null {
  const encoding = part(spec.encoding);
  const mark = part(spec.mark).type;
  if (typeof mark !== "string" || !MARKS.includes(mark)) return null;
  const of = (name: string) => channel(part(encoding[name]), result);
  const isGrouped = encoding.xOffset !== undefined || encoding.yOffset !== undefined;
  const drawn = { x: of("x"), y: of("y"), theta: of("theta"), color: of("color") };
  const needed = mark === "arc" ? [drawn.theta, drawn.color] : [drawn.x, drawn.y];
  if (needed.some((one) => one === null)) return null;
  return { mark: mark as Mark, title: text(spec.title), rows: result.rows.length, isGrouped, ...drawn };
}

function channel(said: Readonly<Record<string, unknown>>, result: Result): Channel | null {
  const name = text(said.field).replace(/\\(.)/g, "$1");
  const place = result.columns.findIndex((column) => column.name === name);
  if (place < 0) return null;
  return {
    kind: said.type as Kind,
    title: text(said.title) || name,
    sort: typeof said.sort === "string" ? said.sort : null,
    stack: typeof said.stack === "string" ? said.stack : null,
    isFromZero: part(said.scale).zero !== false,
    isYear: part(said.axis).format === "d",
    values: result.rows.map((row) => row[place]),
  };
}

export function numberOf(value: unknown): number | null {
  if (typeof value === "number") return value;
  const read = typeof value === "string" && value.trim() !== "" ? Number(value) : Number.NaN;
  return Number.isFinite(read) ? read : null;
}

/** Milliseconds of a time as it is written, in no zone. */
export function timeOf(value: unknown): number | null {
  const found = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?)?/.exec(String(value ?? ""));
  if (found === null) return null;
  const [year, month, day, hour, minute, second] = found.slice(1).map((one) => Number(one ?? 0));
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second);
}

export function nameOf(value: unknown): string {
  return value === null || value === undefined || value === "" ? "(empty)" : String(value);
}

/** The categories of a channel in the order that its sort says; `measure` is what the other axis shows. */
export function categories(channel: Channel, measure: Channel | null): string[] {
  const names = [...new Set(channel.values.map(nameOf))];
  const sign = channel.sort?.startsWith("-") || channel.sort === "descending" ? -1 : 1;
  switch (channel.sort) {
    case null:
      return names;
    case "ascending":
    case "descending":
      return names.sort((one, other) => sign * one.localeCompare(other, undefined, { numeric: true }));
    default: {
      const sums = new Map<string, number>();
      channel.values.forEach((value, row) => {
        sums.set(nameOf(value), (sums.get(nameOf(value)) ?? 0) + (numberOf(measure?.values[row]) ?? 0));
      });
      return names.sort((one, other) => sign * ((sums.get(one) ?? 0) - (sums.get(other) ?? 0)));
    }
  }
}

function part(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
