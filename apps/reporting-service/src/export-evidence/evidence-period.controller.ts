import { instant, serverName } from '@mailwarden/contracts';
import { Controller, Query, type StreamableFile } from '@nestjs/common';
import { z } from 'zod';
import { FleetRegister } from '../enrol-fleet/fleet-register.js';
import { notFound } from '../http/api-problem.js';
import { Parsed } from '../http/parsed.js';
import { Route } from '../http/route.js';
import { packFile } from './pack-file.js';
import { PeriodPacks } from './period-packs.js';

/** `since`: how many entries the ledger had in a checkpoint that somebody kept. */
const periodQuery = z
  .object({ from: instant, to: instant, server: serverName.optional(), since: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional() })
  .refine(({ from, to }) => from < to, { path: ['to'], message: 'must be after `from`' });

/** Evidence of a period, for taking along. */
@Controller()
export class EvidencePeriodController {
  constructor(
    private readonly packs: PeriodPacks,
    private readonly register: FleetRegister,
  ) {}

  @Route('evidencePeriod')
  async period(@Query(new Parsed(periodQuery)) { from, to, server, since }: z.output<typeof periodQuery>): Promise<StreamableFile> {
    // One that was taken out of the fleet has left its evidence.
    if (server !== undefined && (await this.register.membershipOf(server)) === null) throw notFound(`server ${server} in the fleet, now or before`);
    const name = `evidence-${from.slice(0, 10)}-${to.slice(0, 10)}${server === undefined ? '' : `-${server}`}.jsonl`;
    return packFile(this.packs.of({ from, to, server: server ?? null, since: since ?? null }), name);
  }
}
