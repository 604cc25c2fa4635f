/** Calls about people: who one is and how one gets in, one's sessions and tokens, workspaces, and all users. */
import { call, send } from "./client";
import type {
  CodeLogin,
  Invitation,
  LoginWays,
  Me,
  MemberEntry,
  NewAccount,
  NewMember,
  PasswordChange,
  PasswordLogin,
  SessionOfMine,
  TokenMade,
  TokenOfMine,
  TokenWanted,
  UserChange,
  UserEntry,
  WorkspaceOfMine,
} from "./types.gen";

const NONE = send("DELETE", {});

export const login = {
  ways: () => call<LoginWays>("api/login"),
  byPassword: (who: PasswordLogin) => call<null>("api/login/password", send("POST", who)),
  byCode: (code: CodeLogin) => call<null>("api/login/code", send("POST", code)),
  me: () => call<Me>("api/me"),
  end: () => call<null>("api/logout", send("POST", {})),
};

export const account = {
  sessions: () => call<SessionOfMine[]>("api/sessions"),
  endSession: (id: string) => call<null>(`api/sessions/${id}`, NONE),
  endOthers: () => call<null>("api/sessions", NONE),
  tokens: () => call<TokenOfMine[]>("api/tokens"),
  makeToken: (wanted: TokenWanted) => call<TokenMade>("api/tokens", send("POST", wanted)),
  revokeToken: (id: string) => call<null>(`api/tokens/${id}`, NONE),
  changePassword: (change: PasswordChange) => call<null>("api/password", send("POST", change)),
};

export const workspaces = {
  open: (name: string) => call<WorkspaceOfMine>("api/workspaces", send("POST", { name })),
  rename: (id: string, name: string) => call<null>(`api/workspaces/${id}`, send("PATCH", { name })),
  members: (id: string) => call<MemberEntry[]>(`api/workspaces/${id}/members`),
  add: (id: string, member: NewMember) => call<MemberEntry>(`api/workspaces/${id}/members`, send("POST", member)),
  change: (id: string, user: string, role: MemberEntry["role"]) =>
    call<MemberEntry>(`api/workspaces/${id}/members/${user}`, send("PUT", { role })),
  remove: (id: string, user: string) => call<null>(`api/workspaces/${id}/members/${user}`, NONE),
};

export const users = {
  list: () => call<UserEntry[]>("api/users"),
  invite: (account: NewAccount) => call<Invitation>("api/users", send("POST", account)),
  inviteAgain: (id: string) => call<Invitation>(`api/users/${id}/code`, send("POST", {})),
  change: (id: string, change: Partial<UserChange>) => call<UserEntry>(`api/users/${id}`, send("PATCH", change)),
};
