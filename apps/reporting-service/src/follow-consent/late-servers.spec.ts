import { EntryIndex } from '@mailwarden/consent';
import type { ConsentEntry, ConsentScope } from '@mailwarden/contracts';
import { instantOf, type ServerName } from '@mailwarden/kernel';
import { describe, expect, it } from 'vitest';
import type { AttestedServer } from './convergence.js';
import { LATE_AFTER_MS, lateFinding } from './late-servers.js';

const PUBLISHED_MS = 1_000_000;
const LATE_MS = PUBLISHED_MS + LATE_AFTER_MS + 1;
const entry = (scope: ConsentScope, revision: number): ConsentEntry => ({ schema: 'mailwarden/consent-entry/v1', scope, revision, decisions: [], publishedAt: instantOf(PUBLISHED_MS) });
const server = (revisions: Record<string, number> | null, heard = true): AttestedServer => ({ server: 'mx-1' as ServerName, labels: { role: 'mx' }, heard, since: instantOf(0), attestation: revisions === null ? null : ({ revisions } as never), revisionsSince: null });
const ENTRIES = new EntryIndex([entry({ kind: 'organisation' }, 3), entry({ kind: 'group', label: 'role', value: 'archive' }, 9)]);

describe('a server that a decision is for', () => {
  it('is late a while after it was published, and not before', () => {
    expect(lateFinding(ENTRIES, server({ organisation: 2 }), PUBLISHED_MS + LATE_AFTER_MS)).toBeNull();
    expect(lateFinding(ENTRIES, server({ organisation: 2 }), LATE_MS)).toMatchObject({ code: 'consent-not-converged', message: expect.stringContaining('decisions for organisation have not been applied') });
    expect(lateFinding(ENTRIES, { ...server(null), since: instantOf(LATE_MS - LATE_AFTER_MS) }, LATE_MS)).toBeNull();
    expect(lateFinding(ENTRIES, server(null, false), LATE_MS)).toMatchObject({ advice: expect.stringContaining('reaches the bus') });
  });

  it('is not late once it attested it, nor for scopes that it is not in', () => {
    expect(lateFinding(ENTRIES, server({ organisation: 3 }), LATE_MS)).toBeNull();
    expect(lateFinding(ENTRIES, server({ organisation: 4 }), LATE_MS)).toBeNull();
    expect(lateFinding(new EntryIndex([]), server(null), LATE_MS)).toBeNull();
  });
});
