import type { Profile } from '@mailwarden/catalogue';
import { SIGNING_CONTEXTS, type Membership, type PolicyBundle, type PolicyOverview } from '@mailwarden/contracts';
import { canonicalJson, sha256, signDocument, type ProfileId, type SignedDocument, type Signer } from '@mailwarden/kernel';
import { putEntry, type FleetKeyring } from '@mailwarden/messaging';
import type { Logger } from '@mailwarden/observability';
import type { OutboxRelay } from '@mailwarden/persistence';
import { misfitOf, type Policy } from '@mailwarden/policy';
import type { NatsConnection } from '@nats-io/transport-node';
import type { DataSource, EntityManager } from 'typeorm';
import { attest } from '../raise.js';
import type { Rollouts } from '../roll-out/rollouts.js';
import { BUNDLE_LIFE_MS, BundleDrafts } from './bundle-drafts.js';
import { BundleMisfits } from './bundle-misfits.js';
import type { PolicyShelf } from './policy-shelf.js';

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
  readonly #misfits: BundleMisfits;
  readonly #drafts: BundleDrafts;
  #timer: NodeJS.Timeout | null = null;
  #working: Promise<void> = Promise.resolve();
  /** Servers whose bundle the broker was given since it was last away. For the others the row is looked at again: another instance may have pressed a newer one. */
  readonly #given = new Set<string>();
  #lastMark = '';
  #lastPressMs = 0;
  #fleetChanges = 0;

  constructor(private readonly parts: PressParts) {
    this.#misfits = new BundleMisfits(parts.log);
    this.#drafts = new BundleDrafts(parts);
  }

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

  /** What a server was given last. Where policy does not fit into one, nothing is ordered by it, whatever stands. */
  bundleOf(server: string): PolicyBundle | undefined {
    const bundle = this.#pressed.get(server)?.document.payload;
    return bundle !== undefined && this.#misfits.has(server) ? { ...bundle, rules: [] } : bundle;
  }

  /** Servers whose bundle cannot be pressed as policy says. */
  problems(): PolicyOverview['problems'] {
    return this.#misfits.problems();
  }

  /** Why these policies together would be too much for a server; null when all take them. */
  misfit(policies: readonly Policy[]): string | null {
    return this.#drafts.misfit(policies);
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
    await rollouts.follow(shelf.policies(), shelf.isWhole);
    const mark = `${this.#fleetChanges} ${rollouts.mark} ${shelf.mark}`;
    if (mark === this.#lastMark && Date.now() - this.#lastPressMs < PRESS_ANYWAY_MS) return;
    await this.#press();
    this.#lastMark = mark;
    this.#lastPressMs = Date.now();
  }

  async #press(): Promise<void> {
    const members = [...this.parts.keyring.members()];
    this.#misfits.keepOnly(members.map(({ server }) => server));
    for (const member of members) {
      this.#tellUnknownProfiles(member);
      if (this.#isPressed(member, Date.now())) continue;
      this.#given.delete(member.server);
      const pressed = await this.parts.dataSource.transaction((tx) => this.#pressOne(tx, member));
      if (pressed === 'outdated') return;
      if (pressed === null) continue;
      this.#pressed.set(member.server, pressed);
      await putEntry(this.parts.bus, 'bundle', member.server, pressed.document);
      this.#given.add(member.server);
    }
    this.parts.relay.kick();
  }

  /** Whether what a server has is what it would be given now. */
  #isPressed(member: Membership, nowMs: number): boolean {
    const before = this.#pressed.get(member.server);
    if (before === undefined || this.#misfits.has(member.server) || !this.#given.has(member.server) || !isFresh(before.document.payload, nowMs)) return false;
    return contentHashOf(this.#drafts.draft(member, before.document.payload, nowMs)) === before.contentHash;
  }

  #tellUnknownProfiles({ server, profiles }: Membership): void {
    for (const id of profiles) {
      if (this.parts.profiles.has(id) || this.#told.has(`${server} ${id}`)) continue;
      this.#told.add(`${server} ${id}`);
      this.parts.log.warn({ server, profile: id }, 'no profile is known by this name: no policy reaches its stores; put its file into MAILWARDEN_PROFILE_DIR');
    }
  }

  /** A bundle that says the same is kept until half of its life is over. `outdated` where another instance knows of newer policies: what this one knows must not replace them. In place of one that does not fit its form the server is given one that keeps everything, and it is told of. Null where there is none at all. */
  async #pressOne(tx: EntityManager, member: Membership): Promise<Pressed | 'outdated' | null> {
    const nowMs = Date.now();
    await tx.query(`SELECT pg_advisory_xact_lock(hashtext($1))`, [`bundle ${member.server}`]);
    const [newest] = await tx.query<{ position: string | null }[]>(`SELECT max(position) AS position FROM rotation.applied_policy`);
    if (Number(newest?.position ?? 0) > this.parts.shelf.position) return 'outdated';
    const [row] = await tx.query<BundleRow[]>(`SELECT version, content_hash, expires_at, document FROM rotation.bundle WHERE server = $1`, [member.server]);
    const wanted = this.#drafts.draft(member, row?.document.payload, nowMs);
    const misfit = misfitOf(wanted);
    this.#misfits.note(member.server, misfit);
    const draft = misfit === null ? wanted : this.#drafts.inPlaceOf(wanted, row?.document.payload, misfit);
    if (draft === null) return row === undefined ? null : { contentHash: row.content_hash, document: row.document };
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
