/** What the page says of the routes to the model. */
import type { RouteState } from "../api/types.gen";

const SAID: Record<RouteState["state"], string> = {
  closed: "gets calls",
  open: "passed over",
  half_open: "being tried again",
};

/** The route that a question would take now: the first one that answers, else the first. */
export function current(routes: readonly RouteState[]): RouteState | null {
  return routes.find((route) => route.state === "closed") ?? routes[0] ?? null;
}

/** One line on a route's health. */
export function told(route: RouteState): string {
  if (route.state === "closed") return SAID.closed;
  const next = route.probe_in_s === null ? "" : `, tried again in ${Math.ceil(route.probe_in_s)} s`;
  return `${SAID[route.state]}: ${route.cause}${next}`;
}
