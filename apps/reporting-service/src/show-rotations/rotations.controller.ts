import { serverName, storeId, uuid } from '@mailwarden/contracts';
import { Controller, Param, Query } from '@nestjs/common';
import type { z } from 'zod';
import { notFound } from '../http/api-problem.js';
import { pageQuery } from '../http/page-cursor.js';
import { Parsed } from '../http/parsed.js';
import { Route, type Reply } from '../http/route.js';
import { RotationViews } from './rotation-views.js';

const rotationsQuery = pageQuery.extend({ server: serverName.optional(), store: storeId.optional() });

@Controller()
export class RotationsController {
  constructor(private readonly views: RotationViews) {}

  @Route('rotations')
  rotations(@Query(new Parsed(rotationsQuery)) { after, limit, ...filter }: z.output<typeof rotationsQuery>): Promise<Reply<'rotations'>> {
    return this.views.page(filter, after, limit);
  }

  @Route('rotation')
  async rotation(@Param('id', new Parsed(uuid)) id: string): Promise<Reply<'rotation'>> {
    const view = await this.views.one(id);
    if (view === undefined) throw notFound('order of this id');
    return view;
  }
}
