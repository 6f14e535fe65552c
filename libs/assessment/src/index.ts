export { assess } from './assess.js';
export type { Bearing } from './assess.js';
export { rulesOf, statedLimits } from './stated-limits.js';
export { buildStatement } from './statement.js';
export { undeterminedBy } from './undetermined.js';
export type { Undetermined } from './undetermined.js';
export { forecastOf } from './forecast.js';
export { EMPTY_TREND, extended } from './trend.js';
export type { Trend, TrendPoint } from './trend.js';
