import { expect, test } from "vitest";
import type { Finding, PathReport, Report, Rung } from "../api/types.gen";
import {
  apply,
  besides,
  changesOf,
  chosen,
  type Doctor,
  type Happening,
  OPENING,
  pathOf,
  progressOf,
  stepsNow,
  stepsOf,
  stuckAt,
  toneOf,
  turnOf,
  verdictOf,
  warningsOf,
} from "./doctor";
import { rungsOf } from "./rungs";

const finding: Finding = {
  cause: "azure.key_wrong",
  layer: "auth",
  owner: "you",
  what: "the key was refused",
  fix: "use another",
  commands: [],
  is_warning: false,
  hides: "",
};

function rung(name: Rung["name"], status: Rung["status"] = "passed"): Rung {
  const findings = status === "broken" || status === "warned" ? [finding] : [];
  return { name, status, milliseconds: 1, evidence: [], findings };
}

function path(name: string, more: Partial<PathReport> = {}): PathReport {
  return {
    name,
    route: name,
    serves: "",
    provider: "azure",
    way: "direct",
    is_ours: false,
    is_in_use: true,
    is_simulated: false,
    is_private: false,
    state: "healthy",
    cause: "",
    rungs: [rung("settings")],
    answer: null,
    speed: null,
    private: null,
    proof: null,
    ...more,
  };
}

function ill(name: string, at: Rung["name"], more: Partial<PathReport> = {}): PathReport {
  return path(name, { state: "ill", cause: "azure.key_wrong", rungs: [rung("settings"), rung(at, "broken")], ...more });
}

const LITELLM = { way: "litellm", serves: "azure" } as const;

function report(paths: readonly PathReport[], more: Partial<Report> = {}): Report {
  return {
    only: "",
    at: "2026-11-22T09:41:00Z",
    version: "0",
    seconds: 6,
    problems: [],
    paths,
    matrix: [],
    differences: [],
    conclusion: null,
    history: [],
    decision: null,
    changes: [],
    ...more,
  };
}

function after(...events: readonly Happening[]): Doctor {
  return events.reduce(apply, OPENING);
}

test("a page that opens shows the latest report, or that there is none", () => {
  expect(after({ kind: "opened", id: null, report: null })).toEqual({ ...OPENING, isLoading: false });
  const latest = report([path("azure")]);
  expect(after({ kind: "opened", id: "a", report: latest })).toMatchObject({ id: "a", report: latest });
});

test("an examination begins with the paths of the last one, and takes others as they come", () => {
  const known = report([path("azure"), path("openai", { state: "not_configured" })]);
  const doctor = after(
    { kind: "opened", id: "a", report: known },
    { kind: "started" },
    { kind: "looked", path: "azure", rung: rung("settings") },
    { kind: "looked", path: "litellm → azure", rung: rung("settings") },
    { kind: "looked", path: "azure", rung: rung("environment") },
  );
  expect(doctor.running?.map((one) => [one.path, one.rungs.length])).toEqual([
    ["azure", 2],
    ["litellm → azure", 1],
  ]);
});

test("a rung that is decided again replaces itself", () => {
  const looked = (status: Rung["status"]): Happening => ({ kind: "looked", path: "azure", rung: rung("auth", status) });
  expect(after({ kind: "started" }, looked("passed"), looked("broken")).running?.[0]?.rungs).toEqual([rung("auth", "broken")]);
});

test("an examination ends with its report; one that fails keeps the last", () => {
  const first = report([path("azure")]);
  const problem = { code: "doctor.too_soon", what: "too soon", fix: "wait" };
  const done = after({ kind: "started" }, { kind: "finished", id: "b", report: first });
  expect(done).toEqual({ isLoading: false, id: "b", report: first, running: null, problem: null });
  expect(apply(apply(done, { kind: "started" }), { kind: "failed", problem })).toEqual({ ...done, problem });
});

test("while it runs the next rung is busy and the others wait, until one is broken", () => {
  const progress = { path: "azure", rungs: [rung("settings"), rung("environment", "warned")] };
  expect(
    stepsNow(progress)
      .map((step) => step.tone)
      .slice(0, 4),
  ).toEqual(["good", "warn", "busy", "none"]);
  expect(progressOf(progress)).toBe("Name look-up…");
  const broken = { path: "azure", rungs: [...progress.rungs, rung("dns", "broken")] };
  expect(stepsNow(broken).some((step) => step.tone === "busy")).toBe(false);
  expect(progressOf(broken)).toBe("stops at “Name look-up”");
  expect(progressOf({ path: "azure", rungs: rungsOf("azure").map((name) => rung(name)) })).toBe("done");
});

test("only a path through LiteLLM has LiteLLM's rungs", () => {
  expect(rungsOf("azure")).not.toContain("litellm_up");
  expect(rungsOf("litellm → azure").slice(6, 9)).toEqual(["server", "litellm_up", "litellm_key"]);
});

test("a report's rungs keep their order and state", () => {
  const steps = stepsOf([rung("settings"), rung("dns", "broken"), rung("proxy", "not_reached")]);
  expect(steps.map((step) => [step.name, step.tone])).toEqual([
    ["settings", "good"],
    ["dns", "bad"],
    ["proxy", "none"],
  ]);
});

test("a path stops at its first broken rung", () => {
  expect(stuckAt(ill("azure", "auth"))).toMatchObject({ rung: { name: "auth" }, finding });
  expect(stuckAt(path("azure"))).toBeNull();
});

test("a healthy path that was warned of says so", () => {
  const warned = path("azure", { rungs: [rung("model", "warned")] });
  expect([toneOf(path("azure")), toneOf(warned), toneOf(ill("azure", "auth"))]).toEqual(["good", "warn", "bad"]);
  expect(warningsOf(report([warned, { ...warned, name: "second" }]))).toEqual(["the key was refused"]);
  expect(warningsOf(report([{ ...warned, is_in_use: false }]))).toEqual([]);
});

test("the path that needs care is shown first, ones in use before others", () => {
  const all = report([path("azure"), ill("openai", "auth", { is_in_use: false }), ill("litellm", "tcp")]);
  expect(chosen(all, "")?.name).toBe("litellm");
  expect(chosen(all, "openai")?.name).toBe("openai");
  expect(chosen(report([path("azure")]), "gone")?.name).toBe("azure");
  expect(chosen(report([]), "")).toBeNull();
});

test("a path has one place: its cell of the matrix, or among the further ways", () => {
  const keyless = path("openai", { provider: "openai", state: "not_configured" });
  const cells = [
    { provider: "azure", way: "direct", state: "healthy", path: "azure", cause: "", evidence: [] },
    { provider: "openai", way: "direct", state: "not_configured", path: "", cause: "", evidence: [] },
  ] as const;
  const all = report([path("azure"), keyless, path("second")], { matrix: cells });
  expect(pathOf(all, cells[1])).toBe(keyless);
  expect(besides(all).map((one) => one.name)).toEqual(["second"]);
});

test("a way says when calls try it", () => {
  const all = report([path("litellm"), path("azure"), path("openai", { is_in_use: false })]);
  expect(all.paths.map((one) => turnOf(all, one))).toEqual(["asked first", "asked second", "for comparison only"]);
});

test.each<[string, readonly PathReport[], string]>([
  [
    "all is well",
    [path("litellm → azure", LITELLM), path("azure")],
    "Answers arrive. Calls go to Azure through LiteLLM, and every way in reserve is well.",
  ],
  ["one way alone is well", [path("azure")], "Answers arrive. Calls go to Azure directly."],
  [
    "LiteLLM is down",
    [ill("litellm → azure", "litellm_up", LITELLM), path("azure")],
    "Answers arrive. LiteLLM is not answering; calls go to Azure directly.",
  ],
  [
    "Azure refuses behind LiteLLM",
    [ill("litellm → azure", "auth", LITELLM), path("azure")],
    "Answers arrive. Azure through LiteLLM does not let us in; calls go to Azure directly.",
  ],
  ["nothing answers", [ill("azure", "deployment")], "No answer arrives. Azure directly does not have the deployment."],
  [
    "a server of one's own answers",
    [path("workstation", { provider: "compatible" })],
    "Answers arrive. Calls go to workstation directly.",
  ],
  [
    "Azure refuses on both ways",
    [ill("litellm → azure", "auth", LITELLM), ill("azure", "auth")],
    "No answer arrives. Azure does not let us in, whichever way.",
  ],
  [
    "each way has a trouble of its own",
    [ill("litellm → azure", "litellm_up", LITELLM), ill("azure", "tcp")],
    "No answer arrives. LiteLLM is not answering; Azure directly is not answering.",
  ],
  ["nothing is named", [], "No way to a model is set up yet. Name a route in chatsheet.toml."],
  [
    "a key is missing",
    [path("azure", { state: "not_configured" })],
    "No way to a model is set up yet. Settings name azure, but not the key.",
  ],
])("in a plain sentence: %s", (_, paths, says) => {
  expect(verdictOf(report(paths)).says).toBe(says);
});

test("what changed is told without the date of the last time", () => {
  const changes = ["since 2026-11-22: azure.key_wrong fixed on `azure`", "since 2026-11-22 09:30: nothing changed"];
  expect(changesOf(report([], { changes }))).toEqual(["azure.key_wrong fixed on `azure`", "nothing changed"]);
});

test("wrong settings come before everything else", () => {
  const problems = [{ key: "llm.routs", cause: "settings.invalid", reason: "unknown", fix: "routes" }];
  expect(verdictOf(report([], { problems }))).toMatchObject({ tone: "bad" });
});
