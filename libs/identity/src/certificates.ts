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
const SERIAL_BYTES = 16;

/** Where the certificates of one bus lie. The authority's own key never leaves its file. */
export interface CertificateFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

const pemOf = (key: ArrayBuffer): string => `-----BEGIN PRIVATE KEY-----\n${Buffer.from(key).toString('base64').replace(/.{64}/g, '$&\n')}\n-----END PRIVATE KEY-----\n`;
const serial = (): string => `01${randomBytes(SERIAL_BYTES - 1).toString('hex')}`;
const validFor = (days: number): { notBefore: Date; notAfter: Date } => ({ notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + days * DAY_MS) });

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

async function ensureAuthority(dir: string): Promise<{ certificate: x509.X509Certificate; key: webcrypto.CryptoKey }> {
  const files = { cert: join(dir, 'ca.pem'), key: join(dir, 'ca-key.pem') };
  if (!(await exists(files.cert))) {
    const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
    const made = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: serial(),
      name: 'CN=Mailwarden local authority',
      ...validFor(AUTHORITY_DAYS),
      signingAlgorithm: ALGORITHM,
      keys,
      extensions: [new x509.BasicConstraintsExtension(true, 0, true), new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true), await x509.SubjectKeyIdentifierExtension.create(keys.publicKey)],
    });
    await writePrivate(files.key, pemOf(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)));
    await writePrivate(files.cert, `${made.toString('pem')}\n`);
  }
  return { certificate: new x509.X509Certificate(await readFile(files.cert, 'utf8')), key: await privateKeyFrom(await readPrivate(files.key)) };
}

async function isStillGood(cert: string, hosts: readonly string[]): Promise<boolean> {
  if (!(await exists(cert))) return false;
  const certificate = new x509.X509Certificate(await readFile(cert, 'utf8'));
  const names = certificate.getExtension(x509.SubjectAlternativeNameExtension)?.names.items.map((name) => name.value) ?? [];
  return certificate.notAfter.getTime() - Date.now() > RENEW_DAYS * DAY_MS && hosts.every((host) => names.includes(host));
}

/** Makes the bus's own authority and its server certificate, or renews the certificate before it runs out. */
export async function ensureCertificates(dir: string, hosts: readonly string[]): Promise<CertificateFiles> {
  x509.cryptoProvider.set(globalThis.crypto);
  const authority = await ensureAuthority(dir);
  const files: CertificateFiles = { ca: join(dir, 'ca.pem'), cert: join(dir, 'bus.pem'), key: join(dir, 'bus-key.pem') };
  if (await isStillGood(files.cert, hosts)) return files;
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: 'CN=Mailwarden bus',
    issuer: authority.certificate.subject,
    ...validFor(SERVER_DAYS),
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
