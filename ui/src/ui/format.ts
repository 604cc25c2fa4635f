/** Values as a person reads them, in the browser's own locale. */

const whole = new Intl.NumberFormat();
const amount = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });
const small = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 4 });
/** Columns whose numbers name something: a year or a number of an order is not an amount. */
const NAMING = /(^|[_\s])(year|id|no|nr|number|code)$/i;

export function cell(value: unknown, column = ""): string {
  if (value === null || value === undefined) return "";
  if (typeof value !== "number") return String(value);
  if (Number.isInteger(value)) return NAMING.test(column) ? String(value) : whole.format(value);
  return Math.abs(value) < 1 ? small.format(value) : amount.format(value);
}

export function count(value: number, one: string, many = `${one}s`): string {
  return `${whole.format(value)} ${value === 1 ? one : many}`;
}
