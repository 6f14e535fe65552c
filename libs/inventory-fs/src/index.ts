export { closeDirectory, entryNames, entryPath, mountIdOf, openChildDirectory, openDirectoryBeneath, openHostRoot, statEntry } from './directory-descriptor.js';
export type { Directory, OpenError } from './directory-descriptor.js';
export { readHostFile, withHost } from './host.js';
export type { Host } from './host.js';
export { measureHost, resolveOnHost } from './measure-host.js';
export { PRIVATE_FOLDER_PREFIX, walk } from './walk.js';
export type { PassedOver, Visitor } from './walk.js';
