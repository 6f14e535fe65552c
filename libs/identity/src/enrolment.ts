/** What enrolling a server takes, on both sides; an agent that runs does not load it. */
export { credentialText } from './bus/agent-issuer.js';
export { makeUserKey, signerOfUserKey, verifyingKeyOf } from './bus/user-key.js';
export type { UserKey } from './bus/user-key.js';
export { textOfToken, tokenFromText } from './enrolment-token.js';
export { keepOnce, readPrivate, writePrivate } from './private-file.js';
export { makeSealingKey, openSealed, sealFor } from './sealed-box.js';
export { generateSigningKey } from './signing-key.js';
