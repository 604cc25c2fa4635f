/** The doctor's examinations as the page shows them: a pure reducer, and what a reader wants to know of a report. */
import type { Cell, Finding, PathReport, Report, Rung } from "../api/types.gen";
import { OF_LITELLM, type RungName, rungsOf, WORDS } from "./rungs";

export type Tone = "good" | "warn" | "bad" | "none" | "busy";

export interface Problem {
  readonly code: string;
  readonly what: string;
  readonly fix: string;
}

/** What a path has shown while it is examined. */
export interface Progress {
  readonly path: string;
  readonly rungs: readonly Rung[];
}

export interface Doctor {
  readonly isLoading: boolean;
  readonly id: string | null;
  readonly report: Report | null;
  /** Set while an examination runs. */
  readonly running: readonly Progress[] | null;
  readonly problem: Problem | null;
}

export type Happening =
  | { readonly kind: "opened"; readonly id: string | null; readonly report: Report | null }
  | { readonly kind: "started" }
  | { readonly kind: "looked"; readonly path: string; readonly rung: Rung }
  | { readonly kind: "finished"; readonly id: string; readonly report: Report }
  | { readonly kind: "failed"; readonly problem: Problem };

export const OPENING: Doctor = { isLoading: true, id: null, report: null, running: null, problem: null };

export function apply(doctor: Doctor, event: Happening): Doctor {
  switch (event.kind) {
    case "opened":
      return { ...doctor, isLoading: false, id: event.id, report: event.report, problem: null };
    case "started":
      return { ...doctor, problem: null, running: expected(doctor.report) };
    case "looked":
      return { ...doctor, running: looked(doctor.running ?? [], event.path, event.rung) };
    case "finished":
      return { isLoading: false, id: event.id, report: event.report, running: null, problem: null };
    case "failed":
      return { ...doctor, isLoading: false, running: null, problem: event.problem };
  }
}

/** The paths of the last examination are most likely those of this one. */
function expected(report: Report | null): readonly Progress[] {
  const known = report?.paths.filter((path) => path.state !== "not_configured") ?? [];
  return known.map((path) => ({ path: path.name, rungs: [] }));
}

function looked(running: readonly Progress[], path: string, rung: Rung): readonly Progress[] {
  if (!running.some((one) => one.path === path)) return [...running, { path, rungs: [rung] }];
  return running.map((one) =>
    one.path === path ? { path, rungs: [...one.rungs.filter((known) => known.name !== rung.name), rung] } : one,
  );
}

export interface Step {
  readonly name: RungName;
  readonly rung: Rung | null;
  readonly tone: Tone;
}

const TONES: Record<Rung["status"], Tone> = { passed: "good", warned: "warn", broken: "bad", not_reached: "none" };
export const STATES: Record<PathReport["state"], Tone> = { healthy: "good", ill: "bad", not_configured: "none" };

export function stepsOf(rungs: readonly Rung[]): readonly Step[] {
  return rungs.map((rung) => ({ name: rung.name, rung, tone: TONES[rung.status] }));
}

/** The ladder of a path while it is examined: what was seen, the rung that is looked at, and those that wait. */
export function stepsNow(progress: Progress): readonly Step[] {
  const isStuck = progress.rungs.some((rung) => rung.status === "broken");
  const names = rungsOf(progress.path);
  const next = names.find((name) => !progress.rungs.some((rung) => rung.name === name));
  return names.map((name) => {
    const rung = progress.rungs.find((one) => one.name === name) ?? null;
    const waits = name === next && !isStuck ? "busy" : "none";
    return { name, rung, tone: rung === null ? waits : TONES[rung.status] };
  });
}

/** One line on where an examination of a path is. */
export function progressOf(progress: Progress): string {
  const steps = stepsNow(progress);
  const stuck = steps.find((step) => step.tone === "bad");
  if (stuck !== undefined) return `stops at “${WORDS[stuck.name].plain}”`;
  const next = steps.find((step) => step.tone === "busy");
  return next === undefined ? "done" : `${WORDS[next.name].plain}…`;
}

/** The first broken rung of a path, and what was found there. */
export function stuckAt(path: PathReport): { readonly rung: Rung; readonly finding: Finding | null } | null {
  const rung = path.rungs.find((one) => one.status === "broken");
  return rung === undefined ? null : { rung, finding: rung.findings[0] ?? null };
}

export function toneOf(path: PathReport): Tone {
  const isWarned = path.rungs.some((rung) => rung.status === "warned");
  return path.state === "healthy" && isWarned ? "warn" : STATES[path.state];
}

const PROVIDERS: Record<PathReport["provider"], string> = { azure: "Azure", openai: "OpenAI", compatible: "", unknown: "" };

/** What a path is called in a sentence: "Azure directly", "OpenAI through LiteLLM". */
export function called(path: PathReport): string {
  return `${provider(path)} ${path.way === "litellm" ? "through LiteLLM" : "directly"}`;
}

function provider(path: PathReport): string {
  return PROVIDERS[path.provider] || path.serves || path.route;
}

/** The path to show: the one asked for, else the first that needs care, else the first. */
export function chosen(report: Report, wanted: string): PathReport | null {
  const inUse = report.paths.filter((path) => path.is_in_use);
  const of = (test: (path: PathReport) => boolean) => inUse.find(test) ?? report.paths.find(test);
  return of((path) => path.name === wanted) ?? of((path) => path.state === "ill") ?? inUse[0] ?? report.paths[0] ?? null;
}

/** The path that a cell of the matrix is about; for a cell that is not configured, the one that lacks its key. */
export function pathOf(report: Report, cell: Cell): PathReport | null {
  return report.paths.find((path) => isIn(cell, path)) ?? null;
}

function isIn(cell: Cell, path: PathReport): boolean {
  const isSame = cell.provider === path.provider && cell.way === path.way;
  return cell.path === path.name || (isSame && cell.state === "not_configured" && path.state === "not_configured");
}

/** The paths that the matrix has no cell for: other providers, and further routes to the same one. */
export function besides(report: Report): readonly PathReport[] {
  const isSeen = (path: PathReport) => report.matrix.some((cell) => isIn(cell, path));
  return report.paths.filter((path) => !isSeen(path));
}

const NTH = ["first", "second", "third", "fourth"];

/** When calls try a path. */
export function turnOf(report: Report, path: PathReport): string {
  const place = report.paths.filter((one) => one.is_in_use).indexOf(path);
  return place < 0 ? "for comparison only" : `asked ${NTH[place] ?? "later"}`;
}

/** What is worth knowing of the ways in use although they answer. */
export function warningsOf(report: Report): readonly string[] {
  const used = report.paths.filter((path) => path.is_in_use);
  const warned = used.flatMap((path) => path.rungs.filter((rung) => rung.status === "warned"));
  return [...new Set(warned.flatMap((rung) => rung.findings.map((finding) => finding.what)))];
}

/** What changed since the examination before; each line of the report begins with its date. */
export function changesOf(report: Report): readonly string[] {
  return report.changes.map((line) => line.replace(/^since [-\d]+(?: [:\d]+)?: /, ""));
}

export interface Verdict {
  readonly tone: Tone;
  readonly says: string;
}

/** The whole examination in one plain sentence or two. */
export function verdictOf(report: Report): Verdict {
  const used = report.paths.filter((path) => path.is_in_use && path.state !== "not_configured");
  const healthy = used.find((path) => path.state === "healthy");
  const ill = used.filter((path) => path.state === "ill");
  if (report.problems.length > 0) return { tone: "bad", says: "The settings need a correction before anything can be asked." };
  if (used.length === 0) return { tone: "none", says: unset(report) };
  if (healthy === undefined) return { tone: "bad", says: `No answer arrives. ${sentence(ill)}.` };
  if (ill.length > 0) return { tone: "warn", says: `Answers arrive. ${sentence(ill)}; calls go to ${called(healthy)}.` };
  return { tone: "good", says: `Answers arrive. Calls go to ${called(healthy)}${spare(used.length)}.` };
}

function unset(report: Report): string {
  const keyless = report.paths.filter((path) => path.is_in_use).map((path) => path.route);
  if (keyless.length === 0) return "No way to a model is set up yet. Name a route in chatsheet.toml.";
  return `No way to a model is set up yet. Settings name ${[...new Set(keyless)].join(" and ")}, but not the key.`;
}

function spare(ways: number): string {
  return ways > 1 ? ", and every way in reserve is well" : "";
}

function sentence(ill: readonly PathReport[]): string {
  const [first, ...others] = ill;
  const isLike = (path: PathReport) => isOfProvider(path) && path.provider === first?.provider && fails(path) === fails(first);
  if (first !== undefined && others.length > 0 && ill.every(isLike)) return `${provider(first)} ${fails(first)}, whichever way`;
  return [...new Set(ill.map(trouble))].join("; ");
}

/** What is wrong with an ill path, by the rung where it stops. */
function trouble(path: PathReport): string {
  return `${isOfProvider(path) ? called(path) : "LiteLLM"} ${fails(path)}`;
}

function fails(path: PathReport): string {
  return WORDS[stopOf(path)].fails;
}

/** Whether a path stops at the provider, and not at the LiteLLM before it. */
function isOfProvider(path: PathReport): boolean {
  return path.way === "direct" || !OF_LITELLM.has(stopOf(path));
}

function stopOf(path: PathReport): RungName {
  return stuckAt(path)?.rung.name ?? "chat";
}
