/** What stands beside an answer: its steps in a line each, its results and charts, and what it rests on. Pure. */
import type { Basis, Chart, Citation, ColumnUsed, Result, RowsUsed, ToolAnswered, Unit } from "../api/types.gen";
import { count } from "../ui/format";
import type { Chat, Turn } from "./chat";
import type { Pointed } from "./pointing";

/** A tool's call as one line. */
export interface Step {
  readonly says: string;
  readonly about: string;
  readonly isError: boolean;
  readonly answered: ToolAnswered;
}

/** A result, or a chart of one, that an answer can be checked against. */
export interface Shown {
  readonly key: string;
  readonly name: string;
  readonly result: Result;
  readonly sql: string;
  readonly version: string;
  readonly chart: Chart | null;
}

const DID: Readonly<Record<string, string>> = {
  overview: "Looked at the workbook",
  describe: "Looked at columns",
  search_columns: "Searched for columns",
  find_values: "Searched for values",
  get_rows: "Read rows",
  run_sql: "Ran a query",
  make_chart: "Drew a chart",
  ask_user: "Compared readings",
  propose_edit: "Proposed a change",
  propose_ai_column: "Proposed a column",
};

export function stepsOf(turn: Turn): Step[] {
  return turn.tools.map((answered, index) => {
    const did = DID[answered.tool] ?? answered.tool;
    if (answered.is_error) {
      const isMended = turn.tools.slice(index + 1).some((one) => one.tool === answered.tool && !one.is_error);
      return { says: `${did}, which was refused${isMended ? " and corrected" : ""}`, about: "", isError: true, answered };
    }
    const rows = answered.result === null ? [] : [count(answered.result.row_count, "row")];
    const named = [answered.chart?.id ?? answered.proposal?.id ?? answered.handle ?? ""].filter((name) => name !== "");
    return { says: answered.purpose || did, about: [...named, ...rows].join(" · "), isError: false, answered };
  });
}

/** The results and charts of a turn; a chart may be drawn over a result of an `earlier` one. */
export function shownOf(turn: Turn, earlier: Chat = []): Shown[] {
  const results = resultsOf(turn);
  const charts = turn.tools.flatMap(({ chart }) => {
    if (chart === null) return [];
    const of = [...earlier.flatMap(resultsOf), ...results].findLast((shown) => shown.name === chart.handle);
    return of === undefined ? [] : [{ ...of, key: chart.id, name: chart.id, chart }];
  });
  return [...charts, ...results];
}

function resultsOf(turn: Turn): Shown[] {
  return turn.tools.flatMap((one) => {
    if (one.result === null || one.sql === null || one.is_error) return [];
    const name = one.handle ?? "result";
    return [{ key: name, name, result: one.result, sql: one.sql, version: one.version, chart: null }];
  });
}

/** What to show first: the last chart, else the result that the answer's numbers come from, else the last one. */
export function firstOf(turn: Turn, shown: readonly Shown[]): Shown | null {
  const charts = shown.filter((one) => one.chart !== null);
  const cited = turn.numbers.find((number) => number.handle !== null)?.handle;
  return charts.at(-1) ?? shown.find((one) => one.key === cited) ?? shown.at(-1) ?? null;
}

/** What an answer rests on, a line for each query that its numbers come from; of the last query where none is traced. */
export function restsOn(turn: Turn, tabs: ReadonlyMap<string, string>): string[] {
  const asked = turn.tools.filter((one) => one.result !== null && !one.is_error);
  const cited = new Set(turn.numbers.map((number) => number.handle));
  const used = asked.filter((one) => cited.has(one.handle));
  const lines = (used.length > 0 ? used : asked.slice(-1)).map((one) => told(one.basis, tabs));
  return [...new Set(lines.filter((line) => line !== ""))];
}

export function told(basis: Basis, tabs: ReadonlyMap<string, string>): string {
  const rows = basis.rows.map((used) => rowsTold(used, tabs)).join(" and ");
  const units = new Map(
    basis.columns.flatMap((column) => (unitTold(column.unit) ? [[column.column, unitTold(column.unit)]] : [])),
  );
  const parts = [
    basis.filters.length > 0 ? `${rows || "rows"} where ${basis.filters.join(" and ")}` : rows,
    ...[...units].map(([column, unit]) => `${column} in ${unit}`),
    ...basis.columns.flatMap((column) => doubtsTold(column)),
  ];
  return parts.filter((part) => part !== "").join(" · ");
}

function rowsTold(used: RowsUsed, tabs: ReadonlyMap<string, string>): string {
  const span = used.first === null || used.rows < 2 ? "" : ` (rows ${used.first} to ${used.last})`;
  return `${count(used.rows, "row")} of ${tabs.get(used.table) ?? used.table}${span}`;
}

function unitTold(unit: Unit): string {
  const named = unit.is_percent ? "percent" : unit.currency || unit.symbol;
  const scale = { 1000: "thousands", 1000000: "millions", 1000000000: "billions" }[unit.scale];
  return named !== "" && scale !== undefined ? `${named}, written in ${scale}` : named;
}

function doubtsTold({ column, nulls, stale }: ColumnUsed): string[] {
  return [
    ...(nulls ? [`${count(nulls, "row")} without ${column} not counted`] : []),
    ...(stale ? [`${count(stale, "value")} of ${column} are out of date`] : []),
  ];
}

/** The cells of each table that a citation leads to. Of a table that is used whole no rows are named: they are all meant. */
export function cellsOf(citation: Citation, isFirm: boolean): Pointed[] {
  return citation.tables.map(({ table, columns, rows, more }) => ({ cells: { table, columns, rows, more }, isFirm }));
}

/** Where a number comes from, in words. */
export function sourceTold(citation: Citation): string {
  const parts = citation.tables.map((one) => {
    const cells = one.columns.length > 0 ? ` · ${one.columns.join(", ")}` : "";
    return `${count(one.rows.length + one.more, "row")} of ${one.tab}${cells}${one.is_certain ? "" : " (all that the query reads)"}`;
  });
  return parts.join("; ") || "no rows of the workbook";
}

/** A result as text with tabs, as spreadsheets take it from the clipboard. */
export function tabbed(result: Result): string {
  const lines = [result.columns.map((column) => column.name), ...result.rows];
  return lines.map((line) => line.map(plain).join("\t")).join("\n");
}

function plain(value: unknown): string {
  const text = value === null || value === undefined ? "" : String(value);
  return /[\t\n\r"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
