/** A chat as the page shows it: a pure reducer over the events of its log and the live ones. */
import type { ChatEvent, LiveEvent, ModelReplied, NumberFound, ToolAnswered, Trail } from "../api/types.gen";

export type TurnState = "running" | "answered" | "failed" | "cancelled";

export interface Problem {
  readonly code: string;
  readonly what: string;
  readonly fix: string;
}

export interface Turn {
  readonly id: string;
  readonly question: string;
  readonly state: TurnState;
  readonly replies: readonly ModelReplied[];
  readonly tools: readonly ToolAnswered[];
  /** What the model is writing in the step that runs. */
  readonly writing: string;
  readonly restarted: { readonly route: string; readonly cause: string } | null;
  readonly text: string;
  readonly numbers: readonly NumberFound[];
  readonly isCut: boolean;
  readonly problem: Problem | null;
  readonly failedTrail: Trail | null;
}

export type Chat = readonly Turn[];

export const EMPTY: Chat = [];

export function apply(chat: Chat, event: ChatEvent | LiveEvent): Chat {
  if (event.kind === "asked") {
    return chat.some((turn) => turn.id === event.turn) ? chat : [...chat, opened(event.turn, event.question)];
  }
  if (event.kind === "decided") return chat; // a proposal's card reads it
  return chat.map((turn) => (turn.id === event.turn ? advance(turn, event) : turn));
}

function opened(id: string, question: string): Turn {
  return {
    id,
    question,
    state: "running",
    replies: [],
    tools: [],
    writing: "",
    restarted: null,
    text: "",
    numbers: [],
    isCut: false,
    problem: null,
    failedTrail: null,
  };
}

function advance(turn: Turn, event: Exclude<ChatEvent | LiveEvent, { kind: "asked" } | { kind: "decided" }>): Turn {
  switch (event.kind) {
    case "wrote":
      return { ...turn, writing: event.is_all ? event.text : turn.writing + event.text };
    case "step_restarted":
      return { ...turn, writing: "", restarted: { route: event.route, cause: event.cause } };
    case "model_replied":
      return { ...turn, writing: event.calls.length > 0 ? "" : event.text, replies: [...turn.replies, event] };
    case "nudged":
      return { ...turn, writing: "" };
    case "tool_answered":
      return { ...turn, tools: [...turn.tools, event] };
    case "answered":
      return { ...turn, state: "answered", writing: "", text: event.text, numbers: event.numbers, isCut: event.is_cut };
    case "failed":
      return { ...turn, state: "failed", writing: "", problem: event, failedTrail: event.trail };
    case "cancelled":
      return { ...turn, state: "cancelled", writing: "" };
  }
}

export function isRunning(chat: Chat): boolean {
  return chat.at(-1)?.state === "running";
}

/** The trail to show for a turn: of its last step, or of its failure. */
export function trailOf(turn: Turn): Trail | null {
  return turn.failedTrail ?? turn.replies.at(-1)?.trail ?? null;
}

/** How the whole turn went: the route that answered last, and every cause met on the way. */
export function routeSummary(turn: Turn): { readonly route: string; readonly causes: readonly string[] } {
  const trails = [...turn.replies.map((reply) => reply.trail), ...(turn.failedTrail === null ? [] : [turn.failedTrail])];
  const causes = trails.flatMap((trail) => [
    ...trail.skipped.map((skipped) => `${skipped.route}: ${skipped.cause}`),
    ...trail.attempts.flatMap((attempt) => (attempt.cause === null ? [] : [`${attempt.route}: ${attempt.cause}`])),
  ]);
  return { route: turn.replies.at(-1)?.route ?? "", causes: [...new Set(causes)] };
}
