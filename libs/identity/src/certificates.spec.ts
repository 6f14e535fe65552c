import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureCertificates, type CertificateFiles } from './certificates.js';

const DAY_MS = 86_400_000;
const HOSTS = ['127.0.0.1', 'localhost'];

describe('certificates of the bus', () => {
  let dir = '';
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'mailwarden-tls-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const read = (file: string): string => readFileSync(file, 'utf8');
  const after = (days: number): number => Date.now() + days * DAY_MS;
  const certificatesIn = (text: string): number => text.match(/BEGIN CERTIFICATE/g)?.length ?? 0;
  /** Whether somebody who believes these authorities believes that server. */
  async function believed(authorities: string, { cert, key }: CertificateFiles): Promise<boolean> {
    const server = createServer({ cert: read(cert), key: read(key) });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      return await new Promise<boolean>((resolve) => {
        const socket: TLSSocket = connect({ port: (server.address() as { port: number }).port, host: '127.0.0.1', ca: authorities }, () => {
          socket.destroy();
          resolve(true);
        });
        socket.once('error', () => resolve(false));
      });
    } finally {
      server.close();
    }
  }

  it('stay as they are while they are good, and are made anew for another address', async () => {
    const files = await ensureCertificates(dir, HOSTS);
    const before = read(files.cert);
    await ensureCertificates(dir, HOSTS);
    expect(read(files.cert)).toBe(before);
    await ensureCertificates(dir, [...HOSTS, '10.20.0.5']);
    expect(new X509Certificate(read(files.cert)).subjectAltName).toContain('10.20.0.5');
  });

  it('are renewed a month before they end, under the same authority', async () => {
    const files = await ensureCertificates(dir, HOSTS);
    const [cert, ca] = [read(files.cert), read(files.ca)];
    await ensureCertificates(dir, HOSTS, after(366));
    expect(read(files.cert)).toBe(cert);
    await ensureCertificates(dir, HOSTS, after(368));
    expect(read(files.cert)).not.toBe(cert);
    expect(read(files.ca)).toBe(ca);
  });

  it('come of the next authority in the last year of the first, when every client has believed both for a year', async () => {
    const files = await ensureCertificates(dir, HOSTS);
    const first = read(files.ca);
    await ensureCertificates(dir, HOSTS, after(3_650 - 740));
    expect(certificatesIn(read(files.ca))).toBe(1);

    await ensureCertificates(dir, HOSTS, after(3_650 - 720));
    const both = read(files.ca);
    expect(certificatesIn(both)).toBe(2);
    expect(both.startsWith(first.trimEnd())).toBe(true);
    const old = new X509Certificate(first);
    expect(new X509Certificate(read(files.cert)).verify(old.publicKey)).toBe(true);

    await ensureCertificates(dir, HOSTS, after(3_650 - 390));
    expect(certificatesIn(read(files.ca))).toBe(2);
    expect(new X509Certificate(read(files.cert)).verify(old.publicKey)).toBe(false);
    // Again changes nothing: the key and the certificate that sign now are one authority.
    const [ca, cert] = [read(files.ca), read(files.cert)];
    await ensureCertificates(dir, HOSTS, after(3_650 - 389));
    expect([read(files.ca), read(files.cert)]).toEqual([ca, cert]);
  });

  it('are believed by who has the authority, and by nobody else', async () => {
    const other = mkdtempSync(join(tmpdir(), 'mailwarden-tls-'));
    const files = await ensureCertificates(dir, HOSTS);
    const stranger = await ensureCertificates(other, HOSTS);
    expect(await believed(read(files.ca), files)).toBe(true);
    expect(await believed(read(stranger.ca), files)).toBe(false);
    rmSync(other, { recursive: true });
  });

  it('of the next authority are believed by who has heard of both', async () => {
    // The first authority is nearly at its end by now, and the second is young.
    await ensureCertificates(dir, HOSTS, after(-(3_650 - 720)));
    await ensureCertificates(dir, HOSTS, after(0));
    const both = read(join(dir, 'ca.pem'));
    const files = await ensureCertificates(dir, HOSTS, after(0));
    expect(await believed(both, files)).toBe(true);
  });
});
