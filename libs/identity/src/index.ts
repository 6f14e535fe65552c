export { BusAuthority } from './bus/authority.js';
export type { BusTokens } from './bus/authority.js';
export { natsServerConfig } from './bus/nats-server-config.js';
export { ensureCertificates } from './certificates.js';
export type { CertificateFiles } from './certificates.js';
export { keepOnce, readPrivate, writePrivate } from './private-file.js';
export { provisionIdentity, SERVICES } from './provision-identity.js';
export type { IdentityFiles, ServerFiles, ServiceName, SpeakerFiles } from './provision-identity.js';
export { generateSigningKey, loadSigner, signerIn } from './signing-key.js';
