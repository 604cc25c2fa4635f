import { expect, test } from "vitest";
import type { Asked, ChatEvent, LiveEvent, ModelReplied } from "../api/types.gen";
import { apply, type Chat, EMPTY, isRunning, routeSummary } from "./chat";
import { answered, editProposal } from "./samples";

const usage = { input_tokens: 1, output_tokens: 1, cached_tokens: 0 };

function replied(text: string, route: string, causes: readonly (string | null)[]): ModelReplied {
  const attempts = causes.map((cause, index) => ({
    route: index === causes.length - 1 ? route : "litellm",
    cause,
    proof: "direct" as const,
    status: 200,
    milliseconds: 1,
    first_content_ms: 1,
    request_id: null,
    adapted: [],
  }));
  return {
    kind: "model_replied",
    turn: "t",
    text,
    calls: [],
    finish_reason: "stop",
    model: "m",
    route,
    usage,
    trail: { attempts, skipped: [] },
    cost: null,
    milliseconds: 1,
  };
}

function play(...events: (ChatEvent | LiveEvent)[]): Chat {
  return events.reduce(apply, EMPTY);
}

const asked: Asked = { kind: "asked", turn: "t", question: "How many?", day: null, locale: "en", selection: null };

test("a question opens a running turn, once even when it is replayed", () => {
  const chat = play(asked, asked);
  expect(chat).toHaveLength(1);
  expect(isRunning(chat)).toBe(true);
});

test("text streams in and a restart throws it away", () => {
  const chat = play(
    asked,
    { kind: "wrote", turn: "t", text: "12 or", is_all: false },
    { kind: "step_restarted", turn: "t", route: "litellm", cause: "stream.cut" },
    { kind: "wrote", turn: "t", text: "42", is_all: false },
  );
  expect(chat[0]?.writing).toBe("42");
  expect(chat[0]?.restarted?.cause).toBe("stream.cut");
});

test("the answer replaces what was being written", () => {
  const chat = play(
    asked,
    { kind: "wrote", turn: "t", text: "4", is_all: false },
    { kind: "answered", turn: "t", text: "42", form: "answer", numbers: [], is_cut: false, warnings: [] },
  );
  expect(chat[0]).toMatchObject({ state: "answered", text: "42", writing: "" });
  expect(isRunning(chat)).toBe(false);
});

test("a step that was given again from the cache says so in the summary", () => {
  const said = replied("42", "azure", [null]);
  const again = said.trail.attempts.map((attempt) => ({ ...attempt, proof: "cache" as const }));
  const [turn] = play(asked, { ...said, trail: { attempts: again, skipped: [] } });
  expect(turn && routeSummary(turn).causes).toEqual(["azure: from the cache"]);
});

test("a failed turn keeps the error and its trail", () => {
  const failed = { kind: "failed" as const, turn: "t", code: "c", what: "w", fix: "f", trail: { attempts: [], skipped: [] } };
  expect(play(asked, failed)[0]).toMatchObject({ state: "failed", problem: { what: "w", fix: "f" } });
});

test("the route summary names the route that answered and each cause once", () => {
  const chat = play(asked, replied("", "azure", ["litellm.down", null]), replied("42", "azure", ["litellm.down", null]));
  const turn = chat[0];
  expect(turn && routeSummary(turn)).toEqual({ route: "azure", causes: ["litellm: litellm.down"] });
});

test("a restart says which route then answered", () => {
  const chat = play(
    asked,
    { kind: "step_restarted", turn: "t", route: "litellm", cause: "stream.cut" },
    replied("42", "azure", [null]),
    replied("43", "other", [null]),
  );
  expect(chat[0]?.restarted).toEqual({ route: "litellm", cause: "stream.cut", to: "azure" });
});

test("a turn that runs ends with the access, one that was answered stays", () => {
  const ended: LiveEvent = { kind: "access_ended", turn: "t", code: "access.denied", what: "it ended.", fix: "ask." };
  expect(play(asked, ended)[0]).toMatchObject({ state: "failed", problem: { code: "access.denied" } });
  const said: ChatEvent = { kind: "answered", turn: "t", text: "42", form: "answer", numbers: [], is_cut: false, warnings: [] };
  expect(play(asked, said, ended)[0]).toMatchObject({ state: "answered", problem: null });
});

test("a nudge throws away what was written and says why", () => {
  const wrote: LiveEvent = { kind: "wrote", turn: "t", text: "42", is_all: false };
  const chat = play(asked, wrote, { kind: "nudged", turn: "t", reason: "no_query" });
  expect(chat[0]).toMatchObject({ writing: "", nudged: "no_query" });
});

test("a decision finds the turn that proposed, and the last one counts", () => {
  const decided = (decision: "applied" | "undone"): ChatEvent => ({
    kind: "decided",
    proposal: "p1",
    decision,
    by: "anna",
    at: "2026-01-01T00:00:00Z",
    version: "v2",
    job: "",
  });
  const chat = play(asked, answered({ proposal: editProposal("p1") }), decided("applied"), decided("undone"));
  expect(chat[0]?.decisions.p1?.decision).toBe("undone");
  expect(play(asked, decided("applied"))[0]?.decisions).toEqual({});
});

test("a long chat takes an event without touching its other turns", () => {
  const chat = play(...Array.from({ length: 500 }, (_, place) => ({ ...asked, turn: `t${place}` })));
  const after = apply(chat, { kind: "wrote", turn: "t499", text: "x", is_all: false });
  expect(after).toHaveLength(500);
  expect(after.filter((turn, place) => turn !== chat[place])).toHaveLength(1);
});

test("events of an unknown turn change nothing", () => {
  expect(play({ kind: "wrote", turn: "other", text: "x", is_all: false })).toEqual([]);
});
