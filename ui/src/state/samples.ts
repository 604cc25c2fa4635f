/** Values as the server sends them, for tests. */
import type { Basis, EditProposal, NumberFound, Result, ToolAnswered } from "../api/types.gen";

export const NO_BASIS: Basis = { rows: [], filters: [], columns: [], outputs: [], kept: [] };

export function result(names: readonly string[], rows: readonly (readonly unknown[])[], count = rows.length): Result {
  const columns = names.map((name) => ({ name, type: "DOUBLE" }));
  return { columns, rows, row_count: count, truncated: count > rows.length, handle: "", row_ids: [], warnings: [] };
}

export function answered(more: Partial<ToolAnswered> = {}): ToolAnswered {
  return {
    kind: "tool_answered",
    turn: "t",
    call_id: "c",
    tool: "run_sql",
    content: "",
    is_error: false,
    handle: null,
    sql: null,
    purpose: "",
    version: "v1",
    result: null,
    basis: NO_BASIS,
    chart: null,
    proposal: null,
    options: [],
    milliseconds: 1,
    ...more,
  };
}

export function ran(handle: string, more: Partial<ToolAnswered> = {}): ToolAnswered {
  return answered({ handle, sql: "SELECT 1", result: result(["n"], [[1]]), ...more });
}

export function editProposal(id: string, more: Partial<EditProposal> = {}): EditProposal {
  const counts = { recalculated: 0, unchanged: 0, stale: 0, overwritten: 0 };
  const formulas = { recalculated: [], stale: [], overwritten: [], counts };
  const preview = { version: "v1", changes: [], formulas };
  return { kind: "edit", id, edits: [], preview, reason: "", needs_consent: [], warnings: [], ...more };
}

export function found(text: string, handle: string | null): NumberFound {
  return { text, start: 0, end: text.length, handle, row: 0, column: "n" };
}
