import { deadLetter, deadLetterSettled } from '@mailwarden/contracts';
import { Consumes, Poison, type ReceivedBytes } from '@mailwarden/messaging';
import { Controller } from '@nestjs/common';
import { LiveUpdates } from '../live-updates/live-updates.js';
import { requireStorable } from '../schema/received.js';
import { DeadLetterBook } from './dead-letter-book.js';

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return null;
  }
}

/** Hears of everything that any service put aside, its own messages among them. Nothing acts on it: a replay meets all checks again. */
@Controller()
export class DeadLetterConsumer {
  constructor(
    private readonly book: DeadLetterBook,
    private readonly live: LiveUpdates,
  ) {}

  @Consumes('reporting-dead-letters', { types: null })
  async consume({ bytes, streamSequence }: ReceivedBytes): Promise<void> {
    const said = parsed(bytes);
    requireStorable(said);
    const letter = deadLetter.safeParse(said);
    const settled = deadLetterSettled.safeParse(said);
    if (letter.success) await this.book.keep(letter.data, streamSequence);
    else if (settled.success) await this.book.settle(settled.data);
    else throw new Poison('it is no dead letter');
    for (const topic of ['findings', 'fleet'] as const) this.live.tell(topic);
  }
}
