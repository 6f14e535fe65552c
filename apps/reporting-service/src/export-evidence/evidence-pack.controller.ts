import { slug } from '@mailwarden/contracts';
import { Controller, Query, type StreamableFile } from '@nestjs/common';
import { z } from 'zod';
import { Parsed } from '../http/parsed.js';
import { Route } from '../http/route.js';
import { EvidencePacks } from './evidence-packs.js';
import { packFile } from './pack-file.js';

/** `since`: how many entries the ledger had in a checkpoint that somebody kept. */
const packQuery = z.object({ agreement: slug, since: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional() });

/** Evidence packs, for taking along. */
@Controller()
export class EvidencePackController {
  constructor(private readonly packs: EvidencePacks) {}

  @Route('evidencePack')
  pack(@Query(new Parsed(packQuery)) { agreement, since }: z.output<typeof packQuery>): Promise<StreamableFile> {
    return packFile(this.packs.ofAgreement(agreement, since ?? null), `evidence-${agreement}.jsonl`);
  }
}
