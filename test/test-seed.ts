/** What random choices of the suites begin with where nobody chooses. */
const USUAL = 20_261_129;

/** The seed of this run. */
export function testSeed(): number {
  const given = Number(process.env['MAILWARDEN_TEST_SEED'] ?? '');
  return Number.isInteger(given) && given > 0 ? given : USUAL;
}
