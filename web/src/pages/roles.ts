// The roles of users in words.
import type { Role } from "../venue/wire.ts";

export const ROLE_WORDS: Readonly<Record<Role, string>> = {
  trader: "Trader",
  lister: "Lister",
  admin: "Administrator",
};

export const ROLE_MAY: Readonly<Record<Role, string>> = {
  trader: "trades",
  lister: "trades, lists stocks and grants shares",
  admin: "may do everything, and sees these pages",
};

export const ROLES: readonly Role[] = ["trader", "lister", "admin"];
