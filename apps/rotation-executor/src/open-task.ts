import { executorTask, openSigned, SIGNING_CONTEXTS, signedPolicyBundle, signedRotationOrder, type ExecutorTask, type Opened, type PolicyBundle, type RotationOrder } from '@mailwarden/contracts';
import { err, ok, type PublicKeyText, type Result, type SignedDocument } from '@mailwarden/kernel';

/** What the executor was started for. */
export interface OpenTask {
  readonly order: Opened<RotationOrder> | null;
  /** Null where none came along. */
  readonly bundle: Result<Opened<PolicyBundle>, string> | null;
  readonly rule: ExecutorTask['rule'];
  /** Id of what was begun and is to be accounted for, or `list`; null where there is an order or a rule. */
  readonly unfinished: string | null;
}

const WHY_NOT = { form: 'has another form than this version knows', signature: 'is not signed by the rotation worker' } as const;

/** A document of the rotation worker. Errors: in words. */
function openOwn<T extends SignedDocument<unknown>>(raw: unknown, name: string, expected: Parameters<typeof openSigned<T>>[1]): Result<Opened<T['payload']>, string> {
  const opened = openSigned(raw, expected);
  return opened.ok ? opened : err(`${name} ${WHY_NOT[opened.error]}`);
}

export const openBundle = (raw: unknown, publicKey: PublicKeyText): Result<Opened<PolicyBundle>, string> => openOwn(raw, 'the bundle', { schema: signedPolicyBundle, context: SIGNING_CONTEXTS.bundle, publicKey });

export const openOrder = (raw: unknown, publicKey: PublicKeyText): Result<Opened<RotationOrder>, string> => openOwn(raw, 'the order', { schema: signedRotationOrder, context: SIGNING_CONTEXTS.order, publicKey });

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
  const { rule, unfinished = null } = form.data;
  if ([form.data.order, rule, unfinished].filter((part) => part !== null).length !== 1) return err('a task is an order, a rule of the bundle, or a question for what was begun, and never two of them');
  const bundle = form.data.bundle === null ? null : openBundle(raw['bundle'], rotationKey);
  if (form.data.order === null) return ok({ order: null, bundle, rule, unfinished });
  const order = openOrder(raw['order'], rotationKey);
  return order.ok ? ok({ order: order.value, bundle, rule, unfinished }) : order;
}
