export type { Agreement, Database, DocumentedLimit, Flow, HostSettings, LicenceState, Probe, Profile, Protection, Reading, RecordLists, RedisDatabase, Relation, RotateActive, ServerDatabase, SourceId, SqliteDatabase, StorageDuration, Store, SystemLog, Variable } from './profile.js';
export { DATA_CATEGORIES, isDataCategory } from './data-categories.js';
export type { DataCategory } from './data-categories.js';
export { licenceState } from './licence-state.js';
export type { ToldLicence } from './licence-state.js';
export { parseProfile } from './parse-profile.js';
export { profileJsonSchema } from './profile-form.js';
export { resolveVariables } from './resolve-variables.js';
export { pickProfile } from './pick-profile.js';
export { isSharedFolder } from './system-folders.js';
export type { ItemTool, ProductTool, RuleTool, ToolReport } from './tool.js';
export { filledWith, namePartsOf, partsIn } from './tool-name.js';
export type { NameParts } from './tool-name.js';
export { isWithin } from './version-range.js';
export type { Problem } from '@mailwarden/strict-yaml';

/** Folder of the profiles that ship; adapters read them. */
export const SHIPPED_PROFILES_URL: URL = new URL('../profiles/', import.meta.url);
