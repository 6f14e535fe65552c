import { Readable } from 'node:stream';
import { slug } from '@mailwarden/contracts';
import { Controller, Query, StreamableFile } from '@nestjs/common';
import { z } from 'zod';
import { Parsed } from '../http/parsed.js';
import { Route } from '../http/route.js';
import { EvidencePacks } from './evidence-packs.js';

/** `since`: how many entries the ledger had in a checkpoint that somebody kept. */
const packQuery = z.object({ agreement: slug, since: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional() });

/** Evidence packs, for taking along. */
@Controller()
export class EvidencePackController {
  constructor(private readonly packs: EvidencePacks) {}

  /** What goes wrong before the first line is an answer like any other; later it ends the file before its seal, and whoever checks it says so. */
  @Route('evidencePack')
  async pack(@Query(new Parsed(packQuery)) { agreement, since }: z.output<typeof packQuery>): Promise<StreamableFile> {
    const lines = this.packs.ofAgreement(agreement, since ?? null);
    const first = await lines.next();
    const all = async function* (): AsyncGenerator<string> {
      if (first.done !== true) yield first.value;
      yield* lines;
    };
    return new StreamableFile(Readable.from(all()), { type: 'application/x-ndjson; charset=utf-8', disposition: `attachment; filename="evidence-${agreement}.jsonl"` });
  }
}
