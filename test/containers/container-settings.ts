/** What `bin/test` chose for this run. */
export interface ContainerSettings {
  readonly nats: string;
  readonly postgres: string;
  /** Labels of every container, so that the run can remove whatever a killed suite left. */
  readonly labels: Readonly<Record<string, string>>;
}

const RUN_LABEL = 'mailwarden.test-run';

/** The chosen images, or the reason why nothing can run here. */
export function containerSettings(): ContainerSettings | string {
  const { MAILWARDEN_CONTAINER_NATS: nats, MAILWARDEN_CONTAINER_POSTGRES: postgres, MAILWARDEN_CONTAINER_RUN: run, MAILWARDEN_NO_CONTAINERS: reason } = process.env;
  if (reason !== undefined) return reason;
  if (nats === undefined || postgres === undefined || run === undefined) return 'no images were chosen; run: bin/test containers';
  return { nats, postgres, labels: { [RUN_LABEL]: run } };
}
