import { createHash } from 'node:crypto';
import { SIGNING_CONTEXTS } from '@mailwarden/contracts';
import { signDocument, type Signer } from '@mailwarden/kernel';
import { packSeal, type PackLine } from './pack-lines.js';

/** Writes the lines of a pack and seals them at the end. */
export class PackSealer {
  readonly #hash = createHash('sha256');
  #lines = 0;

  constructor(private readonly signer: Signer) {}

  /** One line, with its end. */
  line(line: Exclude<PackLine, { line: 'end' }>): string {
    const text = `${JSON.stringify(line)}\n`;
    this.#hash.update(text);
    this.#lines += 1;
    return text;
  }

  /** The last line. Nothing comes after it. */
  end(): string {
    const { payload, keyId, signature } = signDocument(this.signer, SIGNING_CONTEXTS.pack, packSeal(this.#lines, this.#hash.digest('hex')));
    return `${JSON.stringify({ line: 'end', ...payload, keyId, signature })}\n`;
  }
}
