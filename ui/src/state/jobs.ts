/** Jobs as they are told of: which there are, how far each is, what can be done about it and what it says. Pure. */
import type { AiColumn, BulkEdit, Export, Job, JobEstimate, JobProblem, JobRow, Table } from "../api/types.gen";
import { count, percent, whole } from "../ui/format";

export type Order = Job["order"];
export type Kind = Order["kind"];
export type Verb = "sample" | "start" | "pause" | "resume" | "cancel" | "retry";
export type Tone = "calm" | "busy" | "good" | "warn" | "bad";

/** What a job is called. */
export function labelOf(order: Order): string {
  switch (order.kind) {
    case "ai_column":
      return order.label;
    case "bulk_edit":
      return `Change of ${order.column}`;
    case "export":
      return `Export of ${order.table === "" ? "a query" : order.table} as ${order.format.toUpperCase()}`;
  }
}

/** What kind of work it is, as a title. */
export const TITLES: Readonly<Record<Kind, string>> = {
  ai_column: "A column filled by a model",
  bulk_edit: "Many cells changed at once",
  export: "A table as a file",
};

/** Whether it is a draft of which nothing is asked before somebody wants it. */
export function isUnasked(job: Pick<Job, "state" | "is_settled" | "is_counted">): boolean {
  return job.state === "draft" && job.is_settled && !job.is_counted;
}

/** The jobs with one as it stands now, the newest first. */
export function told(all: readonly Job[], job: Job): readonly Job[] {
  if (all.some((one) => one.id === job.id)) return all.map((one) => (one.id === job.id ? job : one));
  return [...all, job].sort((one, other) => other.created_at.localeCompare(one.created_at));
}

export function isActive({ state }: Pick<Job, "state">): boolean {
  return state === "queued" || state === "running";
}

export function isEnded({ state }: Pick<Job, "state">): boolean {
  return !isActive({ state }) && state !== "draft" && state !== "paused";
}

/** Whether nothing more happens to it unless a person wants it. */
function rests(job: Job): boolean {
  return job.state === "paused" ? job.problem.code !== "" : isEnded(job) && job.is_settled;
}

export interface Ending {
  readonly job: string;
  readonly says: string;
  readonly isGood: boolean;
}

/** What is announced once a job stands otherwise than before; null where nothing came to its end. */
export function endingOf(before: Job | undefined, job: Job): Ending | null {
  if (before === undefined || rests(before) || !rests(job) || job.started_at === null) return null;
  const label = labelOf(job.order);
  const { done_rows: done, failed_rows: failed } = job.progress;
  const isFilled = job.order.kind === "ai_column";
  const says: Partial<Record<Job["state"], string>> = {
    completed: `“${label}” is ${isFilled ? "filled" : "done"}: ${count(done, "row")}.`,
    completed_with_failures: `“${label}” is filled, but for ${count(failed, "row")}.`,
    failed: `“${label}” was not ${isFilled ? "filled" : "done"}.`,
    cancelled: `“${label}” is cancelled; ${done === 0 ? "nothing was done" : `${count(done, "row")} stay ${isFilled ? "filled" : "changed"}`}.`,
    paused: `“${label}” is paused: ${problemSaid(job.problem).what}`,
  };
  return { job: job.id, says: says[job.state] ?? "", isGood: job.state === "completed" && job.problem.code === "" };
}

/** Which of the verbs make sense now; those of a draft are on its own card. */
export function verbsOf(job: Job): readonly Verb[] {
  if (job.state === "draft") return isUnasked(job) ? ["sample", "cancel"] : ["start", "cancel"];
  if (isActive(job)) return ["pause", "cancel"];
  if (job.state === "paused") return ["resume", "cancel"];
  if (!job.is_settled || job.started_at === null) return [];
  const canBeDoneAgain =
    job.order.kind === "ai_column" ? job.progress.failed_inputs > 0 : job.state !== "completed" && job.result_version === "";
  return canBeDoneAgain ? ["retry"] : [];
}

/** How much of it is done or given up, between 0 and 1. */
export function shareOf({ progress: { rows, done_rows, failed_rows } }: Pick<Job, "progress">): number {
  return rows === 0 ? 0 : Math.min(1, (done_rows + failed_rows) / rows);
}

export interface Said {
  readonly says: string;
  readonly tone: Tone;
}

/** Where a job stands, in words. */
export function stateSaid(job: Job): Said {
  const { done_rows: done, failed_rows: failed } = job.progress;
  switch (job.state) {
    case "draft":
      if (isUnasked(job)) return { says: "Draft: nothing is asked yet", tone: "calm" };
      return { says: job.is_settled ? "Draft, ready to start" : "Draft: its sample is asked", tone: "calm" };
    case "queued":
      return { says: "Waits for its turn", tone: "busy" };
    case "running":
      return { says: job.is_counted ? "Running" : "Rows are counted", tone: "busy" };
    case "paused":
      return { says: job.problem.code === "" ? "Paused by a person" : "Paused", tone: "warn" };
    case "completed":
      return { says: "Completed", tone: "good" };
    case "completed_with_failures":
      return { says: `Completed, ${count(failed, "row")} failed`, tone: "warn" };
    case "failed":
      return { says: "Failed", tone: "bad" };
    case "cancelled":
      if (job.started_at === null) return { says: "Discarded draft", tone: "calm" };
      return { says: done === 0 ? "Cancelled" : `Cancelled; ${count(done, "row")} of it stay`, tone: "calm" };
  }
}

/** What a running job still has to do, beyond asking. */
export function isWriting(job: Job): boolean {
  return isEnded(job) && !job.is_settled && job.started_at !== null;
}

/** How far a job is, in figures: rows, failures, pace, time left, cost. */
export function figures(job: Job): readonly string[] {
  const { rows, done_rows, failed_rows, per_minute, eta_s, tokens, cost } = job.progress;
  return [
    rows === 0 ? "" : `${whole.format(done_rows)} of ${count(rows, "row")}`,
    failed_rows === 0 ? "" : `${whole.format(failed_rows)} failed`,
    per_minute === 0 || job.state !== "running" ? "" : `${whole.format(Math.round(per_minute))} a minute`,
    eta_s === null || !isActive(job) ? "" : `about ${lasting(eta_s)} left`,
    tokens === 0 ? "" : count(tokens, "token"),
    cost === null || cost === 0 ? "" : `cost ${costSaid(cost)}`,
  ].filter((one) => one !== "");
}

/** A span of seconds as one would say it. */
export function lasting(seconds: number): string {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

const price = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 });

export function costSaid(cost: number): string {
  return price.format(cost);
}

/** What all of a draft is likely to take: a name and a figure each. */
export function outlookOf({ progress, estimate }: Job): readonly (readonly [string, string])[] {
  const { tokens_p50: middle, tokens_p95: most, cost, minutes }: JobEstimate = estimate;
  const perCall = middle === null ? "not known" : `${whole.format(middle)} and ${whole.format(most ?? middle)}`;
  return [
    ["Rows", whole.format(progress.rows)],
    ["Different inputs, a call each", whole.format(progress.inputs)],
    ["Tokens of a call, p50 and p95", perCall],
    ["Cost", cost === null ? "not known: the route has no prices" : `about ${costSaid(cost)}`],
    ["Time", minutes === null ? "not known" : `about ${lasting(minutes * 60)}`],
  ];
}

export interface Explained {
  readonly what: string;
  readonly fix: string;
}

const FIXES: Readonly<Record<string, string>> = {
  budget: "Raise the budget or wait until it begins anew, then resume.",
  "access.denied": "Somebody who may edit the workbook can resume it.",
  "job.answer_invalid": "Correct the row, or ask again.",
  "job.worker_lost": "Look at the logs of the workers, then ask again.",
  "content.filtered": "The provider refuses this row: write it yourself.",
  "edit.refused": "See that its table and columns are still there, then start a new job.",
};

/** Why a job waits or ended, or a row failed, and what to do. */
export function problemSaid({ code, what }: JobProblem): Explained {
  const fallback = code.startsWith("job.") ? "Ask again, or correct it yourself." : "See the Routes page, then ask again.";
  const sentence = what === "" ? code : what[0]?.toUpperCase() + what.slice(1);
  return { what: sentence, fix: FIXES[code] ?? fallback };
}

/** How sure an answer is, in words that fit a line. */
export function sureSaid({ confidence }: Pick<JobRow, "confidence">): string {
  return confidence === null ? "" : `${percent(confidence)} sure`;
}

// a new column

export interface Composed {
  readonly table: string;
  readonly label: string;
  readonly template: string;
  readonly output: AiColumn["output"];
  /** One a line. */
  readonly choices: string;
  readonly where: string;
}

export const OUTPUTS: readonly (readonly [AiColumn["output"], string])[] = [
  ["text", "Text"],
  ["integer", "Whole number"],
  ["decimal", "Number"],
  ["boolean", "Yes or no"],
  ["date", "Date"],
  ["datetime", "Date and time"],
  ["time", "Time of day"],
];

const REVIEW_BELOW = 0.6;

/** A change that is thought of: nothing is said yet. */
export function changeOf(table: string, column: string): BulkEdit {
  return { kind: "bulk_edit", table, column, expression: "", where: "" };
}

/** What is still wrong with a change, in words; empty for nothing. */
export function changeFault({ column, expression }: BulkEdit, table: Pick<Table, "columns">): string {
  if (table.columns.every(({ name }) => name !== column)) return "Choose the column that is to change.";
  if (expression.trim() === "") return "Say what its cells are to hold.";
  return expression.trim().startsWith("=") ? "This is a formula: write an SQL expression, such as price * 1.1." : "";
}

export const FORMATS: readonly (readonly [Export["format"], string])[] = [
  ["csv", "CSV"],
  ["xlsx", "Excel"],
  ["parquet", "Parquet"],
];

export function orderOf(composed: Composed): AiColumn {
  const choices = composed.choices
    .split("\n")
    .map((one) => one.trim())
    .filter((one, index, all) => one !== "" && all.indexOf(one) === index);
  const { table, output } = composed;
  const [label, template, where] = [composed.label.trim(), composed.template.trim(), composed.where.trim()];
  return {
    kind: "ai_column",
    table,
    label,
    template,
    output,
    choices: output === "boolean" ? [] : choices,
    where,
    review_below: REVIEW_BELOW,
  };
}

/** What is still wrong with an order, in words; empty for nothing. */
export function faultOf({ label, template }: AiColumn, table: Pick<Table, "columns">): string {
  if (label === "") return "Give the column a name.";
  if (template === "") return "Write what the model is asked about each row.";
  const named = [...template.matchAll(/\{([^{}\s]+)\}/g)].map((found) => found[1] ?? "");
  if (named.length === 0) return "Name a column as {column}: else every row gets the same answer.";
  const unknown = named.find((name) => table.columns.every((column) => column.name !== name));
  return unknown === undefined ? "" : `There is no column {${unknown}} here. Insert one from the list.`;
}

/** A prompt with a column's name put in where the caret stood. */
export function putColumn(template: string, start: number, end: number, name: string): { text: string; caret: number } {
  const before = template.slice(0, start);
  const gap = before === "" || /\s$/.test(before) ? "" : " ";
  const put = `${before}${gap}{${name}}`;
  return { text: put + template.slice(end), caret: put.length };
}
