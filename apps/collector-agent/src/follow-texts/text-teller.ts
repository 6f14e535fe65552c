import { gzipSync } from 'node:zlib';
import type { Profile } from '@mailwarden/catalogue';
import { AGREEMENT_BYTES_MAX, BUCKETS, MESSAGE_TYPES, SIGNING_CONTEXTS, signedTextAsk, subjects, TEXT_PART_BYTES, TEXT_PARTS_MAX, textAskKey, type TextAsk, type TrustAnchors } from '@mailwarden/contracts';
import { sealFor } from '@mailwarden/identity/sealed-box';
import { readHostFile, withHost } from '@mailwarden/inventory-fs';
import { err, ok, sha256, type Result } from '@mailwarden/kernel';
import type { AgentBus } from '@mailwarden/messaging';
import type { Logger } from '@mailwarden/observability';
import type { AgentSettings } from '../agent-settings.js';
import type { Outbox } from '../forward-messages/outbox.js';
import { openSignedJson } from '../signed-json.js';

type Ask = TextAsk['asks'][number];

/** Asks that were answered are known by their ids; more were never asked in one life of an agent. */
const ANSWERED_MAX = 1_000;

function* partsOf(bytes: Buffer): Generator<Buffer> {
  for (let from = 0; from < bytes.length; from += TEXT_PART_BYTES) yield bytes.subarray(from, from + TEXT_PART_BYTES);
}

/**
 * Tells the words of a text of an agreement that lies on this host, where an officer asked for it.
 * Safety: nothing but a text that a profile names, with the hash that was told of it, and by the registry's signed word alone. It is sealed for whoever asked, so that it lies on the bus unread.
 */
export class TextTeller {
  readonly #answered = new Set<string>();

  constructor(
    private readonly settings: AgentSettings,
    private readonly trust: TrustAnchors,
    private readonly profiles: readonly Profile[],
    private readonly outbox: Outbox,
    private readonly log: Logger,
  ) {}

  /** Never throws: what cannot be told now is asked for again with the next look at the entry. */
  async follow(bus: AgentBus): Promise<void> {
    await bus.watchLatest(BUCKETS.consent.name, [textAskKey(this.settings.server)], (_key, bytes) => this.#asked(bytes));
  }

  async #asked(bytes: Uint8Array): Promise<void> {
    const opened = openSignedJson(bytes, { schema: signedTextAsk, context: SIGNING_CONTEXTS.textAsk, publicKey: this.trust.consent });
    if (!opened.ok || opened.value.server !== this.settings.server) {
      this.log.warn({ reason: opened.ok ? 'it is for another server' : opened.error }, 'what asks for texts was refused');
      return;
    }
    for (const ask of opened.value.asks) await this.#answer(ask);
  }

  async #answer(ask: Ask): Promise<void> {
    if (this.#answered.has(ask.id)) return;
    try {
      const bytes = await this.#bytesOf(ask);
      if (bytes.ok) await this.#tell(ask, bytes.value);
      else await this.#say({ ask: ask.id, reason: bytes.error });
      if (this.#answered.size >= ANSWERED_MAX) this.#answered.clear();
      this.#answered.add(ask.id);
    } catch (cause) {
      this.log.warn({ err: cause, agreement: ask.agreement }, 'a text that was asked for could not be told; it is tried again');
    }
  }

  /** The file with that hash, among those that profiles name for the agreement. */
  #bytesOf({ agreement, textSha256 }: Ask): Promise<Result<Buffer, string>> {
    const files = this.profiles.flatMap((profile) => profile.agreements.filter(({ id }) => id === agreement).flatMap(({ text }) => text?.probes ?? [])).flatMap((probe) => (probe.kind === 'file-hash' ? [probe.file] : []));
    return withHost(this.settings.root, { databases: {} }, (host) => {
      const read = files.map((file) => readHostFile(host, Buffer.from(file).toString('latin1')));
      const found = read.find((one) => one.ok && sha256(one.value.bytes) === textSha256);
      if (found?.ok !== true) return Promise.resolve(err('no file that a profile names for this agreement has this hash here any more'));
      return Promise.resolve(found.value.bytes.length > AGREEMENT_BYTES_MAX ? err(`the file has ${found.value.bytes.length} bytes; at most ${AGREEMENT_BYTES_MAX} are told`) : ok(found.value.bytes));
    });
  }

  async #tell({ id, key }: Ask, bytes: Buffer): Promise<void> {
    const sealed = sealFor(key, `${SIGNING_CONTEXTS.textAsk} ${id}`, gzipSync(bytes));
    const parts = [...partsOf(sealed)];
    if (parts.length > TEXT_PARTS_MAX) return this.#say({ ask: id, reason: 'the text is too long to be told, also when it is packed' });
    for (const [part, piece] of parts.entries()) await this.#say({ ask: id, part, parts: parts.length, sealed: piece.toString('base64') });
  }

  #say(answer: object): Promise<void> {
    const { server } = this.settings;
    return this.outbox.append({ class: 'measurement', subject: subjects.observation(server), type: MESSAGE_TYPES.textTold, data: { schema: 'mailwarden/text-told/v1', server, ...answer } });
  }
}
