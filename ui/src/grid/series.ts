/** How values go on when they are drawn further, as Excel's fill handle does it. Pure. */
import type { Kind, Value } from "./values";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** What a number keeps of its digits: more would show how it is stored. */
const DIGITS = 12;

/** The next values after those given; null where they are no series, and are to be repeated. */
export function continued(values: readonly Value[], kind: Kind, count: number): readonly Value[] | null {
  const next = nextOf(values, kind);
  return next === null ? null : Array.from({ length: count }, (_, index) => next(values.length + index));
}

type Next = (index: number) => Value;

function nextOf(values: readonly Value[], kind: Kind): Next | null {
  switch (kind) {
    case "integer":
    case "decimal":
      return values.length < 2 ? null : trend(values, kind);
    case "date":
      return dates(values);
    case "datetime":
      return moments(values);
    case "time":
      return times(values);
    case "text":
      return named(values) ?? numbered(values);
    case "boolean":
      return null;
  }
}

/** Numbers on the line that fits them best; for equal steps it goes through all of them. */
function trend(values: readonly Value[], kind: "integer" | "decimal"): Next | null {
  const numbers = values.filter((value) => typeof value === "number" && (kind === "decimal" || Number.isSafeInteger(value)));
  if (numbers.length < values.length) return null;
  const [first = 0] = numbers;
  const step = stepOf(numbers as readonly number[]);
  const { at, by } = step === null ? fitting(numbers as readonly number[]) : { at: first as number, by: step };
  const rounded = (value: number) => (kind === "integer" ? Math.round(value) : Number(value.toPrecision(DIGITS)));
  return (index) => rounded(at + index * by);
}

/** The line of least squares through values that stand at 0, 1, 2 and so on. */
function fitting(values: readonly number[]): { readonly at: number; readonly by: number } {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, one) => sum + one, 0) / values.length;
  const across = values.reduce((sum, one, index) => sum + (index - middle) * (one - mean), 0);
  const spread = values.reduce((sum, _, index) => sum + (index - middle) ** 2, 0);
  const by = across / spread;
  return { at: mean - by * middle, by };
}

/** By how much each value is more than the one before it; null where that is not the same everywhere. */
function stepOf(values: readonly number[], alone: number | null = null): number | null {
  const [first, second] = values;
  if (first === undefined) return null;
  if (second === undefined) return alone;
  const by = Number((second - first).toPrecision(DIGITS));
  const isEven = values.every((one, index) => Math.abs(first + index * by - one) <= Math.abs(by) * 1e-9);
  return isEven ? by : null;
}

/** One day by day; several by their step, which may be months or years. */
function dates(values: readonly Value[]): Next | null {
  const days = values.map((value) => (typeof value === "string" ? Date.parse(`${value}T00:00:00Z`) : Number.NaN));
  const [first = Number.NaN] = days;
  if (days.some((one) => Number.isNaN(one))) return null;
  const months = monthly(days);
  if (months !== null) return (index) => dayOf(months(index));
  const by = stepOf(days, DAY_MS);
  return by === null ? null : (index) => dayOf(first + index * by);
}

/** Days that stand a number of months apart: all on one day of the month, or all on the last. */
function monthly(days: readonly number[]): ((index: number) => number) | null {
  const found = days.map((one) => new Date(one));
  const by = stepOf(found.map((one) => one.getUTCFullYear() * 12 + one.getUTCMonth()));
  const [first] = found;
  if (first === undefined || by === null || by === 0) return null;
  const [year, month] = [first.getUTCFullYear(), first.getUTCMonth()];
  const lastOf = (index: number) => Date.UTC(year, month + index * by + 1, 0);
  if (days.every((one, index) => one === lastOf(index))) return lastOf;
  const day = Math.max(...found.map((one) => one.getUTCDate()));
  const placed = (index: number) => Math.min(Date.UTC(year, month + index * by, day), lastOf(index)); // the 31st of June is the 30th
  return days.every((one, index) => one === placed(index)) ? placed : null;
}

function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** Moments one day, or their own step, apart; they are written as they were. */
function moments(values: readonly Value[]): Next | null {
  const texts = values.filter((value) => typeof value === "string" && /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d$/.test(value));
  const times = texts.map((text) => Date.parse(`${String(text).replace(" ", "T")}Z`));
  const [first] = times;
  const by = stepOf(times, DAY_MS);
  if (texts.length < values.length || first === undefined || by === null) return null;
  const sign = String(texts[0])[10] ?? " ";
  return (index) => new Date(first + index * by).toISOString().slice(0, 19).replace("T", sign);
}

/** Times of the day one hour, or their own step, apart, round the clock. */
function times(values: readonly Value[]): Next | null {
  const texts = values.filter((value) => typeof value === "string" && /^\d\d:\d\d:\d\d$/.test(value));
  const found = texts.map((text) => Date.parse(`1970-01-01T${text}Z`));
  const [first] = found;
  const by = stepOf(found, HOUR_MS);
  if (texts.length < values.length || first === undefined || by === null) return null;
  return (index) => new Date(modulo(first + index * by, DAY_MS)).toISOString().slice(11, 19);
}

/** Texts that differ by the number at their end: `Q1 2024` goes on with `Q1 2025`, `A009` with `A010`. */
function numbered(values: readonly Value[]): Next | null {
  const found = values.map((value) => (typeof value === "string" ? /^(.*?)(\d{1,15})$/s.exec(value) : null));
  const [first] = found;
  const numbers = found.map((one) => Number(one?.[2]));
  if (first === null || first === undefined || found.some((one) => one?.[1] !== first[1])) return null;
  const by = stepOf(numbers, 1);
  const width = found.every((one) => one?.[2]?.length === first[2]?.length) ? (first[2]?.length ?? 0) : 0;
  if (by === null) return null;
  // before 0 Excel counts up again
  return (index) => `${first[1]}${String(Math.abs((numbers[0] ?? 0) + index * by)).padStart(width, "0")}`;
}

const LISTS: readonly (readonly string[])[] = listsOf([undefined, "en"]);

/** Months, days of the week and quarters by their names, round and round. */
function named(values: readonly Value[]): Next | null {
  for (const list of LISTS) {
    const lower = list.map((one) => one.toLowerCase());
    const places = values.map((value) => (typeof value === "string" ? lower.indexOf(value.toLowerCase()) : -1));
    const [first = -1] = places;
    if (places.includes(-1)) continue;
    // from November over January to March is two by two as well
    const unrolled: number[] = [];
    for (const one of places) {
      const before = unrolled.at(-1) ?? one;
      unrolled.push(before + modulo(one - before, list.length));
    }
    const by = stepOf(unrolled, 1);
    if (by === null || by === 0) continue;
    const style = styleOf(String(values[0]));
    return (index) => style(list[modulo(first + index * by, list.length)] ?? "");
  }
  return null;
}

function listsOf(locales: readonly (string | undefined)[]): readonly (readonly string[])[] {
  const quarters = ["Q1", "Q2", "Q3", "Q4"];
  const named = locales.flatMap((locale) =>
    (["long", "short"] as const).flatMap((style) => {
      const month = new Intl.DateTimeFormat(locale, { month: style, timeZone: "UTC" });
      const weekday = new Intl.DateTimeFormat(locale, { weekday: style, timeZone: "UTC" });
      return [
        Array.from({ length: 12 }, (_, index) => month.format(Date.UTC(2024, index, 1))),
        Array.from({ length: 7 }, (_, index) => weekday.format(Date.UTC(2024, 0, 1 + index))),
      ];
    }),
  );
  return [quarters, ...named];
}

/** How a name is written, for the others of its list. */
function styleOf(text: string): (name: string) => string {
  if (text === text.toUpperCase()) return (name) => name.toUpperCase();
  return text === text.toLowerCase() ? (name) => name.toLowerCase() : (name) => name;
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}
