import { randomBytes } from 'node:crypto';
import { writePrivate } from '@mailwarden/identity';
import type { Layout } from './layout.js';

const TOKEN_BYTES = 32;

/** A new link that signs in once, as administrator. An older one that was not used is void. */
export async function newSignInLink(layout: Pick<Layout, 'signInLink'>, url: string): Promise<string> {
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  await writePrivate(layout.signInLink, token);
  return `${url}/sign-in#link=${token}`;
}
