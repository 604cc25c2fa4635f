/** Work that may be refused: while it runs, and why it was refused, for a form to show. */
import { ApiError, LOGIN_NEEDED } from "../api/client";

export class Attempt {
  isBusy = $state(false);
  problem = $state.raw<ApiError | null>(null);

  /** Whether it was done; another one that is begun meanwhile is not. */
  async run(work: () => Promise<void>): Promise<boolean> {
    if (this.isBusy) return false;
    this.isBusy = true;
    this.problem = null;
    try {
      await work();
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.problem = error.code === LOGIN_NEEDED ? null : error; // then the page asks for one
      return false;
    } finally {
      this.isBusy = false;
    }
  }

  /** What was refused is being changed. */
  forget(): void {
    this.problem = null;
  }
}
