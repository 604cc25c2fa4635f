/** Columns that a question names with `@`: found while one types, and put in by their names in SQL. Pure. */
import type { Workbook } from "../api/types.gen";

export interface Named {
  /** What stands in the question behind the `@`. */
  readonly name: string;
  readonly label: string;
  readonly about: string;
}

export interface Mention {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

const BEGUN = /(?:^|[\s([,;:])@([^\s@]*)$/u;

/** The mention that the caret stands in, if it stands in one. */
export function mentionAt(question: string, caret: number): Mention | null {
  const found = BEGUN.exec(question.slice(0, caret));
  const text = found?.[1];
  return text === undefined ? null : { start: caret - text.length - 1, end: caret, text };
}

/** Every column of a workbook; a table's name stands before those whose name several tables have. */
export function namedOf(workbook: Workbook): Named[] {
  const all = workbook.tables.flatMap((table) => table.columns.map((column) => ({ table, column })));
  const tables = (name: string) => all.filter(({ column }) => column.name === name).length;
  return all.map(({ table, column }) => ({
    name: tables(column.name) > 1 ? `${table.id}.${column.name}` : column.name,
    label: column.label,
    about: `${table.tab} · ${column.type}`,
  }));
}

/** The columns that fit what was typed, those that begin with it first. */
export function fitting(columns: readonly Named[], typed: string, most = 8): Named[] {
  const wanted = typed.toLocaleLowerCase();
  const ranked = columns.flatMap((column) => {
    const texts = [column.label.toLocaleLowerCase(), column.name];
    const rank = texts.some((text) => text.startsWith(wanted)) ? 0 : texts.some((text) => text.includes(wanted)) ? 1 : 2;
    return rank === 2 ? [] : [{ column, rank }];
  });
  return ranked
    .sort((one, other) => one.rank - other.rank)
    .slice(0, most)
    .map(({ column }) => column);
}

export function putIn(question: string, mention: Mention, name: string): { readonly question: string; readonly caret: number } {
  const before = `${question.slice(0, mention.start)}@${name}`;
  const after = question.slice(mention.end);
  return { question: `${before}${after.startsWith(" ") ? "" : " "}${after}`, caret: before.length + 1 };
}

/** A question in pieces, those that name a column apart. */
export function pieces(question: string, names: ReadonlySet<string>): { readonly text: string; readonly isName: boolean }[] {
  return question
    .split(/(@[\p{L}\p{N}_.]+)/u)
    .filter((text) => text !== "")
    .map((text) => ({ text, isName: text.startsWith("@") && names.has(text.slice(1).replace(/\.$/, "")) }));
}
