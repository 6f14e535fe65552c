import { getContainerRuntimeClient } from 'testcontainers';

/** How a suite lets a container crash and come back with its data. */
export interface Revival {
  /** Ends the container's process at once, as a crash would. */
  kill(): Promise<void>;
  /** Starts it again on the same data and the same port; whoever was connected comes back by itself. */
  start(): Promise<void>;
}

export async function revivalOf(started: { getId(): string }): Promise<Revival> {
  const container = (await getContainerRuntimeClient()).container.getById(started.getId());
  return {
    kill: async () => {
      const ended = container.wait();
      await container.kill({ signal: 'SIGKILL' });
      await ended;
    },
    start: () => container.start(),
  };
}
