export { readGuardedBytes } from './guarded-bytes.js';
export { readGuarded } from './guarded-file.js';
export { loadHostSettings } from './host-settings.js';
export { loadProfiles, readProfileFile } from './profile-files.js';
export { readyUntilEnded } from './process-life.js';
export { QUIET_NODE_OPTIONS, STEADY_NODE_OPTIONS } from './quiet-node.js';
export { readSettings } from './read-settings.js';
export { serviceSettings } from './service-settings.js';
export { loadTrust } from './trust-file.js';
