import type { PipeTransform } from '@nestjs/common';
import { z } from 'zod';
import { whatCannotBeKept } from '../schema/storable.js';
import { badRequest } from './api-problem.js';

/** Lets in what the schema knows and nothing else. Errors: 400 with what is wrong, in the schema's words. */
export class Parsed<S extends z.ZodType> implements PipeTransform<unknown, z.output<S>> {
  constructor(private readonly schema: S) {}

  transform(value: unknown): z.output<S> {
    const parsed = this.schema.safeParse(value);
    if (!parsed.success) throw badRequest(z.prettifyError(parsed.error).slice(0, 1000));
    const flaw = whatCannotBeKept(parsed.data);
    if (flaw !== null) throw badRequest(`a text holds ${flaw}`);
    return parsed.data;
  }
}
