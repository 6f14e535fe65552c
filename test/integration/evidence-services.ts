import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MESSAGE_TYPES, sealEnvelope, serviceSource, subjects, type Checkpoint, type DecideRequest, type Evidence, type RecordedDecision, type RotationOrder } from '@mailwarden/contracts';
import { loadSigner } from '@mailwarden/identity';
import { canonicalJson, instantOf, sha256, type SignedDocument } from '@mailwarden/kernel';
import { publishDurable } from '@mailwarden/messaging';
import { eventually } from './control-plane.js';
import { Doors } from './doors.js';
import { letCliIn, told } from './doors-cli.js';
import { PROFILE, receiptOf, STORE } from './fleet-speaker.js';
import { recordedOf } from './recorded.js';

const AN_HOUR_MS = 3_600_000;
const A_DAY_MS = 24 * AN_HOUR_MS;

export type SignedHead = SignedDocument<Checkpoint>;

/** The reporting service and the consent registry with a ledger that has entries of every kind, made by messages that their senders signed. */
export class EvidenceServices {
  #files = 0;

  private constructor(readonly doors: Doors) {}

  static async start(servers: readonly string[], extra: Readonly<Record<string, string>> = {}): Promise<EvidenceServices> {
    const doors = await Doors.start(servers, extra);
    for (const server of servers) await doors.plane.enrol(server);
    await doors.plane.run('consent');
    await letCliIn(doors);
    return new EvidenceServices(doors);
  }

  newFile(name: string): string {
    this.#files += 1;
    return join(this.doors.plane.dir, `${this.#files}-${name}`);
  }

  async decide(part: Partial<DecideRequest> = {}): Promise<RecordedDecision> {
    const request: DecideRequest = { agreement: 'ksn-statement', textSha256: null, action: 'withdraw', scope: { kind: 'organisation' }, decidedBy: 'jane.doe', onBehalfOf: 'Example organisation', means: 'console', reason: 'decided by the board', validUntil: null, region: null, decidedAt: null, ...part };
    return recordedOf(await this.doors.plane.questions.ask('consent.decide', request, { timeoutMs: 10_000 }));
  }

  /** States something as a service does, under its own key. */
  async state(service: 'rotation' | 'consent', part: Partial<Evidence> & Pick<Evidence, 'kind' | 'id' | 'facts'>): Promise<void> {
    const { plane } = this.doors;
    const signer = await loadSigner(plane.nats.identity.services[service].signingKey);
    const at = instantOf(Date.now());
    const subject = subjects.evidence(service);
    const data: Evidence = { schema: 'mailwarden/evidence/v1', service, at, documentSha256: sha256(canonicalJson(part)), ...part };
    const envelope = sealEnvelope(signer, { id: randomUUID(), source: serviceSource(service), type: MESSAGE_TYPES.evidence, time: at, subject, sequence: 0, data });
    await publishDurable(plane.bus, { subject, id: envelope.id, bytes: Buffer.from(JSON.stringify(envelope)) });
  }

  /** An order of a server, announced by the rotation worker's key and accounted for by the executor's. */
  async rotate(server: string, deleted = { items: 4, bytes: 2_000 }): Promise<string> {
    const { plane } = this.doors;
    const order = { schema: 'mailwarden/rotation-order/v1', id: randomUUID(), server, profile: PROFILE, store: STORE, policy: { name: 'limits', version: sha256('limits') }, bounds: { items: 10, bytes: 10_000, percent: 50, deadlineSeconds: 60 } } as unknown as RotationOrder;
    await this.state('rotation', { kind: 'order', id: order.id, facts: { server, store: STORE, policy: 'limits', purpose: 'rotate' } });
    await plane.settled('reporting-evidence');
    await (await plane.speaker(server)).account(receiptOf(order, { deleted }));
    return order.id;
  }

  /** The newest signed head once it covers all that was said so far. */
  async head(): Promise<SignedHead> {
    const { plane } = this.doors;
    await plane.settled('reporting-evidence');
    return eventually('all of it is signed', async () => {
      const [row] = await plane.sql<{ document: SignedHead; size: string }>(`SELECT c.document, h.size FROM reporting.checkpoint c, reporting.ledger_head h ORDER BY c.size DESC LIMIT 1`);
      return row !== undefined && Number(row.size) === row.document.payload.size ? row.document : undefined;
    });
  }

  /** Exports a pack about the time from a day ago, or another moment, until now. */
  async export(...more: readonly string[]): Promise<string> {
    const output = this.newFile('period.jsonl');
    const range = more.includes('--from') || more.includes('--agreement') ? [] : ['--from', new Date(Date.now() - A_DAY_MS).toISOString()];
    const until = more.includes('--to') || more.includes('--agreement') ? [] : ['--to', new Date(Date.now() + 1).toISOString()];
    await told(this.doors, 'evidence', 'export', ...range, ...until, '--output', output, ...more);
    return output;
  }

  async lines(file: string): Promise<string[]> {
    return (await readFile(file, 'utf8')).trimEnd().split('\n');
  }

  async write(name: string, content: string | Uint8Array): Promise<string> {
    const file = this.newFile(name);
    await writeFile(file, content);
    return file;
  }

  close = (): Promise<void> => this.doors.close();
}
