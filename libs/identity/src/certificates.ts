import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { readFile, stat } from 'node:fs/promises';
import * as x509 from '@peculiar/x509';
import { readPrivate, writePrivate } from './private-file.js';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;
const AUTHORITY_DAYS = 3_650;
const SERVER_DAYS = 397;
/** A certificate is made anew when it has less than this left. */
const RENEW_DAYS = 30;
/** When less than this is left of an authority, the next one is made; and when less than that, the next one signs. Units: days. */
const NEXT_AUTHORITY_DAYS = 730;
const SWITCH_AUTHORITY_DAYS = 400;
const SERIAL_BYTES = 16;

/** Where the certificates of one bus lie. The authority's own key never leaves its file. */
export interface CertificateFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

const pemOf = (key: ArrayBuffer): string => `-----BEGIN PRIVATE KEY-----\n${Buffer.from(key).toString('base64').replace(/.{64}/g, '$&\n')}\n-----END PRIVATE KEY-----\n`;
const serial = (): string => `01${randomBytes(SERIAL_BYTES - 1).toString('hex')}`;
const validFor = (days: number, nowMs: number): { notBefore: Date; notAfter: Date } => ({ notBefore: new Date(nowMs - DAY_MS), notAfter: new Date(nowMs + days * DAY_MS) });
const daysLeft = ({ notAfter }: x509.X509Certificate, nowMs: number): number => (notAfter.getTime() - nowMs) / DAY_MS;

async function privateKeyFrom(pem: string): Promise<webcrypto.CryptoKey> {
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  return webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign']);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Files of one authority; its own key never leaves its file. */
interface AuthorityFiles {
  readonly cert: string;
  readonly key: string;
}

async function makeAuthority(files: AuthorityFiles, nowMs: number): Promise<void> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const made = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: `CN=Mailwarden local authority ${new Date(nowMs).getUTCFullYear()}`,
    ...validFor(AUTHORITY_DAYS, nowMs),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [new x509.BasicConstraintsExtension(true, 0, true), new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true), await x509.SubjectKeyIdentifierExtension.create(keys.publicKey)],
  });
  await writePrivate(files.key, pemOf(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)));
  await writePrivate(files.cert, `${made.toString('pem')}\n`);
}

const certificateIn = async (file: string): Promise<x509.X509Certificate> => new x509.X509Certificate(await readFile(file, 'utf8'));

/** Whether a next authority was made that does not sign yet. */
const waits = async (next: AuthorityFiles, now: AuthorityFiles): Promise<boolean> => (await exists(next.cert)) && (await certificateIn(next.cert)).serialNumber !== (await certificateIn(now.cert)).serialNumber;

/**
 * The authority that signs now. Two years before it ends another one is made, which clients believe from then on beside it; in its last year that one signs.
 * So each client has had a year to hear of the authority that it meets: agents hear of it whenever they renew their credentials.
 */
async function ensureAuthority(dir: string, nowMs: number): Promise<{ certificate: x509.X509Certificate; key: webcrypto.CryptoKey }> {
  const at = (name: string): AuthorityFiles => ({ cert: join(dir, `${name}.pem`), key: join(dir, `${name}-key.pem`) });
  const [now, next] = [at('ca'), at('ca-next')];
  if (!(await exists(now.cert))) await makeAuthority(now, nowMs);
  const left = daysLeft(await certificateIn(now.cert), nowMs);
  if (left < NEXT_AUTHORITY_DAYS && !(await waits(next, now))) {
    await makeAuthority(next, nowMs);
    await writePrivate(now.cert, (await readFile(now.cert, 'utf8')) + (await readFile(next.cert, 'utf8')));
  }
  if (left < SWITCH_AUTHORITY_DAYS) {
    const old = (await certificateIn(now.cert)).toString('pem');
    await writePrivate(now.key, await readPrivate(next.key));
    await writePrivate(now.cert, `${(await readFile(next.cert, 'utf8')).trimEnd()}\n${old}\n`);
  }
  return { certificate: await certificateIn(now.cert), key: await privateKeyFrom(await readPrivate(now.key)) };
}

async function isStillGood(cert: string, hosts: readonly string[], authority: x509.X509Certificate, nowMs: number): Promise<boolean> {
  if (!(await exists(cert))) return false;
  const certificate = await certificateIn(cert);
  const names = certificate.getExtension(x509.SubjectAlternativeNameExtension)?.names.items.map((name) => name.value) ?? [];
  const isOfAuthority = await certificate.verify({ publicKey: authority.publicKey, signatureOnly: true });
  return isOfAuthority && daysLeft(certificate, nowMs) > RENEW_DAYS && hosts.every((host) => names.includes(host));
}

/** Makes the bus's own authority and its server certificate, or renews either before it runs out. `ca` holds all authorities that count. Units: milliseconds since 1970. */
export async function ensureCertificates(dir: string, hosts: readonly string[], nowMs = Date.now()): Promise<CertificateFiles> {
  x509.cryptoProvider.set(globalThis.crypto);
  const authority = await ensureAuthority(dir, nowMs);
  const files: CertificateFiles = { ca: join(dir, 'ca.pem'), cert: join(dir, 'bus.pem'), key: join(dir, 'bus-key.pem') };
  if (await isStillGood(files.cert, hosts, authority.certificate, nowMs)) return files;
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: 'CN=Mailwarden bus',
    issuer: authority.certificate.subject,
    ...validFor(SERVER_DAYS, nowMs),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: authority.key,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(hosts.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value }))),
    ],
  });
  await writePrivate(files.key, pemOf(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)));
  await writePrivate(files.cert, `${certificate.toString('pem')}\n`);
  return files;
}
