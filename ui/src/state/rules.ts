/** Rules for a role as they are written: which columns of a table are hidden, and which rows are seen. Pure. */
import type { Filter, RulesEntry, RulesWanted, TableRuleWanted, TableSeen } from "../api/types.gen";
import { count, whole } from "../ui/format";

/** What a role sees of each table that it does not see whole. */
export type Draft = RulesWanted["tables"];

export const WHOLE: Draft = [];

export function draftOf(entries: readonly RulesEntry[], role: RulesEntry["role"]): Draft {
  return entries.find((one) => one.role === role)?.tables ?? WHOLE;
}

export function ruleOf(draft: Draft, table: string): TableRuleWanted {
  return draft.find((one) => one.table === table) ?? { table, hidden: [], rows: [] };
}

/** The draft with another rule for a table; a rule that hides nothing is none. */
function put(draft: Draft, rule: TableRuleWanted): Draft {
  const isRule = rule.hidden.length + rule.rows.length > 0;
  const isKnown = draft.some((one) => one.table === rule.table);
  if (!isRule) return draft.filter((one) => one.table !== rule.table);
  return isKnown ? draft.map((one) => (one.table === rule.table ? rule : one)) : [...draft, rule];
}

/** A column is hidden, or shown again. */
export function toggled(draft: Draft, table: string, column: string): Draft {
  const rule = ruleOf(draft, table);
  const hidden = rule.hidden.includes(column) ? rule.hidden.filter((one) => one !== column) : [...rule.hidden, column];
  return put(draft, { ...rule, hidden });
}

/** The condition on a column is another one; null for none. */
export function conditioned(draft: Draft, table: string, column: string, filter: Filter | null): Draft {
  const rule = ruleOf(draft, table);
  const others = rule.rows.filter((one) => one.column !== column);
  return put(draft, { ...rule, rows: filter === null ? others : [...others, filter] });
}

/** The rules of tables that the workbook has not any more: they hide all that has no rule. */
export function strays(draft: Draft, tables: readonly string[]): readonly string[] {
  return draft.map((one) => one.table).filter((table) => !tables.includes(table));
}

export function without(draft: Draft, table: string): Draft {
  return draft.filter((one) => one.table !== table);
}

export function isSame(one: Draft, other: Draft): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** How much of a table is seen, in words. */
export function seenSaid({ rows, of_rows, columns, of_columns }: TableSeen): string {
  if (rows === of_rows && columns === of_columns) return "seen whole";
  if (columns === 0) return "not seen at all";
  const seenRows = rows === of_rows ? `all ${count(of_rows, "row")}` : `${whole.format(rows)} of ${count(of_rows, "row")}`;
  const seenColumns =
    columns === of_columns
      ? `all ${count(of_columns, "column")}`
      : `${whole.format(columns)} of ${count(of_columns, "column")}`;
  return `${seenRows}, ${seenColumns}`;
}
