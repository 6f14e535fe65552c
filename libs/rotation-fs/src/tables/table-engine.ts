import { unknown } from '@mailwarden/kernel';
import type { StoreEngine } from '../store-engine.js';
import { withRecords } from './open-records.js';
import { planTable } from './plan-table.js';
import { amountOf, rotateTable, settleTable } from './rotate-table.js';

/** Tables and lists of a product's own database. */
export const tableEngine: StoreEngine = {
  preview: (request) =>
    withRecords(request, async (trimmer) => {
      const { before, planned, skipped, goal, stopped, staysOver, notes } = await planTable(trimmer, request);
      return { before, planned, skipped, goal, stopped, staysOver, notes, list: null };
    }),
  carryOut: (request, order, journal) => rotateTable(request, order, journal),
  settle: (request, order, journal, reason) => settleTable(request, order, journal, reason),
  measure: (request) => withRecords(request, amountOf).catch(() => unknown('the table could not be counted afterwards')),
};
