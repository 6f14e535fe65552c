import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { TrustAnchors } from '@mailwarden/contracts';
import { signerFromPem, type PublicKeyText } from '@mailwarden/kernel';
import { BusAuthority, type BusTokens } from './bus/authority.js';
import { ensureCertificates, type CertificateFiles } from './certificates.js';
import { keepOnce, writePrivate } from './private-file.js';
import { generateSigningKey } from './signing-key.js';

export const SERVICES = ['reporting', 'rotation', 'consent'] as const;
export type ServiceName = (typeof SERVICES)[number];

/** Files of one process that speaks on the bus. */
export interface SpeakerFiles {
  readonly creds: string;
  readonly signingKey: string;
  readonly publicKey: PublicKeyText;
}

export interface ServerFiles extends SpeakerFiles {
  readonly executorKey: string;
  readonly executorPublicKey: PublicKeyText;
  readonly hashKey: string;
}

/** Everything that the processes of one installation need to know and trust each other. */
export interface IdentityFiles {
  readonly certificates: CertificateFiles;
  readonly tokens: BusTokens;
  readonly trust: string;
  readonly services: Readonly<Record<ServiceName, SpeakerFiles>>;
  readonly servers: ReadonlyMap<string, ServerFiles>;
  /** Credentials of the subscriber that every installation has. */
  readonly siemCreds: string;
  /** All subscribers to events by their names. */
  readonly subscribers: readonly string[];
  /** Where the authority of the bus lies, for who keeps its accounts. */
  readonly authorityDir: string;
  readonly accountKeeperCreds: string;
  /** What the reporting service makes agents' credentials with. */
  readonly issuer: string;
  readonly hashKey: string;
}

const HASH_KEY_BYTES = 32;
/** The subscriber that every installation has from its first start. */
export const FIRST_SUBSCRIBER = 'main';

/** Makes what is missing and keeps what is there, so that it can run at every start. Safety: private files are the owner's alone. */
export async function provisionIdentity(options: { dir: string; servers: readonly string[]; hosts: readonly string[]; subscribers?: readonly string[] }): Promise<IdentityFiles> {
  const { dir } = options;
  const certificates = await ensureCertificates(join(dir, 'tls'), options.hosts);
  const authorityDir = join(dir, 'bus');
  const authority = await BusAuthority.open(authorityDir);
  const signingKey = async (name: string): Promise<{ signingKey: string; publicKey: PublicKeyText }> => {
    const file = join(dir, 'keys', `${name}.pem`);
    return { signingKey: file, publicKey: signerFromPem(await keepOnce(file, () => generateSigningKey().pem)).publicKey };
  };
  const service = async (name: ServiceName): Promise<SpeakerFiles> => ({ creds: await authority.serviceCredentials(name), ...(await signingKey(name)) });
  const services = { reporting: await service('reporting'), rotation: await service('rotation'), consent: await service('consent') };
  const hashKey = join(dir, 'keys', 'hash.key');
  await keepOnce(hashKey, () => randomBytes(HASH_KEY_BYTES).toString('base64'));
  const servers = new Map<string, ServerFiles>();
  for (const server of options.servers) {
    const executor = await signingKey(`executor-${server}`);
    servers.set(server, { creds: await authority.agentCredentials(server), ...(await signingKey(`agent-${server}`)), executorKey: executor.signingKey, executorPublicKey: executor.publicKey, hashKey });
  }
  const siemCreds = await authority.siemCredentials(FIRST_SUBSCRIBER);
  for (const subscriber of options.subscribers ?? []) await authority.siemCredentials(subscriber);
  const trust = join(dir, 'trust.json');
  const anchors: TrustAnchors = { schema: 'mailwarden/trust/v1', reporting: services.reporting.publicKey, rotation: services.rotation.publicKey, consent: services.consent.publicKey };
  await writePrivate(trust, `${JSON.stringify(anchors, null, 2)}\n`);
  return { certificates, tokens: await authority.tokens(), trust, services, servers, siemCreds, subscribers: await authority.subscribers(), authorityDir, accountKeeperCreds: await authority.accountKeeperCredentials(), issuer: await authority.issuerFile(), hashKey };
}
