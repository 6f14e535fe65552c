import { FINDING_CODES, FINDING_STATES, serverName, severity, storeId, uuid } from '@mailwarden/contracts';
import { Controller, Param, Query } from '@nestjs/common';
import { z } from 'zod';
import { notFound } from '../http/api-problem.js';
import { pageQuery } from '../http/page-cursor.js';
import { Parsed } from '../http/parsed.js';
import { Route, type Reply } from '../http/route.js';
import { FindingViews } from './finding-views.js';

const findingsQuery = pageQuery.extend({
  server: serverName.optional(),
  state: z.enum(FINDING_STATES).optional(),
  code: z.enum(FINDING_CODES).optional(),
  store: storeId.optional(),
  severity: severity.optional(),
});

@Controller()
export class FindingsController {
  constructor(private readonly views: FindingViews) {}

  @Route('findings')
  findings(@Query(new Parsed(findingsQuery)) { after, limit, ...filter }: z.output<typeof findingsQuery>): Promise<Reply<'findings'>> {
    return this.views.page(filter, after, limit);
  }

  @Route('finding')
  async finding(@Param('id', new Parsed(uuid)) id: string): Promise<Reply<'finding'>> {
    const view = await this.views.one(id);
    if (view === undefined) throw notFound('finding of this id');
    return view;
  }
}
