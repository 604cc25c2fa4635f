/** A sheet's events, followed through cuts, sleep and restarts of the server. Deciding is in state/live.ts. */
import { apply, isSilent, type Live, listening, wait } from "../state/live";
import { ApiError, api, isGone } from "./client";
import type { Job, SheetEvent } from "./types.gen";

const LOOK_EVERY_MS = 5000;

/** `back`: the server is there again after it was gone, with a fresh cookie. `chats`: the list of a sheet's chats changed. */
const happened = new EventTarget();

/** Calls back whenever the list of a sheet's chats changed, here or elsewhere; returns what ends it. */
export function onChats(sheet: string, callback: () => void): () => void {
  return on(`chats ${sheet}`, callback);
}

/** Calls back when the server can be reached again after it was gone; streams that ended begin again then. */
export function onBack(callback: () => void): () => void {
  return on("back", callback);
}

/** Says that the server can be asked again, such as after a login. */
export function tellBack(): void {
  happened.dispatchEvent(new Event("back"));
}

/** Waits until the server is back; not for ever, since a single call can fail while the streams go on. */
export async function untilBack(): Promise<void> {
  await new Promise<void>((done) => {
    const end = onBack(ended);
    const timer = setTimeout(ended, LOOK_EVERY_MS);
    function ended(): void {
      end();
      clearTimeout(timer);
      done();
    }
  });
}

function on(name: string, callback: () => void): () => void {
  happened.addEventListener(name, callback);
  return () => happened.removeEventListener(name, callback);
}

export interface Listener {
  onLive(live: Live): void;
  /** Each job of the sheet as it stands, and as it changes. */
  onJob(job: Job): void;
  /** Whether the server is heard. */
  onHeard(isHeard: boolean): void;
}

/** Follows a sheet until the returned function is called, or it is not to be seen any more. */
export function followSheet(sheet: string, { onLive, onJob, onHeard }: Listener): () => void {
  let live = listening(sheet, Date.now());
  let source: EventSource | null = null;
  let attempt = 0;
  let isEnded = false;
  let isRefused = false;
  let waiting: ReturnType<typeof setTimeout> | undefined;

  function open(): void {
    clearTimeout(waiting);
    source?.close();
    source = new EventSource(`api/sheets/${sheet}/events?after=${encodeURIComponent(live.cursor)}`);
    source.onopen = () => {
      const wasGone = attempt > 0;
      attempt = 0;
      live = apply(live, { kind: "opened", at: Date.now() });
      onHeard(true);
      if (wasGone) tellBack();
    };
    source.onmessage = (message: MessageEvent<string>) => {
      const { chats } = live;
      const event = JSON.parse(message.data) as SheetEvent;
      if (event.kind === "job") onJob(event.job);
      live = apply(live, { kind: "told", id: message.lastEventId, event, at: Date.now() });
      if (live.chats !== chats) happened.dispatchEvent(new Event(`chats ${sheet}`));
      tell();
    };
    source.onerror = () => {
      isRefused = source?.readyState === EventSource.CLOSED; // a line that is cut would be tried again
      lose();
    };
  }

  function tell(): void {
    if (live.ended !== null) stop();
    onLive(live);
  }

  /** The browser's own attempts would end at the first refusal, and a server that was restarted refuses the old cookie. */
  function lose(): void {
    source?.close();
    onHeard(false);
    clearTimeout(waiting);
    if (!isEnded) waiting = setTimeout(() => void comeBack(), wait(attempt++));
  }

  async function comeBack(): Promise<void> {
    if (isEnded) return;
    const isThere = await renewed();
    if (isThere && isRefused && (await hasEnded())) tell();
    else if (isEnded) return;
    else if (isThere) open();
    else lose();
  }

  /** Whether the sheet is not to be seen any more: then the server refuses its events without a word. */
  async function hasEnded(): Promise<boolean> {
    try {
      await api.sheet(sheet);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (isGone(error) || isEnded) return false;
      live = apply(live, { kind: "refused", why: { code: error.code, what: error.message, fix: error.fix } });
    }
    return live.ended !== null;
  }

  function look(): void {
    if (document.visibilityState === "visible" && (isSilent(live, Date.now()) || source?.readyState === EventSource.CLOSED)) {
      attempt = Math.max(1, attempt);
      void comeBack();
    }
  }

  open();
  const timer = setInterval(() => {
    if (isSilent(live, Date.now()) && source?.readyState === EventSource.OPEN) look();
  }, LOOK_EVERY_MS);
  document.addEventListener("visibilitychange", look);
  window.addEventListener("online", look);
  window.addEventListener("offline", lose); // an open stream would not notice
  const endBack = onBack(() => {
    if (source?.readyState === EventSource.CLOSED) open();
  });
  function stop(): void {
    isEnded = true;
    endBack();
    clearTimeout(waiting);
    clearInterval(timer);
    document.removeEventListener("visibilitychange", look);
    window.removeEventListener("online", look);
    window.removeEventListener("offline", lose);
    source?.close();
  }
  return stop;
}

/** Whether the server is there. Its page brings the cookie of its present run; a page of another build replaces this one. */
export async function renewed(): Promise<boolean> {
  const page = await fetch("./", { cache: "no-store" }).then(
    (response) => (response.ok ? response.text() : ""),
    () => "",
  );
  if (page === "") return false;
  const script = document.querySelector<HTMLScriptElement>("script[type=module]")?.getAttribute("src") ?? "";
  if (!page.includes(script)) location.reload();
  return true;
}
