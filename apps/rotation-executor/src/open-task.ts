import { executorTask, SIGNING_CONTEXTS, signedPolicyBundle, signedRotationOrder, type ExecutorTask, type PolicyBundle, type RotationOrder } from '@mailwarden/contracts';
import { canonicalJson, err, ok, verifySignature, type PublicKeyText, type Result, type SignedDocument } from '@mailwarden/kernel';
import type { z } from 'zod';

/** What the rotation worker signed, and whether this version understands all of it. */
export interface Opened<T> {
  readonly payload: T;
  /** False where members are signed that this version does not know: what it permits is then not known either. */
  readonly isUnderstood: boolean;
  readonly document: SignedDocument<unknown>;
}

/** What the executor was started for. */
export interface OpenTask {
  readonly order: Opened<RotationOrder> | null;
  /** Null where none came along. */
  readonly bundle: Result<Opened<PolicyBundle>, string> | null;
  readonly rule: ExecutorTask['rule'];
}

/** Checks who signed a document. The signature covers what was sent, with members that this version may not know. Errors: in words; nothing of an unverified document is used, not even its id. */
export function openSigned<T extends SignedDocument<unknown>>(raw: unknown, what: { readonly schema: z.ZodType<T>; readonly context: string; readonly key: PublicKeyText; readonly name: string }): Result<Opened<T['payload']>, string> {
  const parsed = what.schema.safeParse(raw);
  if (!parsed.success) return err(`${what.name} has another form than this version knows`);
  const document = raw as SignedDocument<unknown>;
  if (!verifySignature(what.key, what.context, document.payload, parsed.data.signature)) return err(`${what.name} is not signed by the rotation worker`);
  return ok({ payload: parsed.data.payload, isUnderstood: canonicalJson(parsed.data.payload) === canonicalJson(document.payload), document });
}

export const openBundle = (raw: unknown, key: PublicKeyText): Result<Opened<PolicyBundle>, string> => openSigned(raw, { schema: signedPolicyBundle, context: SIGNING_CONTEXTS.bundle, key, name: 'the bundle' });

function jsonFrom(text: string): Result<unknown, string> {
  try {
    return ok(JSON.parse(text));
  } catch {
    return err('the order is not JSON');
  }
}

const isSignedAlone = (json: unknown): boolean => typeof json === 'object' && json !== null && 'payload' in json;

/** Reads what the executor was started with: a task, or a signed order alone, as an agent of an earlier version hands it over. Errors: why no account can be given of it. */
export function openTask(text: string, rotationKey: PublicKeyText): Result<OpenTask, string> {
  const json = jsonFrom(text);
  if (!json.ok) return json;
  const raw = isSignedAlone(json.value) ? { schema: 'mailwarden/executor-task/v1', order: json.value, bundle: null, rule: null } : (json.value as Record<string, unknown>);
  const form = executorTask.safeParse(raw);
  if (!form.success) return err('the task has another form than this version knows');
  const { rule } = form.data;
  if ((form.data.order === null) === (rule === null)) return err('a task is an order or a rule of the bundle, and never both');
  const bundle = form.data.bundle === null ? null : openBundle(raw['bundle'], rotationKey);
  if (form.data.order === null) return ok({ order: null, bundle, rule });
  const order = openSigned(raw['order'], { schema: signedRotationOrder, context: SIGNING_CONTEXTS.order, key: rotationKey, name: 'the order' });
  return order.ok ? ok({ order: order.value, bundle, rule }) : order;
}
