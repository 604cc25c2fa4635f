/** A chat whose log is followed: its turns as they are now, shown once a frame however fast a model writes. */
import { type Connection, chats, follow } from "../../api/chats";
import type { ChatEvent, LiveEvent } from "../../api/types.gen";
import { apply, type Chat, EMPTY, isRunning } from "../../state/chat";

const HIDDEN_MS = 50;

export class Conversation {
  chat = $state.raw<Chat>(EMPTY);
  isLoaded = $state(false);
  connection = $state<Connection>("open");
  readonly running = $derived(isRunning(this.chat));
  #leave = () => {};
  #id: string | null = null;

  /** Follow another chat; true once its log is there, unless another one was opened meanwhile. */
  async open(id: string): Promise<boolean> {
    this.close();
    this.#id = id;
    const log = await chats.log(id);
    if (this.#id !== id) return false;
    this.chat = log.reduce((made, { event }) => apply(made, event), EMPTY);
    this.isLoaded = true;
    this.#leave = follow(id, log.at(-1)?.seq ?? 0, this.#gathered(id), (state) => {
      this.connection = state;
    });
    return true;
  }

  close(): void {
    this.#leave();
    this.#leave = () => {};
    this.#id = null;
    this.chat = EMPTY;
    this.isLoaded = false;
    this.connection = "open";
  }

  #gathered(id: string): (event: ChatEvent | LiveEvent) => void {
    let waiting: (ChatEvent | LiveEvent)[] = [];
    const flush = () => {
      if (this.#id === id) this.chat = waiting.reduce(apply, this.chat);
      waiting = [];
    };
    return (event) => {
      waiting.push(event);
      if (waiting.length > 1) return;
      if (document.hidden) setTimeout(flush, HIDDEN_MS);
      else requestAnimationFrame(flush);
    };
  }
}
