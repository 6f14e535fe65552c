/** From when and until when the bus takes a credential. Units: milliseconds since 1970. */
export interface CredentialLife {
  readonly fromMs: number;
  /** Null: without end. */
  readonly untilMs: number | null;
}

const TOKEN = /-----BEGIN NATS USER JWT-----\s*([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+/;
const MS_PER_S = 1_000;
/** A credential is renewed when this part of its life is left. */
const PART_LEFT = 1 / 3;

/** Errors: throws where the file holds no credential. */
export function lifeOf(credentials: string): CredentialLife {
  const claims = TOKEN.exec(credentials)?.[2];
  if (claims === undefined) throw new Error('the file of the credential holds none');
  const { iat, exp } = JSON.parse(Buffer.from(claims, 'base64url').toString('utf8')) as { iat?: number; exp?: number };
  return { fromMs: (iat ?? 0) * MS_PER_S, untilMs: exp === undefined || exp === 0 ? null : exp * MS_PER_S };
}

export const isDue = ({ fromMs, untilMs }: CredentialLife, nowMs: number): boolean => untilMs !== null && untilMs - nowMs < (untilMs - fromMs) * PART_LEFT;
