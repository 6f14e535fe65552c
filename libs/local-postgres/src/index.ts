export { awaitServer, clusterKind, connectAsSuperuser, ensureCluster, serverCommand, SUPERUSER } from './local-cluster.js';
export type { ClusterPlace } from './local-cluster.js';
export { ensureDatabase } from './service-roles.js';
export type { ServiceRole } from './service-roles.js';
