import { expect, test } from "vitest";
import type { Job, JobProgress } from "../api/types.gen";
import { column } from "./columns.fixture";
import {
  type Composed,
  changeFault,
  changeOf,
  endingOf,
  faultOf,
  figures,
  labelOf,
  lasting,
  orderOf,
  outlookOf,
  problemSaid,
  putColumn,
  shareOf,
  stateSaid,
  told,
  verbsOf,
} from "./jobs";

const ORDER = {
  kind: "ai_column",
  table: "t",
  label: "Mood",
  template: "{comment}",
  output: "text",
  choices: [],
  where: "",
  review_below: 0.6,
} as const;
const NONE: JobProgress = {
  rows: 0,
  inputs: 0,
  done_rows: 0,
  done_inputs: 0,
  failed_rows: 0,
  failed_inputs: 0,
  asked_inputs: 0,
  review_inputs: 0,
  per_minute: 0,
  eta_s: null,
  tokens: 0,
  cost: 0,
};

function job(state: Job["state"], more: Partial<Job> = {}, progress: Partial<JobProgress> = {}): Job {
  return {
    id: "job_1",
    sheet_id: "sheet_1",
    state,
    order: ORDER,
    priority: 0,
    run: 1,
    version: "v1",
    result_version: "",
    column: "",
    formula: "",
    file: null,
    is_counted: true,
    is_settled: true,
    problem: { code: "", what: "" },
    created_by: "local",
    created_at: "2026-11-01T10:00:00Z",
    started_at: "2026-11-01T10:01:00Z",
    ended_at: null,
    progress: { ...NONE, ...progress },
    estimate: { sampled: 0, tokens_p50: null, tokens_p95: null, cost: null, minutes: null },
    sample: [],
    ...more,
  };
}

test("a job that is told of takes the place of what was known, a new one comes first", () => {
  const old = job("running");
  const newer = job("draft", { id: "job_2", created_at: "2026-11-02T10:00:00Z" });
  expect(told([old], newer).map((one) => one.id)).toEqual(["job_2", "job_1"]);
  expect(told([newer, old], job("paused")).map((one) => one.state)).toEqual(["draft", "paused"]);
});

test("an end is announced once, and only of what was seen running", () => {
  const done = job("completed", {}, { done_rows: 12 });
  expect(endingOf(job("running", { is_settled: false }), done)?.says).toBe("“Mood” is filled: 12 rows.");
  expect(endingOf(undefined, done)).toBeNull();
  expect(endingOf(done, done)).toBeNull();
  expect(endingOf(job("running"), job("completed", { is_settled: false }))).toBeNull();
});

test("a pause by a person is no end, one by a budget is told with its cause", () => {
  const budget = { code: "budget", what: "the budget of June is used up." };
  expect(endingOf(job("running"), job("paused"))).toBeNull();
  const ending = endingOf(job("running"), job("paused", { problem: budget }));
  expect(ending).toMatchObject({ says: "“Mood” is paused: The budget of June is used up.", isGood: false });
});

test("a cancelled job keeps what is done, a draft that is discarded is announced to nobody", () => {
  const cancelled = job("cancelled", {}, { done_rows: 3 });
  expect(endingOf(job("running"), cancelled)?.says).toBe("“Mood” is cancelled; 3 rows stay filled.");
  expect(stateSaid(cancelled).says).toBe("Cancelled; 3 rows of it stay");
  const discarded = job("cancelled", { started_at: null });
  expect(endingOf(job("draft", { started_at: null }), discarded)).toBeNull();
  expect(stateSaid(discarded).says).toBe("Discarded draft");
});

test("what can be done fits the state", () => {
  expect(verbsOf(job("draft"))).toEqual(["start", "cancel"]);
  expect(verbsOf(job("queued"))).toEqual(["pause", "cancel"]);
  expect(verbsOf(job("paused"))).toEqual(["resume", "cancel"]);
  expect(verbsOf(job("completed"))).toEqual([]);
  expect(verbsOf(job("failed", {}, { failed_inputs: 1 }))).toEqual(["retry"]);
  expect(verbsOf(job("failed", { is_settled: false }, { failed_inputs: 1 }))).toEqual([]);
});

const CHANGE = { kind: "bulk_edit", table: "t", column: "price", expression: "price * 2", where: "" } as const;
const EXPORT = { kind: "export", table: "t", sql: "", format: "xlsx", keeps_formulas: false } as const;

test("every kind has a name of its own, and its end is said as what it is", () => {
  expect([ORDER, CHANGE, EXPORT, { ...EXPORT, table: "", sql: "SELECT 1" }].map(labelOf)).toEqual([
    "Mood",
    "Change of price",
    "Export of t as XLSX",
    "Export of a query as XLSX",
  ]);
  const done = job("completed", { order: CHANGE }, { done_rows: 2 });
  expect(endingOf(job("running", { order: CHANGE }), done)?.says).toBe("“Change of price” is done: 2 rows.");
});

test("a draft that stands for formulas is sampled before it is started", () => {
  const found = job("draft", { is_counted: false, formula: "=COPILOT()" });
  expect(verbsOf(found)).toEqual(["sample", "cancel"]);
  expect(stateSaid(found).says).toBe("Draft: nothing is asked yet");
});

test("what asks no model is done again only where nothing was done", () => {
  expect(verbsOf(job("completed", { order: CHANGE }))).toEqual([]);
  expect(verbsOf(job("failed", { order: CHANGE }))).toEqual(["retry"]);
  expect(verbsOf(job("cancelled", { order: CHANGE, result_version: "v2" }))).toEqual([]);
  expect(verbsOf(job("cancelled", { order: EXPORT, started_at: null }))).toEqual([]);
});

test("a change names a column and an expression that is no formula", () => {
  const table = { columns: [column("price", "decimal")] };
  expect(changeFault(changeOf("t", ""), table)).toBe("Choose the column that is to change.");
  expect(changeFault(changeOf("t", "price"), table)).toBe("Say what its cells are to hold.");
  expect(changeFault({ ...CHANGE, expression: "=A1" }, table)).toContain("This is a formula");
  expect(changeFault(CHANGE, table)).toBe("");
});

test("a pause says by whom, failures how many", () => {
  expect(stateSaid(job("paused")).says).toBe("Paused by a person");
  expect(stateSaid(job("paused", { problem: { code: "budget", what: "used up." } })).says).toBe("Paused");
  expect(stateSaid(job("completed_with_failures", {}, { failed_rows: 1 })).says).toBe("Completed, 1 row failed");
  expect(stateSaid(job("running", { is_counted: false })).says).toBe("Rows are counted");
});

test("progress counts what is done and what is given up", () => {
  expect(shareOf(job("running"))).toBe(0);
  expect(shareOf(job("running", {}, { rows: 10, done_rows: 4, failed_rows: 1 }))).toBe(0.5);
});

test("figures leave out what is nothing, and the pace of what rests", () => {
  const more = { rows: 10, done_rows: 4, failed_rows: 1, per_minute: 120, eta_s: 90, tokens: 480, cost: 0.0123 };
  const all = ["4 of 10 rows", "1 failed", "120 a minute", "about 2 min left", "480 tokens", "cost 0.0123"];
  expect(figures(job("running", {}, more))).toEqual(all);
  expect(figures(job("paused", {}, more))).toEqual(all.filter((one) => !/minute|left/.test(one)));
  expect(figures(job("queued"))).toEqual([]);
});

test("spans are said as one would", () => {
  expect([0, 59, 60, 5399, 7200].map(lasting)).toEqual(["1 s", "59 s", "1 min", "90 min", "2.0 h"]);
});

test("what a draft takes is said, or that it is not known", () => {
  const known = { sampled: 5, tokens_p50: 120, tokens_p95: 140, cost: 0.5, minutes: 3 };
  const said = (one: Job) => outlookOf(one).map(([, figure]) => figure);
  const counted = { rows: 60, inputs: 30 };
  expect(said(job("draft", { estimate: known }, counted))).toEqual(["60", "30", "120 and 140", "about 0.5", "about 3 min"]);
  expect(said(job("draft"))).toContain("not known: the route has no prices");
});

test("a problem has a cause and a way out, also one that nobody foresaw", () => {
  expect(problemSaid({ code: "access.denied", what: "you may not." }).what).toBe("You may not.");
  expect(problemSaid({ code: "azure.quota", what: "" })).toEqual({
    what: "azure.quota",
    fix: "See the Routes page, then ask again.",
  });
});

const COMPOSED: Composed = { table: "t", label: " Mood ", template: "{comment} ", output: "text", choices: "", where: " " };

test("an order is what was typed, without what surrounds it and without a choice twice", () => {
  const order = orderOf({ ...COMPOSED, choices: "good\n bad\n\ngood" });
  expect(order).toEqual({ ...ORDER, choices: ["good", "bad"] });
  expect(orderOf({ ...COMPOSED, output: "boolean", choices: "good" }).choices).toEqual([]);
});

test("what is wrong with an order is said before anybody is asked", () => {
  const table = { columns: [column("comment", "text")] };
  const fault = (more: Partial<Composed>) => faultOf(orderOf({ ...COMPOSED, ...more }), table);
  expect(fault({})).toBe("");
  expect(fault({ label: " " })).toContain("a name");
  expect(fault({ template: "" })).toContain("what the model is asked");
  expect(fault({ template: "What mood?" })).toContain("Name a column");
  expect(fault({ template: "{nothing}" })).toContain("no column {nothing}");
});

test("a column is put in at the caret, apart from the word before", () => {
  expect(putColumn("What of?", 7, 7, "comment")).toEqual({ text: "What of {comment}?", caret: 17 });
  expect(putColumn("", 0, 0, "comment")).toEqual({ text: "{comment}", caret: 9 });
});
