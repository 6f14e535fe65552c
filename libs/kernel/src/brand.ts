import { err, ok, type Result } from './result.js';

declare const brand: unique symbol;
/** A string that was checked once at an edge and may be trusted inside. */
export type Branded<Name extends string> = string & { readonly [brand]: Name };

/** Name of a server: a single bus-subject token, so never `.`, `*` or `>`. Shape: `[a-z0-9-]`, 1 to 63 characters. */
export type ServerName = Branded<'ServerName'>;
/** Name of a store inside a profile, as `backup`. */
export type StoreId = Branded<'StoreId'>;
/** Name of a profile, as `kaspersky-klms-8`. */
export type ProfileId = Branded<'ProfileId'>;

/** The only characters that may enter a bus subject token (see the safety rules on enrolment names). */
export const NAME_PATTERN = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

const named =
  <B extends string>(what: string) =>
  (text: string): Result<B, string> =>
    NAME_PATTERN.test(text)
      ? ok(text as B)
      : err(`${what} must be 1 to 63 characters of a-z, 0-9 and "-", and neither start nor end with "-"`);

export const parseServerName = named<ServerName>('a server name');
export const parseStoreId = named<StoreId>('a store id');
export const parseProfileId = named<ProfileId>('a profile id');
