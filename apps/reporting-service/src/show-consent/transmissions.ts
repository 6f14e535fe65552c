import { DATA_CATEGORIES, isDataCategory, type Flow, type Profile } from '@mailwarden/catalogue';
import type { EffectiveConsent } from '@mailwarden/consent';
import type { EgressFlowObservation, FlowObservation, TransmissionsView } from '@mailwarden/contracts';

/** What one server's newest observation of one profile says of flows, and what consent covers there. */
export interface TransmittingServer {
  readonly profile: string;
  readonly flows: readonly FlowObservation[];
  /** Empty where no packet filter is kept, or it does not stand. */
  readonly filtered: readonly EgressFlowObservation[];
  readonly effective: readonly EffectiveConsent[];
}

type Row = TransmissionsView['rows'][number];

function serversOf(flow: Flow, servers: readonly TransmittingServer[]): Row['servers'] {
  const counted = { all: servers.length, permitted: 0, notPermitted: 0, configured: 0, configuredUnknown: 0, refused: 0, observed: 0, observedUnknown: 0 };
  for (const { flows, filtered, effective } of servers) {
    const own = flows.find(({ id }) => id === flow.id);
    const isPermitted = flow.requires.every((agreement) => effective.some((consent) => consent.agreement === agreement && consent.state === 'granted'));
    counted[isPermitted ? 'permitted' : 'notPermitted'] += 1;
    if (own?.configured.known !== true) counted.configuredUnknown += 1;
    else if (own.configured.value) counted.configured += 1;
    if (filtered.some(({ id, effect, enforced }) => id === flow.id && effect === 'refused' && enforced)) counted.refused += 1;
    if (own?.observed.known !== true) counted.observedUnknown += 1;
    else if (own.observed.value.connections > 0) counted.observed += 1;
  }
  return counted;
}

/** Every kind of transmission of the fleet, with what is true of the servers that run its product. A product that no server runs is left out. */
export function transmissionRows(profiles: readonly Profile[], servers: readonly TransmittingServer[]): Row[] {
  const byProfile = Map.groupBy(servers, ({ profile }) => profile);
  return profiles.flatMap((profile) => {
    const own = byProfile.get(profile.id) ?? [];
    if (own.length === 0) return [];
    return profile.flows.map((flow) => ({
      profile: profile.id,
      product: profile.product.name,
      flow: flow.id,
      title: flow.title,
      recipient: flow.recipient,
      dataCategories: flow.dataCategories?.map((id) => ({ id, title: isDataCategory(id) ? DATA_CATEGORIES[id].title : id })) ?? null,
      requires: [...flow.requires],
      encrypted: flow.encrypted,
      servers: serversOf(flow, own),
    }));
  });
}
