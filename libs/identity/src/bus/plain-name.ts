import { NAME_PATTERN } from '@mailwarden/kernel';

/** Safety: a name becomes a token of subjects and part of a file's name; one like `*` once let an agent speak as everyone. Errors: throws for any other. */
export function requirePlainName(name: string): void {
  if (!NAME_PATTERN.test(name)) throw new Error(`no credential is issued for ${JSON.stringify(name.slice(0, 80))}: a name is 1 to 63 characters of a-z, 0-9 and "-", and neither begins nor ends with "-"`);
}
