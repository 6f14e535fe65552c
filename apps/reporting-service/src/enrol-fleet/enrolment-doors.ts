import type { EnrolmentDoor } from './enrolment-door.js';
import type { RenewalDoor } from './renewal-door.js';

/** What listens for servers that want to be enrolled, and for agents that want a new credential; shut where this service cannot make any. */
export class EnrolmentDoors {
  constructor(private readonly doors: { readonly enrolment: EnrolmentDoor; readonly renewal: RenewalDoor } | null) {}

  start(): void {
    this.doors?.enrolment.start();
    this.doors?.renewal.start();
  }

  async stop(): Promise<void> {
    await this.doors?.enrolment.stop();
    await this.doors?.renewal.stop();
  }
}
