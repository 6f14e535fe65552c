import { PAYLOAD_BYTES_MAX } from '@mailwarden/contracts';
import type { CertificateFiles } from '../certificates.js';
import type { BusTokens } from './authority.js';

/**
 * Configuration of one broker. Every acknowledged message is on disk (`sync_interval: always`), every connection is encrypted, every account has its token.
 * Source: safety rules, "The bus".
 */
export function natsServerConfig(options: { host: string; port: number; storeDir: string; /** Where the broker keeps accounts' tokens that it is told while it runs. */ accountsDir: string; pidFile: string; certificates: CertificateFiles; tokens: BusTokens }): string {
  const { tokens, certificates } = options;
  const text = (value: string): string => JSON.stringify(value);
  return [
    `server_name: mailwarden`,
    `listen: ${text(`${options.host}:${options.port}`)}`,
    `pid_file: ${text(options.pidFile)}`,
    `max_payload: ${PAYLOAD_BYTES_MAX}`,
    `tls { cert_file: ${text(certificates.cert)}, key_file: ${text(certificates.key)}, timeout: 5 }`,
    `jetstream { store_dir: ${text(options.storeDir)}, sync_interval: always, max_memory_store: 256MB, max_file_store: 1TB }`,
    `operator: ${text(tokens.operator)}`,
    `system_account: ${text(tokens.systemAccount)}`,
    `resolver { type: full, dir: ${text(options.accountsDir)}, allow_delete: false, interval: "2m" }`,
    `resolver_preload {`,
    ...Object.entries(tokens.accounts).map(([account, token]) => `  ${account}: ${text(token)}`),
    `}`,
    '',
  ].join('\n');
}
