import type { SignedCheckpoint } from '@mailwarden/evidence-pack';
import { TELL_MS_MAX, type Witness } from './witness.js';

/** Somebody else's service that takes each head as JSON and keeps it. */
export class WitnessEndpoint implements Witness {
  readonly name = 'endpoint';
  readonly everyMs = 0;

  constructor(private readonly url: string) {}

  async tell(head: SignedCheckpoint): Promise<void> {
    const answer = await fetch(this.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(head), redirect: 'error', signal: AbortSignal.timeout(TELL_MS_MAX) });
    await answer.body?.cancel();
    if (!answer.ok) throw new Error(`it answered ${answer.status}`);
  }
}
