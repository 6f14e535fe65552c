/** Kept equal to the version in package.json by a test. */
export const AGENT_VERSION = '0.1.0';
