/** What the page's address says is to be seen; behind the hash, so that reload and back work without the server. */

export type View =
  | { readonly name: "chat" }
  | { readonly name: "settings" }
  /** An earlier examination by its id, or the latest one. */
  | { readonly name: "routes"; readonly examination: string | null };

export function viewOf(hash: string): View {
  const [name, id] = hash.replace(/^#\/?/, "").split("/");
  if (name === "settings") return { name };
  return name === "routes" ? { name, examination: id ? decodeURIComponent(id) : null } : { name: "chat" };
}
