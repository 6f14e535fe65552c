import type { Profile } from '@mailwarden/catalogue';
import { SIGNING_CONTEXTS, type Membership, type PolicyBundle } from '@mailwarden/contracts';
import { canonicalJson, instantOf, sha256, signDocument, type ProfileId, type SignedDocument, type Signer } from '@mailwarden/kernel';
import { putEntry, type FleetKeyring } from '@mailwarden/messaging';
import type { Logger } from '@mailwarden/observability';
import type { OutboxRelay } from '@mailwarden/persistence';
import { bundleFor } from '@mailwarden/policy';
import type { NatsConnection } from '@nats-io/transport-node';
import type { DataSource, EntityManager } from 'typeorm';
import { attest } from '../raise.js';
import type { Rollouts } from '../roll-out/rollouts.js';
import type { PolicyShelf } from './policy-shelf.js';

/** A bundle counts for so long without a control plane. Units: milliseconds. */
const BUNDLE_LIFE_MS = 7 * 86_400_000;
const LOOK_EVERY_MS = 500;
/** Holds end and bundles age without anybody changing anything: so often all are looked at anew. Units: milliseconds. */
const PRESS_ANYWAY_MS = 60_000;

interface BundleRow {
  readonly version: string;
  readonly content_hash: string;
  readonly expires_at: Date;
  readonly document: SignedDocument<PolicyBundle>;
}

/** What this instance last pressed for one server. */
interface Pressed {
  readonly contentHash: string;
  readonly document: SignedDocument<PolicyBundle>;
}

export interface PressParts {
  readonly dataSource: DataSource;
  readonly bus: NatsConnection;
  readonly keyring: FleetKeyring;
  readonly signer: Signer;
  readonly relay: OutboxRelay;
  readonly profiles: ReadonlyMap<ProfileId, Profile>;
  readonly shelf: PolicyShelf;
  readonly rollouts: Rollouts;
  readonly log: Logger;
}

/** Turns the policies that stand into one signed bundle for each server, whenever policy, rollout or fleet change. */
export class BundlePress {
  readonly #pressed = new Map<string, Pressed>();
  readonly #told = new Set<string>();
  #timer: NodeJS.Timeout | null = null;
  #working: Promise<void> = Promise.resolve();
  /** Servers whose bundle the broker was given since it was last away. For the others the row is looked at again: another instance may have pressed a newer one. */
  readonly #given = new Set<string>();
  #lastMark = '';
  #lastPressMs = 0;
  #fleetChanges = 0;

  constructor(private readonly parts: PressParts) {}

  async start(): Promise<void> {
    await this.#look();
    this.parts.keyring.onChange(() => {
      this.#fleetChanges += 1;
      this.#queue(() => this.#look());
    });
    this.#timer = setInterval(() => this.#queue(() => this.#look()), LOOK_EVERY_MS);
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#working;
  }

  /** Resolves when what stands now is in the bundles. */
  async refresh(): Promise<void> {
    this.#queue(() => this.#look());
    await this.#working;
  }

  /** To be called when the broker is back: it may have lost what it was given. */
  lookBack(): void {
    this.#given.clear();
    this.#lastMark = '';
    this.#queue(() => this.#look());
  }

  bundleOf(server: string): PolicyBundle | undefined {
    return this.#pressed.get(server)?.document.payload;
  }

  /** How many servers each policy takes in, by the bundles that stand. */
  serversByPolicy(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { document } of this.#pressed.values()) {
      const { rules, holds, access = [] } = document.payload;
      for (const name of new Set([...rules.map(({ policy }) => policy), ...holds.map(({ id }) => id), ...access.map(({ policy }) => policy)])) counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    return counts;
  }

  #queue(work: () => Promise<void>): void {
    this.#working = this.#working.then(work).catch((cause: unknown) => this.parts.log.warn({ err: cause }, 'policy could not be applied; it is tried again'));
  }

  async #look(): Promise<void> {
    const { shelf, rollouts } = this.parts;
    await shelf.read();
    await rollouts.follow(shelf.policies());
    const mark = `${this.#fleetChanges} ${rollouts.mark} ${shelf.mark}`;
    if (mark === this.#lastMark && Date.now() - this.#lastPressMs < PRESS_ANYWAY_MS) return;
    await this.#press();
    this.#lastMark = mark;
    this.#lastPressMs = Date.now();
  }

  async #press(): Promise<void> {
    for (const member of this.parts.keyring.members()) {
      this.#tellUnknownProfiles(member);
      const nowMs = Date.now();
      const before = this.#pressed.get(member.server);
      if (before !== undefined && this.#given.has(member.server) && isFresh(before.document.payload, nowMs) && contentHashOf(this.#draft(member, before.document.payload, nowMs)) === before.contentHash) continue;
      this.#given.delete(member.server);
      const pressed = await this.parts.dataSource.transaction((tx) => this.#pressOne(tx, member));
      if (pressed === null) return;
      this.#pressed.set(member.server, pressed);
      await putEntry(this.parts.bus, 'bundle', member.server, pressed.document);
      this.#given.add(member.server);
    }
    this.parts.relay.kick();
  }

  /**
   * While a file of the folder cannot be used, nobody knows whether it was a hold: those that stood stay until the folder is whole again.
   * Safety: holds beat everything, so that a slip of the pen in one must not set free what it keeps.
   */
  #holdsToKeep(standing: PolicyBundle | undefined): PolicyBundle['holds'] {
    const { shelf } = this.parts;
    if (shelf.isWhole || standing === undefined) return [];
    return standing.holds.filter(({ id }) => shelf.policy(id) === undefined && !shelf.wasWithdrawn(id));
  }

  /** The same for what may leave: a file that cannot be used must not open what a policy of it refused. */
  #rulesToKeep(standing: PolicyBundle | undefined): NonNullable<PolicyBundle['transmission']['rules']> {
    const { shelf } = this.parts;
    if (shelf.isWhole) return [];
    return (standing?.transmission.rules ?? []).filter(({ policy }) => shelf.policy(policy) === undefined && !shelf.wasWithdrawn(policy));
  }

  #tellUnknownProfiles({ server, profiles }: Membership): void {
    for (const id of profiles) {
      if (this.parts.profiles.has(id) || this.#told.has(`${server} ${id}`)) continue;
      this.#told.add(`${server} ${id}`);
      this.parts.log.warn({ server, profile: id }, 'no profile is known by this name: no policy reaches its stores; put its file into MAILWARDEN_PROFILE_DIR');
    }
  }

  #draft({ server, labels, profiles }: Membership, standing: PolicyBundle | undefined, nowMs: number): PolicyBundle {
    const { shelf, rollouts } = this.parts;
    const drafted = bundleFor({ server, labels, profiles: profiles.flatMap((id) => this.parts.profiles.get(id) ?? []), policies: shelf.policies(), version: (standing?.version ?? 0) + 1, issuedAt: instantOf(nowMs), expiresAt: instantOf(nowMs + BUNDLE_LIFE_MS), hasReached: (policy) => rollouts.hasReached(policy, server, labels) });
    const rules = this.#rulesToKeep(standing);
    const transmission = rules.length === 0 ? drafted.transmission : { ...drafted.transmission, rules: [...(drafted.transmission.rules ?? []), ...rules], relays: [...new Set([...(drafted.transmission.relays ?? []), ...(standing?.transmission.relays ?? [])])] };
    return { ...drafted, transmission, holds: [...drafted.holds, ...this.#holdsToKeep(standing)] };
  }

  /** A bundle that says the same is kept until half of its life is over. Null where another instance knows of newer policies: what this one knows must not replace them. */
  async #pressOne(tx: EntityManager, member: Membership): Promise<Pressed | null> {
    const nowMs = Date.now();
    await tx.query(`SELECT pg_advisory_xact_lock(hashtext($1))`, [`bundle ${member.server}`]);
    const [newest] = await tx.query<{ position: string | null }[]>(`SELECT max(position) AS position FROM rotation.applied_policy`);
    if (Number(newest?.position ?? 0) > this.parts.shelf.position) return null;
    const [row] = await tx.query<BundleRow[]>(`SELECT version, content_hash, expires_at, document FROM rotation.bundle WHERE server = $1`, [member.server]);
    const draft = this.#draft(member, row?.document.payload, nowMs);
    const contentHash = contentHashOf(draft);
    if (row !== undefined && row.content_hash === contentHash && isFresh(row.document.payload, nowMs)) return { contentHash, document: row.document };
    const document = signDocument(this.parts.signer, SIGNING_CONTEXTS.bundle, draft);
    await tx.query(
      `INSERT INTO rotation.bundle (server, version, content_hash, expires_at, document) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (server) DO UPDATE SET version = excluded.version, content_hash = excluded.content_hash, expires_at = excluded.expires_at, document = excluded.document`,
      [member.server, draft.version, contentHash, draft.expiresAt, JSON.stringify(document)],
    );
    await attest(tx, { kind: 'policy', id: `${member.server}-${draft.version}`, atMs: nowMs, document, facts: { server: member.server, version: draft.version, rules: draft.rules.length } });
    return { contentHash, document };
  }
}

const isFresh = ({ expiresAt }: PolicyBundle, nowMs: number): boolean => Date.parse(expiresAt) - nowMs > BUNDLE_LIFE_MS / 2;
const contentHashOf = (bundle: PolicyBundle): string => sha256(canonicalJson({ ...bundle, version: 0, issuedAt: null, expiresAt: null }));
