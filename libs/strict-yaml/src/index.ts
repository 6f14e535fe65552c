export { checkAgainst } from './check-against.js';
export { pathText } from './problem.js';
export type { DocumentPath, Problem } from './problem.js';
export { problemAt, readStrictYaml, readStrictYamlDocuments, YAML_BYTES_MAX } from './read-strict-yaml.js';
export type { StrictDocument } from './read-strict-yaml.js';
