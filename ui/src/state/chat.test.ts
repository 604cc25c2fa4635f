import { expect, test } from "vitest";
import type { ChatEvent, LiveEvent, ModelReplied } from "../api/types.gen";
import { apply, type Chat, EMPTY, isRunning, routeSummary } from "./chat";

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

const asked: ChatEvent = { kind: "asked", turn: "t", question: "How many?", day: null, locale: "en", selection: null };

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
    { kind: "answered", turn: "t", text: "42", form: "answer", numbers: [], is_cut: false },
  );
  expect(chat[0]).toMatchObject({ state: "answered", text: "42", writing: "" });
  expect(isRunning(chat)).toBe(false);
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

test("events of an unknown turn change nothing", () => {
  expect(play({ kind: "wrote", turn: "other", text: "x", is_all: false })).toEqual([]);
});
