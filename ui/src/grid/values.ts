/** What a person types or pastes, read by the type of its column. Pure; nothing is guessed where a text can mean two things. */

export type Kind = "text" | "integer" | "decimal" | "boolean" | "date" | "datetime" | "time";
export type Value = string | number | boolean | null;
export type Read = { readonly value: Value } | { readonly why: string };

/** How numbers and days are written here. */
export interface Habits {
  readonly decimal: string;
  /** Day and month of `3/4/2025`: `dmy` or `mdy`. */
  readonly order: "dmy" | "mdy";
}

export const EXAMPLES: Readonly<Record<Kind, string>> = {
  text: "",
  integer: "1200",
  decimal: "12.5",
  boolean: "true",
  date: "2025-12-31",
  datetime: "2025-12-31 14:30",
  time: "14:30",
};

const YES = new Set(["true", "yes", "1", "wahr", "ja", "vrai", "oui"]);
const NO = new Set(["false", "no", "0", "falsch", "nein", "faux", "non"]);

export function habitsOf(locale?: string): Habits {
  const numbers = new Intl.NumberFormat(locale).formatToParts(1.5);
  const days = new Intl.DateTimeFormat(locale).formatToParts(new Date(2025, 0, 2)).map((part) => part.type);
  return {
    decimal: numbers.find((part) => part.type === "decimal")?.value ?? ".",
    order: days.indexOf("month") < days.indexOf("day") ? "mdy" : "dmy",
  };
}

/** In a column of percentages 12 is 12 %, and 0.12 is that too, as in Excel. */
export function read(text: string, kind: Kind, habits: Habits, isPercent = false): Read {
  if (kind === "text") return { value: text === "" ? null : text };
  const trimmed = text.trim();
  if (trimmed === "") return { value: null };
  const plain = parsed(trimmed, kind, habits);
  const isShort = isPercent && typeof plain === "number" && Math.abs(plain) >= 1 && !trimmed.includes("%");
  const value = isShort ? hundredth(plain) : plain;
  return value === null ? { why: `“${shortened(trimmed)}” is no ${NAMES[kind]}, such as ${EXAMPLES[kind]}.` } : { value };
}

const NAMES: Readonly<Record<Kind, string>> = {
  text: "text",
  integer: "whole number",
  decimal: "number",
  boolean: "true or false",
  date: "date",
  datetime: "date and time",
  time: "time",
};

function parsed(text: string, kind: Exclude<Kind, "text">, habits: Habits): Value {
  switch (kind) {
    case "integer": {
      const number = numberOf(text, habits);
      return number !== null && Number.isInteger(number) ? exact(text, number) : null;
    }
    case "decimal":
      return numberOf(text, habits);
    case "boolean": {
      const word = text.toLowerCase();
      return YES.has(word) ? true : NO.has(word) ? false : null;
    }
    case "date": {
      const [day, rest] = dayOf(text, habits);
      return /^([T ]0?0:00(:00)?)?$/.test(rest) ? day : null;
    }
    case "datetime": {
      const [day, rest] = dayOf(text, habits);
      const time = rest === "" ? "00:00:00" : timeOf(rest.replace(/^[T ]\s*/, ""));
      return day !== null && time !== null ? `${day} ${time}` : null;
    }
    case "time":
      return timeOf(text);
  }
}

/** A whole number beyond what a number of the browser keeps goes as its text, which the server reads. */
function exact(text: string, number: number): Value {
  return Number.isSafeInteger(number) ? number : text.replaceAll(/[^\d+-]/g, "");
}

function numberOf(text: string, { decimal }: Habits): number | null {
  const isNegative = /^\(.*\)$/.test(text) || /^[-−]/.test(text) || /-$/.test(text);
  const isPercent = text.endsWith("%");
  let digits = text.replace(/^\((.*)\)$/, "$1").replaceAll(/[\s'’−+%\p{Sc}-]/gu, "");
  if (/^\d+(\.\d+)?e\d+$/i.test(digits))
    digits = text.replaceAll(/[\s+]/g, ""); // 1.5E+3
  else {
    const plain = ungrouped(digits, decimal);
    if (plain === null) return /^[+-]?\d+(\.\d+)?[eE][+-]?\d{1,3}$/.test(text) ? Number(text) : null;
    digits = plain;
  }
  const number = Number(digits);
  if (digits === "" || !Number.isFinite(number)) return null;
  const signed = isNegative ? -Math.abs(number) : number;
  return isPercent ? hundredth(signed) : signed;
}

function hundredth(number: number): number {
  return Number((number / 100).toPrecision(15));
}

/** Digits with a point at most: the last of two different signs is the decimal one, one sign is what it is here. */
function ungrouped(digits: string, decimal: string): string | null {
  const [point, comma] = [digits.lastIndexOf("."), digits.lastIndexOf(",")];
  const sign = point >= 0 && comma >= 0 ? (point > comma ? "." : ",") : decimal;
  const group = sign === "." ? "," : ".";
  const [whole = "", part, ...more] = digits.split(sign);
  const groups = whole.split(group);
  const isGrouped = groups.length === 1 || groups.slice(1).every((one) => one.length === 3);
  // what is no group here, such as 1.25 where the decimal sign is a comma, can only be a decimal point
  if (!isGrouped && part === undefined && groups.length === 2 && /^\d*\.\d+$/.test(digits)) return digits;
  const joined = groups.join("");
  if (more.length > 0 || !isGrouped || !/^\d*$/.test(joined) || !/^\d*$/.test(part ?? "")) return null;
  return part === undefined ? joined : `${joined || "0"}.${part}`;
}

function dayOf(text: string, { order }: Habits): readonly [string | null, string] {
  const iso = /^(\d{4})-(\d{1,2})-(\d{1,2})/.exec(text);
  if (iso !== null) return [checked(iso[1], iso[2], iso[3]), text.slice(iso[0].length)];
  const local = /^(\d{1,2})([./-])(\d{1,2})\2(\d{4})/.exec(text);
  if (local === null) return [null, ""];
  const rest = text.slice(local[0].length);
  const [one, sign, other, year] = local.slice(1);
  const isDayFirst = sign === "." || order === "dmy"; // with points the day is first everywhere
  const found = isDayFirst ? checked(year, other, one) : checked(year, one, other);
  return [found ?? (isDayFirst ? checked(year, one, other) : checked(year, other, one)), rest];
}

function checked(year = "", month = "", day = ""): string | null {
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  const isReal = date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day) && Number(year) > 0;
  return isReal ? `${year.padStart(4, "0")}-${month.padStart(2, "0")}-${day.padStart(2, "0")}` : null;
}

function timeOf(text: string): string | null {
  const found = /^(\d{1,2}):(\d{2})(?::(\d{2})(\.\d{1,6})?)?\s*([ap]m)?$/i.exec(text);
  if (found === null) return null;
  const [, hours = "", minutes = "", seconds = "00", fraction = "", half] = found;
  const hour = half === undefined ? Number(hours) : (Number(hours) % 12) + (half.toLowerCase() === "pm" ? 12 : 0);
  if (hour > 23 || Number(minutes) > 59 || Number(seconds) > 59 || (half !== undefined && Number(hours) > 12)) return null;
  return `${String(hour).padStart(2, "0")}:${minutes}:${seconds}${fraction}`;
}

function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
