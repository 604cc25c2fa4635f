/** Work that is not lost where nobody is there to do it for: it waits, and is done again. Pure. */

/** Does something until somebody was there for it; `doing` is told whether it may have been done before. */
export async function persist<T>(
  doing: (isAgain: boolean) => Promise<T>,
  isGone: (error: unknown) => boolean,
  back: () => Promise<void>,
): Promise<T> {
  for (let isAgain = false; ; isAgain = true) {
    try {
      return await doing(isAgain);
    } catch (error) {
      if (!isGone(error)) throw error;
      await back();
    }
  }
}
