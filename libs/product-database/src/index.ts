export { connectProduct } from './connect.js';
export type { ProductClient } from './connect.js';
export { deleteRowsByFile, filesWithRows, RowsStay } from './delete-rows-by-file.js';
export { fileNamesOf, measureRelation, readValue } from './measure-relation.js';
export type { MeasuredRelation } from './measure-relation.js';
export { countOlderThan, keysLeft, timeAt, TRIM_ROWS_PER_BATCH, trimOldest } from './trim-relation.js';
