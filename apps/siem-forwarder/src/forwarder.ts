import { loadTrust, stateFolder } from '@mailwarden/config';
import { serviceSource, type KeyOf } from '@mailwarden/contracts';
import { connectBus } from '@mailwarden/messaging';
import { createLogger } from '@mailwarden/observability';
import { EventIntake } from './event-intake.js';
import { EventForwarding } from './forward-events.js';
import type { ForwarderSettings } from './forwarder-settings.js';
import { HttpReceiver } from './receivers/http-receiver.js';
import type { Receiver } from './receivers/receiver.js';
import { SyslogReceiver } from './receivers/syslog-receiver.js';

export interface Forwarder {
  close(): Promise<void>;
}

/** Only services raise events. */
async function keysIn(file: string): Promise<KeyOf> {
  const { reporting, rotation, consent } = await loadTrust(file);
  const keys = new Map([[serviceSource('reporting'), reporting], [serviceSource('rotation'), rotation], [serviceSource('consent'), consent]]);
  return (source) => keys.get(source);
}

const receiverOf = ({ receiver, format }: ForwarderSettings): Receiver => (receiver.kind === 'syslog' ? new SyslogReceiver(receiver) : new HttpReceiver(receiver, format));

export async function startForwarder(settings: ForwarderSettings): Promise<Forwarder> {
  const log = createLogger({ service: 'siem-forwarder', level: settings.logLevel });
  const { url, creds, ca, name } = settings.bus;
  stateFolder(settings.stateDir);
  const keyOf = await keysIn(settings.trust);
  const bus = await connectBus({ url, credsFile: creds, caFile: ca, name: 'siem-forwarder' });
  const intake = new EventIntake({ bus, name, log });
  const receiver = receiverOf(settings);
  const forwarding = new EventForwarding({ settings, intake, receiver, keyOf, log });
  const running = forwarding.run();
  running.catch((cause: unknown) => {
    log.fatal({ err: cause }, 'forwarding ended; whoever supervises the forwarder starts it again');
    process.exit(1);
  });
  return {
    close: async () => {
      forwarding.close();
      receiver.close();
      await intake.close();
      await running;
      await bus.close();
    },
  };
}
