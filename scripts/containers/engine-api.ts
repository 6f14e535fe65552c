import { request } from 'node:http';
import type { Readable } from 'node:stream';

const ANSWER_MS_MAX = 60_000;
const OK = 200;

/** What is asked of an engine of our own before the suite takes over. */
export class EngineApi {
  private readonly socket: string;

  constructor(socket: string) {
    this.socket = socket;
  }

  /** The engine's version, or undefined while it does not answer. */
  async version(): Promise<string | undefined> {
    try {
      const answer = JSON.parse(await this.#ask('GET', '/version')) as { Version?: unknown };
      return typeof answer.Version === 'string' ? answer.Version : undefined;
    } catch {
      return undefined;
    }
  }

  /** Makes an image of one layer out of a tar stream. `changes` are lines of a Dockerfile. */
  async importImage(name: string, changes: readonly string[], tar: Readable): Promise<void> {
    const [repository = name, tag = 'latest'] = name.split(':');
    const query = new URLSearchParams({ fromSrc: '-', repo: repository, tag });
    for (const change of changes) query.append('changes', change);
    const answer = await this.#ask('POST', `/images/create?${query.toString()}`, tar);
    if (answer.includes('"error"')) throw new Error(`the image ${name} was not taken: ${answer.trim().slice(-300)}`);
  }

  #ask(method: string, path: string, body?: Readable): Promise<string> {
    return new Promise((resolve, reject) => {
      const asked = request({ socketPath: this.socket, method, path, timeout: ANSWER_MS_MAX, ...(body === undefined ? {} : { headers: { 'content-type': 'application/x-tar' } }) }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => (text += part));
        response.on('error', reject);
        response.on('end', () => (response.statusCode === OK ? resolve(text) : reject(new Error(`the engine answered ${response.statusCode} to ${method} ${path}: ${text.slice(0, 300)}`))));
      });
      asked.on('timeout', () => asked.destroy(new Error(`the engine did not answer to ${method} ${path}`)));
      asked.on('error', reject);
      if (body === undefined) asked.end();
      else body.on('error', (cause) => asked.destroy(cause)).pipe(asked);
    });
  }
}
