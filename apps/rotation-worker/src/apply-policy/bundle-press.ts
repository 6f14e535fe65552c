import type { Profile } from '@mailwarden/catalogue';
import { MESSAGE_TYPES, SIGNING_CONTEXTS, subjects, type Evidence, type Membership, type PolicyBundle } from '@mailwarden/contracts';
import { canonicalJson, instantOf, sha256, signDocument, type ProfileId, type SignedDocument, type Signer } from '@mailwarden/kernel';
import { putEntry, type FleetKeyring } from '@mailwarden/messaging';
import type { Logger } from '@mailwarden/observability';
import { enqueue, type OutboxRelay } from '@mailwarden/persistence';
import { bundleFor, type Policy } from '@mailwarden/policy';
import type { NatsConnection } from '@nats-io/transport-node';
import type { DataSource, EntityManager } from 'typeorm';
import { policyFolderMark, readPolicyFolder, type PolicyFolder } from './policy-files.js';

/** A bundle counts for so long without a control plane. Units: milliseconds. */
const BUNDLE_LIFE_MS = 7 * 86_400_000;
const LOOK_EVERY_MS = 2_000;

interface BundleRow {
  readonly version: string;
  readonly content_hash: string;
  readonly expires_at: Date;
  readonly document: SignedDocument<PolicyBundle>;
}

/** Turns the policy folder into one signed bundle for each server, whenever policy or fleet change. */
export class BundlePress {
  #folder: PolicyFolder = { policies: [], problems: [], mark: '' };
  readonly #bundles = new Map<string, PolicyBundle>();
  readonly #told = new Set<string>();
  #timer: NodeJS.Timeout | null = null;
  #working: Promise<void> = Promise.resolve();

  constructor(
    private readonly parts: { dataSource: DataSource; bus: NatsConnection; keyring: FleetKeyring; signer: Signer; relay: OutboxRelay; profiles: ReadonlyMap<ProfileId, Profile>; policyDir: string; log: Logger },
  ) {}

  async start(): Promise<void> {
    this.#folder = await readPolicyFolder(this.parts.policyDir);
    this.#tellProblems();
    await this.#press();
    this.parts.keyring.onChange(() => this.#queue(() => this.#press()));
    this.#timer = setInterval(() => this.#queue(() => this.#look()), LOOK_EVERY_MS);
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#working;
  }

  bundleOf(server: string): PolicyBundle | undefined {
    return this.#bundles.get(server);
  }

  folder(): PolicyFolder {
    return this.#folder;
  }

  /** How many servers a policy takes in, by the bundles that stand. */
  serversOf(policy: Policy): number {
    return [...this.#bundles.values()].filter((bundle) => bundle.rules.some((rule) => rule.policy === policy.name) || bundle.holds.some((hold) => hold.id === policy.name)).length;
  }

  #queue(work: () => Promise<void>): void {
    this.#working = this.#working.then(work).catch((cause: unknown) => this.parts.log.warn({ err: cause }, 'policy could not be applied; it is tried again'));
  }

  async #look(): Promise<void> {
    if ((await policyFolderMark(this.parts.policyDir)) !== this.#folder.mark) {
      this.#folder = await readPolicyFolder(this.parts.policyDir);
      this.#tellProblems();
    }
    await this.#press();
  }

  #tellProblems(): void {
    for (const { file, line, message } of this.#folder.problems) this.parts.log.warn({ file, line }, `a policy is not used: ${message}`);
  }

  async #press(): Promise<void> {
    for (const member of this.parts.keyring.members()) {
      this.#tellUnknownProfiles(member);
      const document = await this.parts.dataSource.transaction((tx) => this.#pressOne(tx, member));
      this.#bundles.set(member.server, document.payload);
      await putEntry(this.parts.bus, 'bundle', member.server, document);
    }
    this.parts.relay.kick();
  }

  /**
   * While a file of the folder cannot be used, nobody knows whether it was a hold: those that stood stay until the folder is whole again.
   * Safety: holds beat everything, so that a slip of the pen in one must not set free what it keeps.
   */
  #holdsToKeep(standing: PolicyBundle | undefined): PolicyBundle['holds'] {
    const { policies, problems } = this.#folder;
    if (problems.length === 0 || standing === undefined) return [];
    return standing.holds.filter((hold) => !policies.some(({ name }) => name === hold.id));
  }

  #tellUnknownProfiles({ server, profiles }: Membership): void {
    for (const id of profiles) {
      if (this.parts.profiles.has(id) || this.#told.has(`${server} ${id}`)) continue;
      this.#told.add(`${server} ${id}`);
      this.parts.log.warn({ server, profile: id }, 'no profile is known by this name: no policy reaches its stores; put its file into MAILWARDEN_PROFILE_DIR');
    }
  }

  /** A bundle that says the same is kept until half of its life is over. */
  async #pressOne(tx: EntityManager, member: Membership): Promise<SignedDocument<PolicyBundle>> {
    const nowMs = Date.now();
    const profiles = member.profiles.flatMap((id) => this.parts.profiles.get(id) ?? []);
    await tx.query(`SELECT pg_advisory_xact_lock(hashtext($1))`, [`bundle ${member.server}`]);
    const [row] = await tx.query<BundleRow[]>(`SELECT version, content_hash, expires_at, document FROM rotation.bundle WHERE server = $1`, [member.server]);
    const drafted = bundleFor({ server: member.server, labels: member.labels, profiles, policies: this.#folder.policies, version: Number(row?.version ?? 0) + 1, issuedAt: instantOf(nowMs), expiresAt: instantOf(nowMs + BUNDLE_LIFE_MS) });
    const draft = { ...drafted, holds: [...drafted.holds, ...this.#holdsToKeep(row?.document.payload)] };
    const contentHash = sha256(canonicalJson({ ...draft, version: 0, issuedAt: null, expiresAt: null }));
    if (row !== undefined && row.content_hash === contentHash && row.expires_at.getTime() - nowMs > BUNDLE_LIFE_MS / 2) return row.document;
    const document = signDocument(this.parts.signer, SIGNING_CONTEXTS.bundle, draft);
    await tx.query(
      `INSERT INTO rotation.bundle (server, version, content_hash, expires_at, document) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (server) DO UPDATE SET version = excluded.version, content_hash = excluded.content_hash, expires_at = excluded.expires_at, document = excluded.document`,
      [member.server, draft.version, contentHash, draft.expiresAt, JSON.stringify(document)],
    );
    const evidence: Evidence = { schema: 'mailwarden/evidence/v1', kind: 'policy', id: `${member.server}-${draft.version}`, service: 'rotation', at: draft.issuedAt, documentSha256: sha256(canonicalJson(document)), facts: { server: member.server, version: draft.version, rules: draft.rules.length } };
    await enqueue(tx, { id: `evidence-bundle-${member.server}-${draft.version}`, subject: subjects.evidence('rotation'), type: MESSAGE_TYPES.evidence, data: evidence });
    return document;
  }
}
