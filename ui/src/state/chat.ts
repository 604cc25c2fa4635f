/** A chat as the page shows it: a pure reducer over the events of its log and the live ones. */
import type {
  Answered,
  ChatEvent,
  Decided,
  LiveEvent,
  ModelReplied,
  NumberFound,
  Selection,
  ToolAnswered,
  Trail,
} from "../api/types.gen";

export type TurnState = "running" | "answered" | "failed" | "cancelled";

export interface Problem {
  readonly code: string;
  readonly what: string;
  readonly fix: string;
}

export interface Restarted {
  readonly route: string;
  readonly cause: string;
  /** The route that then answered; empty until one has. */
  readonly to: string;
}

export interface Turn {
  readonly id: string;
  readonly question: string;
  readonly selection: Selection | null;
  readonly state: TurnState;
  readonly replies: readonly ModelReplied[];
  readonly tools: readonly ToolAnswered[];
  /** What the model is writing in the step that runs. */
  readonly writing: string;
  /** A route died while it wrote, and the step began again on another one. */
  readonly restarted: Restarted | null;
  /** Why the model was asked once more, if it was. */
  readonly nudged: "no_query" | "empty" | null;
  readonly form: Answered["form"];
  readonly text: string;
  readonly numbers: readonly NumberFound[];
  readonly isCut: boolean;
  /** What one is to know beside the answer, such as a budget that nears its end. */
  readonly warnings: readonly string[];
  readonly problem: Problem | null;
  readonly failedTrail: Trail | null;
  /** What persons decided on its proposals, the latest of each. */
  readonly decisions: Readonly<Record<string, Decided>>;
}

export type Chat = readonly Turn[];

export const EMPTY: Chat = [];

export function apply(chat: Chat, event: ChatEvent | LiveEvent): Chat {
  if (event.kind === "asked") {
    return chat.some((turn) => turn.id === event.turn) ? chat : [...chat, opened(event.turn, event.question, event.selection)];
  }
  // what happens, happens at the end: a chat of 500 turns is not looked through for each word that is written
  const place = chat.findLastIndex((turn) =>
    event.kind === "decided" ? proposes(turn, event.proposal) : turn.id === event.turn,
  );
  const turn = chat[place];
  return turn === undefined ? chat : chat.with(place, advance(turn, event));
}

function opened(id: string, question: string, selection: Selection | null): Turn {
  return {
    id,
    question,
    selection,
    state: "running",
    replies: [],
    tools: [],
    writing: "",
    restarted: null,
    nudged: null,
    form: "answer",
    text: "",
    numbers: [],
    isCut: false,
    warnings: [],
    problem: null,
    failedTrail: null,
    decisions: {},
  };
}

function proposes(turn: Turn, proposal: string): boolean {
  return turn.tools.some((tool) => tool.proposal?.id === proposal);
}

function advance(turn: Turn, event: Exclude<ChatEvent | LiveEvent, { kind: "asked" }>): Turn {
  switch (event.kind) {
    case "wrote":
      return { ...turn, writing: event.is_all ? event.text : turn.writing + event.text };
    case "step_restarted":
      return { ...turn, writing: "", restarted: { route: event.route, cause: event.cause, to: "" } };
    case "access_ended":
      return turn.state === "running" ? { ...turn, state: "failed", writing: "", problem: event } : turn;
    case "model_replied": {
      const restarted = turn.restarted?.to === "" ? { ...turn.restarted, to: event.route } : turn.restarted;
      return { ...turn, writing: event.calls.length > 0 ? "" : event.text, replies: [...turn.replies, event], restarted };
    }
    case "nudged":
      return { ...turn, writing: "", nudged: event.reason };
    case "tool_answered":
      return { ...turn, tools: [...turn.tools, event] };
    case "answered": {
      const { form, text, numbers, warnings, is_cut: isCut } = event;
      return { ...turn, state: "answered", writing: "", form, text, numbers, warnings, isCut };
    }
    case "failed":
      return { ...turn, state: "failed", writing: "", problem: event, failedTrail: event.trail };
    case "cancelled":
      return { ...turn, state: "cancelled", writing: "" };
    case "decided":
      return { ...turn, decisions: { ...turn.decisions, [event.proposal]: event } };
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
    ...trail.attempts.flatMap((attempt) => (attempt.proof === "cache" ? [`${attempt.route}: from the cache`] : [])),
  ]);
  return { route: turn.replies.at(-1)?.route ?? "", causes: [...new Set(causes)] };
}
