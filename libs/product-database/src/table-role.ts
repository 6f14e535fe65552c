/** A role of a database server that may log in and gets at one table. */
export interface TableRole {
  readonly name: string;
  readonly read: boolean;
  readonly write: boolean;
  /** In words that name no other role. */
  readonly because: string;
  /** The one that the server was made with, and that runs it. */
  readonly isServers: boolean;
}

export interface TableAccess {
  readonly roles: readonly TableRole[];
  /** Why everyone on this host can be one of these roles; null where the server asks who it is, or does not tell. */
  readonly openToHost: string | null;
}
