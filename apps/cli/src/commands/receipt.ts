import { deletedInAll, SIGNING_CONTEXTS, type Receipt, type RotationView } from '@mailwarden/contracts';
import { canonicalJson, formatByteCount, verifySignature, type Measured } from '@mailwarden/kernel';
import { leafHash, verifyInclusion } from '@mailwarden/ledger';
import { ApiClient } from '../api-client.js';
import { EXIT, type ExitCode } from '../failure.js';
import { printable } from '../output/terminal.js';
import { orderByStart } from './named-things.js';
import { printJson, printLines, type CommandContext } from './context.js';

export interface ReceiptCheck {
  readonly what: string;
  readonly passed: boolean;
  readonly detail: string;
}

/** Checks a receipt with nothing but public keys: signature, order, bounds, ledger leaf, inclusion, checkpoint. */
export function checkReceipt(view: RotationView, keys: { readonly executor: string | undefined; readonly reporting: string }): ReceiptCheck[] {
  const { receipt, proof, order } = view;
  if (receipt === null) return [{ what: 'receipt', passed: false, detail: 'there is none yet' }];
  const { payload } = receipt;
  const deleted = deletedInAll(payload);
  const checks: ReceiptCheck[] = [
    {
      what: 'signature of the executor',
      passed: keys.executor !== undefined && verifySignature(keys.executor, SIGNING_CONTEXTS.receipt, payload, receipt.signature),
      detail: `key ${receipt.keyId}`,
    },
    { what: 'made for this order', passed: payload.order === order.id && payload.server === order.server && payload.store === order.store, detail: order.id },
    {
      what: 'inside the bounds of the order',
      passed: deleted.items <= order.bounds.items && deleted.bytes <= order.bounds.bytes,
      detail: `${deleted.items} of at most ${order.bounds.items} items, ${formatByteCount(deleted.bytes)} of at most ${formatByteCount(order.bounds.bytes)}`,
    },
  ];
  if (proof === null) return [...checks, { what: 'kept in the ledger', passed: false, detail: 'no checkpoint covers it yet' }];
  const { checkpoint } = proof;
  return [
    ...checks,
    { what: 'hash of the ledger leaf', passed: leafHash(Buffer.from(canonicalJson(receipt))) === proof.leafHash, detail: proof.leafHash },
    {
      what: 'inclusion in the ledger',
      passed: verifyInclusion({ leafHash: proof.leafHash, index: proof.leafIndex, size: checkpoint.payload.size, proof: proof.inclusion, rootHash: checkpoint.payload.rootHash }),
      detail: `leaf ${proof.leafIndex} of ${checkpoint.payload.size}`,
    },
    {
      what: 'signature of the checkpoint',
      passed: verifySignature(keys.reporting, SIGNING_CONTEXTS.checkpoint, checkpoint.payload, checkpoint.signature),
      detail: `root ${checkpoint.payload.rootHash}`,
    },
  ];
}

const WHOLE_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const amount = (value: Measured<{ items: number; bytes: number }>): string => (value.known ? `${value.value.items} items, ${formatByteCount(value.value.bytes)}` : `unknown, because ${value.reason}`);

/** Why it ended as it did, what it was for where it did not delete, and what permitted it where no order did. */
function aboutLines({ reason, purpose, planned, authority, facts }: Receipt): string[] {
  const lines: (string | null)[] = [
    reason === '' ? null : `  because  ${reason}`,
    purpose === 'plan' || purpose === 'mark' ? `  ${purpose === 'plan' ? 'would go' : 'marked  '} ${planned.items} items, ${formatByteCount(planned.bytes)}` : null,
    authority?.kind === 'bundle' ? `  allowed  by the signed policies (bundle ${authority.version}), while no control plane could be heard` : null,
    facts === undefined ? null : `  host     kernel ${facts.kernel}${facts.fileSystems.length === 0 ? '' : `, ${facts.fileSystems.join(', ')}`}${facts.tool === null ? '' : `, deleted by ${facts.tool}`}`,
  ];
  return lines.filter((line) => line !== null).map(printable);
}

/** Shows one receipt and checks it. Exit: 0 it holds, 1 something of it does not. */
export async function receipt(id: string, context: CommandContext): Promise<ExitCode> {
  const client = await ApiClient.forRuntime(context.dataDir);
  const view = await client.ask('rotation', { params: { id: WHOLE_ID.test(id) ? id : orderByStart((await client.askAll('rotations')).items, id) } });
  const trust = await client.ask('trust');
  const checks = checkReceipt(view, { executor: trust.executors[view.order.server], reporting: trust.anchors.reporting });
  const holds = checks.every((check) => check.passed);
  if (context.format === 'json') printJson(context, { rotation: view, checks, holds });
  else {
    const told = view.receipt?.payload;
    printLines(context, [
      `${context.style.bold(view.order.store)} on ${view.order.server}, policy ${view.order.policy.name}: ${view.state}`,
      ...(told === undefined
        ? []
        : [
            ...aboutLines(told),
            `  before   ${told.before.items} items, ${formatByteCount(told.before.bytes)}`,
            `  deleted  ${told.deleted.items} items, ${formatByteCount(told.deleted.bytes)}`,
            ...told.skipped.map((skip) => `  skipped  ${skip.items} ${skip.reason}`),
            `  after    ${amount(told.after)}`,
            ...(told.notes ?? []).map((note) => printable(`  note     ${note}`)),
          ]),
      ...(view.provedBy === null ? [] : [`  proved   by the observation of ${view.provedBy.observedAt}`]),
      '',
      ...checks.map((check) => `  ${check.passed ? context.style.green('holds') : context.style.red('FAILS')}  ${check.what}: ${check.detail}`),
    ]);
  }
  return holds ? EXIT.nothingFound : EXIT.found;
}
