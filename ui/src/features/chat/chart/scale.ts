/** Scales of a chart: round ticks for numbers and times, and how they are written. Pure. */

export interface Tick {
  /** Between 0 and 1. */
  readonly at: number;
  readonly label: string;
}

export interface Scale {
  readonly of: (value: number) => number;
  readonly ticks: readonly Tick[];
}

/** A scale over numbers, widened to round ends. */
export function linear(values: readonly number[], isFromZero: boolean, most: number, isPlain = false): Scale {
  const [low, high] = ends(values, isFromZero);
  const step = roundStep((high - low) / most);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  const of = (value: number) => (value - first * step) / ((last - first) * step);
  const ticks = Array.from({ length: last - first + 1 }, (_, place) => (first + place) * step);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const written = format(Math.max(Math.abs(low), Math.abs(high)), digits, isPlain);
  return { of, ticks: ticks.map((value) => ({ at: of(value), label: written(value) })) };
}

function ends(values: readonly number[], isFromZero: boolean): [number, number] {
  const all = isFromZero ? [0, ...values] : values;
  const low = all.reduce((one, other) => Math.min(one, other), Number.POSITIVE_INFINITY);
  const high = all.reduce((one, other) => Math.max(one, other), Number.NEGATIVE_INFINITY);
  if (!Number.isFinite(low)) return [0, 1];
  return low === high ? [low - (low === 0 ? 0 : Math.abs(low) / 2), high + (high === 0 ? 1 : Math.abs(high) / 2)] : [low, high];
}

function roundStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  return (([1, 2, 2.5, 5].find((one) => one * power >= rough * 0.999) ?? 10) as number) * power;
}

function format(largest: number, digits: number, isPlain: boolean): (value: number) => string {
  const options: Intl.NumberFormatOptions = isPlain
    ? { useGrouping: false, maximumFractionDigits: 0 }
    : largest >= 10_000
      ? { notation: "compact", maximumFractionDigits: 2 }
      : { maximumFractionDigits: Math.min(digits, 10) };
  const written = new Intl.NumberFormat(undefined, options);
  return (value) => written.format(Object.is(value, -0) ? 0 : value);
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const YEAR = 365.25 * DAY;

/** A scale over times, told and drawn as they are written, in no zone. */
export function temporal(values: readonly number[], most: number): Scale {
  const low = values.reduce((one, other) => Math.min(one, other), Number.POSITIVE_INFINITY);
  const high = values.reduce((one, other) => Math.max(one, other), Number.NEGATIVE_INFINITY);
  const span = high > low ? high - low : DAY;
  const of = (value: number) => (high > low ? (value - low) / span : 0.5);
  const ticks = moments(low, low + (high > low ? span : 0), span / most);
  return { of, ticks: ticks.map(({ at, label }) => ({ at: of(at), label })) };
}

function moments(low: number, high: number, rough: number): { at: number; label: string }[] {
  const months = [1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200].find((one) => (one * YEAR) / 12 >= rough);
  if (months !== undefined && rough > 15 * DAY) {
    const form: Intl.DateTimeFormatOptions =
      months >= 12 ? { year: "numeric", timeZone: "UTC" } : { month: "short", year: "2-digit", timeZone: "UTC" };
    const written = new Intl.DateTimeFormat(undefined, form);
    const began = new Date(low);
    const found: { at: number; label: string }[] = [];
    for (let month = Math.ceil((began.getUTCFullYear() * 12 + began.getUTCMonth()) / months) * months; ; month += months) {
      const at = Date.UTC(Math.floor(month / 12), month % 12);
      if (at > high) return found;
      if (at >= low) found.push({ at, label: written.format(at) });
    }
  }
  const step =
    [HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 14 * DAY, 28 * DAY].find((one) => one >= rough) ?? 28 * DAY;
  const form: Intl.DateTimeFormatOptions =
    step < DAY ? { day: "numeric", hour: "2-digit", timeZone: "UTC" } : { day: "numeric", month: "short", timeZone: "UTC" };
  const written = new Intl.DateTimeFormat(undefined, form);
  const first = Math.ceil(low / step) * step;
  const number = Math.max(0, Math.floor((high - first) / step) + 1);
  return Array.from({ length: number }, (_, place) => ({
    at: first + place * step,
    label: written.format(first + place * step),
  }));
}
