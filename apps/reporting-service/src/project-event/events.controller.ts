import { EVENT_NAMES, severity, type EventView } from '@mailwarden/contracts';
import { Controller, Query } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { Parsed } from '../http/parsed.js';
import { Route, type Reply } from '../http/route.js';
import { PAGE_SIZE } from '../http/page-cursor.js';
import { instantFrom } from '../schema/instants.js';

const eventsQuery = z.object({
  after: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(PAGE_SIZE),
  server: z.string().max(63).optional(),
  event: z.enum(EVENT_NAMES as [EventView['event'], ...EventView['event'][]]).optional(),
  severity: severity.optional(),
});

interface Row {
  readonly sequence: string;
  readonly id: string;
  readonly at: Date;
  readonly name: string;
  readonly server: string;
  readonly severity: EventView['severity'];
  readonly detail: EventView['detail'];
}

@Controller()
export class EventsController {
  constructor(private readonly dataSource: DataSource) {}

  /** Newest first; `after` goes on to older ones. */
  @Route('events')
  async events(@Query(new Parsed(eventsQuery)) { after, limit, server, event, severity: weight }: z.output<typeof eventsQuery>): Promise<Reply<'events'>> {
    const rows = await this.dataSource.query<Row[]>(
      `SELECT sequence, id, at, name, server, severity, detail FROM reporting.event
       WHERE ($1::bigint IS NULL OR sequence < $1) AND ($2::text IS NULL OR server = $2) AND ($3::text IS NULL OR name = $3) AND ($4::text IS NULL OR severity = $4)
       ORDER BY sequence DESC LIMIT $5`,
      [after ?? null, server ?? null, event ?? null, weight ?? null, limit + 1],
    );
    const items = rows.slice(0, limit).map(({ name, at, sequence, ...row }) => ({ ...row, sequence: Number(sequence), at: instantFrom(at), event: name }));
    return { items, next: rows.length > limit ? String(items.at(-1)?.sequence ?? '') : null };
  }
}
