export { accessOf, openParents } from './access.js';
export type { AccountAccess, DeclaredProtection, EntryRights } from './access.js';
export { accountsFrom, isSystemAccount } from './accounts.js';
export type { Account, Accounts } from './accounts.js';
export { compilePatterns, outermost } from './pattern.js';
export type { BytePath, PatternSet } from './pattern.js';
export { StoreTally } from './store-tally.js';
export type { SeenEntry } from './store-tally.js';
