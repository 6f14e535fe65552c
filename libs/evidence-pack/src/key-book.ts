import type { PublicKeyText } from '@mailwarden/kernel';
import { isFields, type Fields } from './statement.js';

export type KeyRole = 'agent' | 'executor';

interface HeldKey {
  readonly key: PublicKeyText;
  /** When another key took its place; null while it counts. */
  replacedAt: string | null;
}

/** Why a server was taken out: its keys are in other hands, and nothing that they sign counts from then on, whenever it says that it was said. */
const COMPROMISED = 'revoked';
const PUBLIC_KEY = /^[A-Za-z0-9_-]{43}$/;

/** Which key counted for a server when, by the memberships that the ledger has. Memory: one entry per server and key. */
export class KeyBook {
  readonly #keys: Readonly<Record<KeyRole, Map<string, HeldKey[]>>> = { agent: new Map(), executor: new Map() };

  get servers(): number {
    return this.#keys.agent.size;
  }

  /** Takes a membership as the ledger states it. False where it names no keys. */
  learn(statement: Fields): boolean {
    const { id: server, at, facts } = statement;
    if (typeof server !== 'string' || typeof at !== 'string' || !isFields(facts)) return false;
    const [agent, executor] = [facts['agentkey'], facts['executorkey']];
    if (typeof agent !== 'string' || typeof executor !== 'string' || !PUBLIC_KEY.test(agent) || !PUBLIC_KEY.test(executor)) return false;
    if (facts['status'] === 'revoked') {
      this.#end('agent', server, at, facts['cause'] === COMPROMISED);
      this.#end('executor', server, at, facts['cause'] === COMPROMISED);
      return true;
    }
    this.#replace('agent', server, agent, at);
    this.#replace('executor', server, executor, at);
    return true;
  }

  /** Keys that something said at a time may be signed by: the one that counts now, and those that counted when it was said. */
  keysOf(role: KeyRole, server: string, saidAt: string): PublicKeyText[] {
    const held = this.#keys[role].get(server) ?? [];
    return held.filter(({ replacedAt }) => replacedAt === null || saidAt <= replacedAt).map(({ key }) => key);
  }

  #end(role: KeyRole, server: string, at: string, isCompromised: boolean): void {
    const held = this.#keys[role].get(server) ?? [];
    for (const former of held) former.replacedAt ??= at;
    if (isCompromised) this.#keys[role].set(server, []);
  }

  #replace(role: KeyRole, server: string, key: PublicKeyText, at: string): void {
    const held = this.#keys[role].get(server) ?? [];
    if (held.at(-1)?.key === key && held.at(-1)?.replacedAt === null) return;
    for (const former of held) former.replacedAt ??= at;
    this.#keys[role].set(server, [...held.filter((former) => former.key !== key), { key, replacedAt: null }]);
  }
}
