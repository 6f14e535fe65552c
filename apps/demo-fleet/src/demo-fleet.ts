import { join } from 'node:path';
import { DatabaseAdmin } from './database/database-server.js';
import { ServerTraffic, type TrafficLog } from './keep-writing/server-traffic.js';
import { prepareServer, type PreparedServer } from './prepare/prepare-server.js';
import { writePolicies } from './prepare/write-policies.js';
import { FLEET } from './servers/fleet.js';
import type { DemoSettings } from './settings.js';
import { takeFolder } from './tree/own-folder.js';
import { ownersIn } from './tree/owners.js';

const POLICIES_BEGUN = '.policies-begun';
/** Whoever ends the fleet waits no longer than this for a step that hangs. Units: milliseconds. */
const STOP_MS_MAX = 800;

async function preparedServers(settings: DemoSettings, log: TrafficLog): Promise<PreparedServer[]> {
  const admin = await DatabaseAdmin.connect(settings.databaseServer);
  try {
    const place = { dir: settings.dir, owners: ownersIn(settings.dir), admin, databaseServer: settings.databaseServer };
    const servers: PreparedServer[] = [];
    for (const truth of FLEET) {
      const startedMs = Date.now();
      const server = await prepareServer(truth, place);
      if (server.isNew) log.info({ server: truth.name, durationMs: Date.now() - startedMs }, 'server prepared');
      servers.push(server);
    }
    return servers;
  } finally {
    await admin.close();
  }
}

/** The mail servers of the demo, alive. */
export class DemoFleet {
  readonly #ending = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly servers: readonly PreparedServer[],
    private readonly traffic: readonly ServerTraffic[],
  ) {}

  /** Prepares what is missing; mail arrives from `run` on. Errors: throws when the folder is not the demo's or the database does not answer. */
  static async prepare(settings: DemoSettings, log: TrafficLog): Promise<DemoFleet> {
    takeFolder(settings.dir);
    writePolicies(settings.policyDir, join(settings.dir, POLICIES_BEGUN));
    const servers = await preparedServers(settings, log);
    const traffic = servers.map((server) => new ServerTraffic(server, log));
    await Promise.all(traffic.map((each) => each.start()));
    return new DemoFleet(servers, traffic);
  }

  run(): void {
    this.#running = Promise.all(this.traffic.map((each) => each.run(this.#ending.signal)));
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    const ended = this.#running.then(() => Promise.all(this.servers.map(({ database }) => database.close())));
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, STOP_MS_MAX))]);
  }
}
