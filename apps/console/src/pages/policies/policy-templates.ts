/** What an editor begins with: it reads aloud, and deletes nothing as it stands. */
export const POLICY_TEMPLATES: readonly { readonly title: string; readonly text: string }[] = [
  {
    title: 'Limit a store',
    text: `schema: mailwarden/policy/v1
kind: retention
name: backup-cap
reason: Article 5(1)(e), storage limitation
servers: {}                      # every server; or labels, as { role: mx }
stores: [ "*/backup" ]
mode: observe                    # observe, ask or enforce
limits: { bytes: 1 GB }          # or age: 90 days, records, inodes, free-space
target: 80 %                     # down to how much of the limit
keep: { newest: 100, younger-than: 1 hour }
bounds: { items: 10000, bytes: 2 GB }
`,
  },
  {
    title: 'Hold',
    text: `schema: mailwarden/policy/v1
kind: hold
name: case-2026-14
reason: Evidence in an open case
stores: [ "*/backup" ]
from: 2026-01-01T00:00:00.000Z
until: 2026-03-31T23:59:59.999Z
asked-by: legal department
`,
  },
  {
    title: 'Permit access',
    text: `schema: mailwarden/policy/v1
kind: access
name: backup-readers
reason: The archive job reads the Backup too
stores: [ "*/backup" ]
accounts: [ archive ]
mode: observe
`,
  },
  {
    title: 'How often to look',
    text: `schema: mailwarden/policy/v1
kind: telemetry
name: look-every-minute
reason: Findings are wanted within a minute
scan-interval: 1 minute
`,
  },
];
