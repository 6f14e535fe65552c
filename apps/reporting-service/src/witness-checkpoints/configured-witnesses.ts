import type { ReportingSettings } from '../reporting-settings.js';
import { TimeStampAuthority } from './time-stamp-authority.js';
import { WitnessEndpoint } from './witness-endpoint.js';
import { WitnessFile } from './witness-file.js';
import type { Witness } from './witness.js';

/** The witnesses that the settings name. Errors: throws where an authority is named without the file for its time stamps. */
export function configuredWitnesses(settings: ReportingSettings): readonly Witness[] {
  const { MAILWARDEN_WITNESS_FILE: file, MAILWARDEN_WITNESS_URL: url, MAILWARDEN_WITNESS_TSA_URL: tsa, MAILWARDEN_WITNESS_TSA_FILE: stamps, MAILWARDEN_WITNESS_TSA_MINUTES: everyMinutes } = settings;
  if ((tsa === undefined) !== (stamps === undefined)) throw new Error('MAILWARDEN_WITNESS_TSA_URL and MAILWARDEN_WITNESS_TSA_FILE are set together: the file takes the time stamps');
  return [
    ...(file === undefined ? [] : [new WitnessFile(file)]),
    ...(url === undefined ? [] : [new WitnessEndpoint(url)]),
    ...(tsa === undefined || stamps === undefined ? [] : [new TimeStampAuthority({ url: tsa, file: stamps, everyMinutes })]),
  ];
}
