import type { ContainerRuntimeClient } from 'testcontainers';
import type { Images } from './build-images.ts';

const LOOK_MS_MAX = 10_000;
const PULL_MS_MAX = 90_000;
/** Every container of the suite carries it, with the run as its value. */
export const RUN_LABEL = 'mailwarden.test-run';

/** An engine that already runs here and has, or can get, the public images. */
export interface PresentEngine {
  readonly version: string;
  readonly images: Images;
  /** Removes what the run left on it; the engine itself stays. */
  removeContainersOf(run: string): Promise<void>;
}

/** Public images by name; a mirror's names can be given instead. */
const wantedImages = (): Images => ({ nats: process.env['MAILWARDEN_TEST_NATS_IMAGE'] ?? 'nats:2.10', postgres: process.env['MAILWARDEN_TEST_POSTGRES_IMAGE'] ?? 'postgres:18' });

/** The promise's value, or undefined when it takes too long or fails: either way the next choice is tried. */
async function within<T>(milliseconds: number, work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), milliseconds)));
  return Promise.race([work.catch(() => undefined), late]).finally(() => clearTimeout(timer));
}

async function removeContainersOf(client: ContainerRuntimeClient, run: string): Promise<void> {
  const { dockerode } = client.container;
  const left = await dockerode.listContainers({ all: true, filters: { label: [`${RUN_LABEL}=${run}`] } });
  await Promise.all(left.map((container) => dockerode.getContainer(container.Id).remove({ force: true, v: true })));
}

/** Finds a running engine. Returns the reason in plain words when there is none that could be used. */
export async function findPresentEngine(): Promise<PresentEngine | string> {
  const { getContainerRuntimeClient, ImageName } = await import('testcontainers');
  const client = await within(LOOK_MS_MAX, getContainerRuntimeClient());
  if (client === undefined) return 'no engine that could be used runs here';
  const images = wantedImages();
  for (const name of Object.values(images)) {
    const image = ImageName.fromString(name);
    if (await within(LOOK_MS_MAX, client.image.exists(image))) continue;
    await within(PULL_MS_MAX, client.image.pull(image));
    if ((await within(LOOK_MS_MAX, client.image.exists(image))) !== true) return `the engine that runs here neither has the image ${name} nor can pull it`;
  }
  return { version: client.info.containerRuntime.serverVersion.toString(), images, removeContainersOf: (run) => removeContainersOf(client, run) };
}
