import { generateSigningKey, keepOnce, makeUserKey, signerOfUserKey } from '@mailwarden/identity/enrolment';
import { signerFromPem, type Signer } from '@mailwarden/kernel';
import type { Places } from './places.js';

/** Keys that a server has made for itself; their private halves never leave it. */
export interface OwnKeys {
  readonly agent: Signer;
  readonly executor: Signer;
  readonly bus: Signer;
  readonly busSeed: string;
  readonly busKey: string;
}

/** Makes what is missing and keeps what is there: who asks again, asks with the same keys. */
export async function ownKeys(places: Pick<Places, 'agentKey' | 'executorKey' | 'busSeed'>): Promise<OwnKeys> {
  const signing = async (file: string): Promise<Signer> => signerFromPem(await keepOnce(file, () => generateSigningKey().pem));
  const kept = await keepOnce(places.busSeed, () => {
    const { seed, busKey } = makeUserKey();
    return `${seed}\n${busKey}\n`;
  });
  const [busSeed = '', busKey = ''] = kept.split('\n');
  return { agent: await signing(places.agentKey), executor: await signing(places.executorKey), bus: signerOfUserKey(busSeed), busSeed, busKey };
}
