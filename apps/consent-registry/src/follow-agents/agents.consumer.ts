import { attestation, MESSAGE_TYPES, observation, serverOfSource, textTold, type Attestation, type Envelope, type Observation, type TextTold } from '@mailwarden/contracts';
import { instantOf } from '@mailwarden/kernel';
import { Consumes, Poison, type Received } from '@mailwarden/messaging';
import { handleOnce, OutboxRelay } from '@mailwarden/persistence';
import { Controller } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { TextFetcher } from '../keep-texts/text-fetcher.js';
import { Agreements } from '../record-decision/agreements.js';
import { ConvergenceBook } from './convergence-book.js';

function requireOwnWord(envelope: Envelope, server: string): void {
  if (serverOfSource(envelope.source) !== server) throw new Poison('an agent spoke in the name of another server');
}

/** Listens to what agents see and attest. */
@Controller()
export class AgentsConsumer {
  constructor(
    private readonly dataSource: DataSource,
    private readonly agreements: Agreements,
    private readonly convergence: ConvergenceBook,
    private readonly fetcher: TextFetcher,
    private readonly relay: OutboxRelay,
  ) {}

  @Consumes('consent-observations', { types: { [MESSAGE_TYPES.observation]: observation, [MESSAGE_TYPES.textTold]: textTold } })
  async observed({ envelope }: Received<Observation | TextTold>): Promise<void> {
    requireOwnWord(envelope, envelope.data.server);
    if (envelope.type === MESSAGE_TYPES.textTold) return this.fetcher.take(envelope.data as TextTold);
    await this.agreements.note((envelope.data as Observation).agreements, instantOf(Date.now()));
  }

  @Consumes('consent-attestations', { types: { [MESSAGE_TYPES.attestation]: attestation } })
  async attested({ envelope }: Received<Attestation>): Promise<void> {
    requireOwnWord(envelope, envelope.data.server);
    await handleOnce(this.dataSource, 'consent-attestations', `${envelope.source} ${envelope.id}`, (tx) => this.convergence.keep(tx, envelope.data, envelope.sequence));
    this.relay.kick();
  }
}
