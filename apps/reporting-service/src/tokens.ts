/** What is handed in under a name, because it has no class of its own to be asked for by. */
export const BUS = Symbol('bus');
export const TRUST = Symbol('trust');
export const LOGGER = Symbol('logger');
export const SETTINGS = Symbol('settings');
