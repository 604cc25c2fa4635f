/** The rungs of the ladder in the words of a person who does not run networks, with the technical word beside. */
import type { Finding, Rung } from "../api/types.gen";

export interface Words {
  readonly plain: string;
  readonly technical: string;
  readonly asks: string;
  /** What is said of a server that fails here. */
  readonly fails: string;
}

export type RungName = Rung["name"];

export const WORDS: Record<RungName, Words> = {
  settings: {
    plain: "Settings",
    technical: "chatsheet.toml",
    asks: "Is what the settings say complete and possible?",
    fails: "is set up wrongly",
  },
  environment: {
    plain: "This machine",
    technical: "environment",
    asks: "Does anything here bend the way?",
    fails: "is kept away by something on this machine",
  },
  dns: {
    plain: "Name look-up",
    technical: "DNS",
    asks: "Does the name lead to an address, and to a private one where it must?",
    fails: "leads to no usable address",
  },
  proxy: {
    plain: "Detours",
    technical: "client proxy",
    asks: "Does a web proxy of this machine stand in between?",
    fails: "is cut off by a web proxy",
  },
  tcp: { plain: "Connection", technical: "TCP", asks: "Does the address take a connection?", fails: "is not answering" },
  tls: {
    plain: "Certificate",
    technical: "TLS",
    asks: "Does the server prove that it is who it says?",
    fails: "cannot prove who it is",
  },
  server: {
    plain: "Who answers",
    technical: "HTTP",
    asks: "Is it the service, or a page of something in between?",
    fails: "is not what answers there",
  },
  litellm_up: {
    plain: "LiteLLM runs",
    technical: "liveliness",
    asks: "Does the LiteLLM proxy answer at all?",
    fails: "is not answering",
  },
  litellm_key: {
    plain: "LiteLLM’s key",
    technical: "master key",
    asks: "Does it let us in?",
    fails: "does not take our key",
  },
  litellm_alias: {
    plain: "LiteLLM’s model",
    technical: "alias",
    asks: "Is the name that we ask for in its config?",
    fails: "does not know the model",
  },
  litellm_health: {
    plain: "LiteLLM’s own view",
    technical: "/health",
    asks: "Does it think its deployment well?",
    fails: "says that its deployment is ill",
  },
  upstream: {
    plain: "Beyond LiteLLM",
    technical: "upstream",
    asks: "Does LiteLLM reach the provider?",
    fails: "is out of LiteLLM’s reach",
  },
  auth: {
    plain: "Key accepted",
    technical: "authentication",
    asks: "Does the provider know our key or token?",
    fails: "does not let us in",
  },
  permission: {
    plain: "Permission",
    technical: "authorisation",
    asks: "May this key or identity ask this resource?",
    fails: "does not permit the call",
  },
  deployment: {
    plain: "Deployment found",
    technical: "deployment",
    asks: "Is there a deployment of this name?",
    fails: "does not have the deployment",
  },
  api_version: {
    plain: "Dialect understood",
    technical: "api-version",
    asks: "Does it speak the version that we ask in?",
    fails: "does not know the version that we ask in",
  },
  model: {
    plain: "Model behind it",
    technical: "model",
    asks: "Which model answers, and until when?",
    fails: "has no current model",
  },
  parameters: {
    plain: "Wishes accepted",
    technical: "parameters",
    asks: "Does it take what we send along?",
    fails: "refuses what we send along",
  },
  chat: { plain: "A short answer", technical: "chat completion", asks: "Does one word come back?", fails: "gives no answer" },
  stream: {
    plain: "Word by word",
    technical: "stream",
    asks: "Does an answer arrive while it is written?",
    fails: "breaks off while it answers",
  },
  tools: {
    plain: "Queries",
    technical: "tool call",
    asks: "Can it ask for a query, as answers need?",
    fails: "asks for no queries",
  },
};

const BEHIND_LITELLM: ReadonlySet<RungName> = new Set([
  "litellm_up",
  "litellm_key",
  "litellm_alias",
  "litellm_health",
  "upstream",
]);
const ALL = Object.keys(WORDS) as RungName[]; // in the order of the ladder

/** On a path through LiteLLM these are about LiteLLM itself; those after them are about the provider behind it. */
export const OF_LITELLM: ReadonlySet<RungName> = new Set(ALL.slice(0, ALL.indexOf("upstream")));

/** The rungs that a path has, before any of them was looked at. */
export function rungsOf(path: string): readonly RungName[] {
  return path.includes("→") ? ALL : ALL.filter((name) => !BEHIND_LITELLM.has(name));
}

export const OWNERS: Record<Finding["owner"], string> = {
  you: "Your settings, or this machine",
  network: "The network: names, firewall, private endpoint",
  azure: "The Azure resource",
  provider: "The server that answers",
  litellm: "LiteLLM",
  openai: "OpenAI",
  nobody: "Nobody: it passes by itself",
};
