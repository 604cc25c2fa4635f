/** Server-sent events of an answer that was asked for with POST; the browser's own EventSource can only GET. */

/** Yields the data of each whole event; ends where the stream does, also where it is cut. */
export async function* messages(body: ReadableStream<Uint8Array<ArrayBuffer>> | null): AsyncGenerator<string> {
  const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (let rest = ""; reader !== undefined; ) {
      const { done, value } = await reader.read().catch(() => ({ done: true, value: "" }));
      if (done) return;
      const events = (rest + value).split("\n\n");
      rest = events.pop() ?? "";
      for (const event of events) {
        const line = event.split("\n").find((one) => one.startsWith("data: "));
        if (line !== undefined) yield line.slice("data: ".length);
      }
    }
  } finally {
    await reader?.cancel().catch(() => undefined); // whoever has heard enough lets the connection go
  }
}
