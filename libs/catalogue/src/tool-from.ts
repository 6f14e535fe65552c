import { parseDuration } from '@mailwarden/kernel';
import type { ItemTool, ProductTool, ToolReport } from './tool.js';
import type { ToolForm } from './tool-form.js';

type ItemForm = Extract<ToolForm, { by: 'item' }>;

function reportFrom(form: ToolForm['reports']): ToolReport | null {
  if (form === undefined) return null;
  return 'number' in form ? { by: 'number', ...form.number } : { by: 'lines', ...form.lines };
}

const givenFrom = (give: ItemForm['give']): ItemTool['give'] => ('lines' in give ? { by: 'lines', line: give.lines } : { by: 'arguments', each: give.arguments, before: give.before, between: give.between, after: give.after });

/** A tool as the profile declares it; the lint has refused what cannot be read. */
export function toolFrom(form: ToolForm): ProductTool {
  const timeout = parseDuration(form.timeout);
  const shared = { timeoutSeconds: timeout.ok ? timeout.value : 0, exitCodes: form.exit, account: form.account ?? null, report: reportFrom(form.reports), source: form.source };
  if (form.by === 'rule') return { by: form.by, bytes: form.bytes ?? null, age: form.age ?? null, ...shared };
  return { by: form.by, command: form.command, names: form.names, give: givenFrom(form.give), itemsAtOnce: form['at-once'], then: form.then ?? null, otherwise: form.else, ...shared };
}
