import type { PolicyBundle } from '@mailwarden/contracts';
import type { PaceSettings } from '@mailwarden/inventory-fs';
import type { AgentSettings } from '../agent-settings.js';

type Settings = Pick<AgentSettings, 'scanIntervalSeconds' | 'scanCpuPercent' | 'scanWindowSeconds'>;
type Told = Pick<PolicyBundle, 'scanIntervalSeconds' | 'scanCpuPercent' | 'scanWindowSeconds'>;

/** Time from the end of one scan to the next. Units: milliseconds. */
export const intervalMs = (settings: Settings, bundle: Told | null): number => 1000 * (bundle?.scanIntervalSeconds ?? settings.scanIntervalSeconds);

/**
 * How fast a scan that begins now may go, and until when: by the bundle where it says, else by the agent's own settings.
 * A scan may always take as long as the time between two of them, since nothing waits for it.
 */
export function paceOf(settings: Settings, bundle: Told | null, nowMs: number): PaceSettings {
  const windowMs = Math.max(intervalMs(settings, bundle), 1000 * (bundle?.scanWindowSeconds ?? settings.scanWindowSeconds));
  return { cpuPercent: bundle?.scanCpuPercent ?? settings.scanCpuPercent, deadlineMs: nowMs + windowMs, yieldsToPressure: true };
}
