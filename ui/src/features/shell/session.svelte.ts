/** Who looks at the page: known, or asked to log in first; and the workspace that they look at. */
import { whenLoginIsNeeded } from "../../api/client";
import { tellBack } from "../../api/live";
import { login } from "../../api/people";
import type { Me } from "../../api/types.gen";
import { chooseWorkspace, chosenWorkspace } from "../../api/workspace";
import { here } from "../../state/people";

export class Session {
  me = $state.raw<Me | null>(null);
  /** Nobody is logged in: what is on the page waits behind the login. */
  isOut = $state(false);
  #chosen = $state(chosenWorkspace());
  readonly workspace = $derived(here(this.me, this.#chosen));

  constructor() {
    whenLoginIsNeeded(() => {
      this.isOut = true;
    });
  }

  async know(): Promise<void> {
    this.me = await login.me();
  }

  choose(workspace: string): void {
    chooseWorkspace(workspace);
    this.#chosen = workspace;
  }

  /** Somebody is logged in: the same one goes on where they were, of anybody else nothing stays. Whether they were here before. */
  async enter(): Promise<boolean> {
    const found = await login.me();
    if (this.me !== null && this.me.id !== found.id) {
      location.reload();
      return true;
    }
    const wasHere = this.me !== null;
    this.me = found;
    this.isOut = false;
    if (wasHere) tellBack();
    return wasHere;
  }

  /** Ends the session here, then at the identity provider where that has one of its own. */
  async end(): Promise<void> {
    const { end } = await login.ways();
    await login.end();
    location.hash = "#/";
    if (end === "") location.reload();
    else location.assign(end.replace(/^\//, ""));
  }
}
