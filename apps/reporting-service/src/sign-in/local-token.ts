import { readSecret, sameSecret } from './one-time-link.js';

/** The token by which the command line of this machine speaks for the local operator. */
export class LocalToken {
  constructor(private readonly path: string) {}

  async holds(given: string): Promise<boolean> {
    const kept = await readSecret(this.path);
    return kept !== null && sameSecret(given, kept);
  }
}
