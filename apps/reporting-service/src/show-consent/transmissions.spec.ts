import type { Profile } from '@mailwarden/catalogue';
import type { EffectiveConsent } from '@mailwarden/consent';
import type { EgressFlowObservation, FlowObservation } from '@mailwarden/contracts';
import { known, unknown } from '@mailwarden/kernel';
import { describe, expect, it } from 'vitest';
import { transmissionRows, type TransmittingServer } from './transmissions.js';

const flow = (id: string, requires: readonly string[]) => ({ id, title: id, recipient: 'Vendor', requires, encrypted: true, dataCategories: ['mail.subject'], endpoints: null, enabled: null, source: 'test' });
const profile = (id: string): Profile => ({ id, product: { name: `Product ${id}`, vendor: 'Vendor', versions: '*' }, flows: [flow('cloud', ['a', 'b']), flow('updates', [])] }) as unknown as Profile;
const seen = (part: Partial<FlowObservation> = {}): FlowObservation => ({ id: 'cloud', configured: known(true), possible: known(true), observed: unknown('not looked'), ...part });
const granted = (...ids: readonly string[]): EffectiveConsent[] => ids.map((agreement) => ({ agreement, state: 'granted', because: '', decision: null }));
const server = (part: Partial<TransmittingServer> = {}): TransmittingServer => ({ profile: 'one', flows: [seen()], filtered: [], effective: granted('a', 'b'), ...part });
const refused = (enforced: boolean) => [{ id: 'cloud', effect: 'refused', enforced }] as unknown as EgressFlowObservation[];

describe('what a fleet transmits', () => {
  it('counts each server once, by what is permitted, configured, refused and observed there', () => {
    const rows = transmissionRows([profile('one'), profile('nobody-runs-it')], [
      server(),
      server({ effective: granted('a'), filtered: refused(true) }),
      server({ effective: granted('a', 'b'), filtered: refused(false), flows: [seen({ configured: known(false), observed: known({ connections: 2, encrypted: true }) })] }),
      server({ effective: [], flows: [seen({ configured: unknown('no settings'), observed: known({ connections: 0, encrypted: true }) })] }),
      server({ flows: [] }),
    ]);
    expect(rows.map(({ flow: id, servers }) => [id, servers])).toEqual([
      ['cloud', { all: 5, permitted: 3, notPermitted: 2, configured: 2, configuredUnknown: 2, refused: 1, observed: 1, observedUnknown: 3 }],
      ['updates', { all: 5, permitted: 5, notPermitted: 0, configured: 0, configuredUnknown: 5, refused: 0, observed: 0, observedUnknown: 5 }],
    ]);
    expect(rows[0]).toMatchObject({ product: 'Product one', recipient: 'Vendor', requires: ['a', 'b'], encrypted: true, dataCategories: [{ id: 'mail.subject' }] });
  });
});
