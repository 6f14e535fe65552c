import { instantOf, known, unknown, type Instant, type Measured } from '@mailwarden/kernel';
import { readJournald, readLogrotate, readLogrotateState, readRsyslog, readTmpfiles, type JournaldSettings, type LogrotateRule, type RsyslogConfig, type TmpfilesConfig, type Unread } from '@mailwarden/rotation-rules';
import { readHostFile, type Host } from '../host.js';
import { runCommand } from '../probe/run-command.js';
import { expandGlob, type FoundFile } from './expand-glob.js';
import { hostConfig, hostEntries, localClock, writtenAt } from './host-config.js';

/** A block of logrotate with the files that it takes in now, those of earlier blocks left out: the first one counts. */
export interface LogrotateOnHost extends LogrotateRule {
  readonly files: readonly FoundFile[];
}

/** What the host's own programs are set to rotate, clean and log. Read once for a scan. */
export interface HostRules {
  readonly logrotate: readonly LogrotateOnHost[];
  /** By path, when logrotate last rotated a log or first saw it. Units: milliseconds since 1970. */
  readonly rotatedAt: ReadonlyMap<string, number>;
  readonly logrotateRanAt: Measured<Instant>;
  readonly tmpfiles: TmpfilesConfig;
  readonly tmpfilesRanAt: Measured<Instant>;
  readonly journald: JournaldSettings;
  /** Null where no such program is set up. */
  readonly syslog: RsyslogConfig | null;
  /** Programs whose rules are not read. */
  readonly foreignSyslog: readonly Unread[];
  /** Rules that could not be read. */
  readonly unread: readonly Unread[];
}

const LOGROTATE_MAIN = '/etc/logrotate.conf';
/** Where Debian, the RHEL family and older versions keep the record. */
const LOGROTATE_STATES = ['/var/lib/logrotate/status', '/var/lib/logrotate/logrotate.status', '/var/lib/logrotate.status'];
/** Other traces of the job: the stamp of systemd's timer, the one of anacron. */
const LOGROTATE_STAMPS = ['/var/lib/systemd/timers/stamp-logrotate.timer', '/var/spool/anacron/cron.daily'];
const TMPFILES_STAMP = '/var/lib/systemd/timers/stamp-systemd-tmpfiles-clean.timer';
const TMPFILES_TIMER = ['/usr/bin/systemctl', 'show', 'systemd-tmpfiles-clean.timer', '--property=LastTriggerUSec', '--value', '--timestamp=unix'];
const COMMAND_SECONDS = 5;
const SYSLOG_MAINS = ['/etc/rsyslog.conf', '/etc/syslog.conf'];
const SYSLOG_NG = '/etc/syslog-ng/syslog-ng.conf';

/** Reads the host's rules of rotation and of its system log. Safety: everything is read through the host's root and bounded. */
export async function hostRules(host: Host): Promise<HostRules> {
  const config = hostConfig(host);
  const logrotate = readLogrotate(config, LOGROTATE_MAIN);
  const tmpfiles = readTmpfiles(config);
  const journald = readJournald(config);
  const main = SYSLOG_MAINS.find((path) => config.read(path).ok);
  const record = recordOf(host);
  return {
    logrotate: claimed(host, logrotate.rules),
    rotatedAt: record.rotatedAt,
    logrotateRanAt: record.ranAt,
    tmpfiles,
    tmpfilesRanAt: await tmpfilesRanAt(host),
    journald,
    syslog: main === undefined ? null : readRsyslog(config, main),
    foreignSyslog: hostEntries(host, '/etc/syslog-ng').includes('syslog-ng.conf') ? [{ source: SYSLOG_NG, why: 'rules of syslog-ng are not read' }] : [],
    unread: [...logrotate.unread, ...tmpfiles.unread, ...journald.unread],
  };
}

function claimed(host: Host, rules: readonly LogrotateRule[]): LogrotateOnHost[] {
  const [taken, room] = [new Set<string>(), { left: 20_000 }];
  return rules.map((rule) => {
    const files = rule.globs.flatMap((glob) => expandGlob(host, glob, room)).filter(({ path }) => !taken.has(path));
    for (const { path } of files) taken.add(path);
    return { ...rule, files };
  });
}

/** The record is written at each run, so its own age says when the job last ran. */
function recordOf(host: Host): { rotatedAt: ReadonlyMap<string, number>; ranAt: Measured<Instant> } {
  for (const path of LOGROTATE_STATES) {
    const text = readHostFile(host, path);
    const rotatedAt = text.ok ? readLogrotateState(text.value.bytes.toString('latin1'), localClock) : null;
    if (rotatedAt !== null) return { rotatedAt, ranAt: writtenAt(host, path) };
  }
  const stamp = LOGROTATE_STAMPS.map((path) => writtenAt(host, path)).find(({ known: isThere }) => isThere);
  return { rotatedAt: new Map(), ranAt: stamp ?? unknown('logrotate keeps no record on this host: it may never have run') };
}

/** A timer leaves a stamp only where it is set to make up for missed runs; otherwise systemd itself knows. */
async function tmpfilesRanAt(host: Host): Promise<Measured<Instant>> {
  const stamp = writtenAt(host, TMPFILES_STAMP);
  if (stamp.known) return stamp;
  if (host.rootPath !== '/') return unknown('the timer leaves no record of its last run');
  const told = await runCommand(TMPFILES_TIMER, COMMAND_SECONDS);
  if (!told.known) return told;
  const seconds = /^@(\d{1,11})$/.exec(told.value.trim())?.[1];
  return seconds === undefined ? unknown('the timer has not run since the system started') : known(instantOf(Number(seconds) * 1000), 'systemd-tmpfiles-clean.timer');
}

