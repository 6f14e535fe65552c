export { connectProduct, LOCK_MS_MAX, ProductClient, STATEMENT_MS_MAX } from './connect.js';
export { deleteRowsByFile, filesWithRows, RowsStay } from './delete-rows-by-file.js';
export { fileNamesOf, measureRelation, readValue } from './measure-relation.js';
export type { MeasuredRelation } from './measure-relation.js';
export { countOlderThan, keysLeft, timeAt, TRIM_ROWS_PER_BATCH, trimOldest } from './trim-relation.js';
export { troubleOf } from './trouble.js';
export { openReader } from './relation-reader.js';
export type { DatabaseHost, RelationFacts, RelationReader } from './relation-reader.js';
export { measureLists } from './redis/measure-lists.js';
