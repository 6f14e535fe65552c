/** Outlines of the navigation and of small controls, one path each on a grid of sixteen. */
const PATHS = {
  fleet: 'M2 3.500h12v3.500H2zM2 9h12v3.500H2zM4.200 5.200v.1M4.200 10.700v.1',
  findings: 'M8 2 14.500 13.500h-13zM8 6.500v3M8 11.500v.1',
  rotations: 'M13.500 8a5.500 5.500 0 0 1-10 3.200M2.500 8a5.500 5.500 0 0 1 10-3.200M12.800 2v3h-3M3.200 14v-3h3',
  policies: 'M4 1.800h5.500L12.500 5v9.200h-8.500zM9.200 2v3.200h3.200M6 8h4.500M6 10.800h4.500',
  consent: 'M8 1.500 13.500 3.500v4c0 3.500-2.300 5.800-5.500 7-3.200-1.200-5.500-3.500-5.500-7v-4zM5.500 8l1.800 1.800 3.300-3.600',
  events: 'M1.500 8h3l1.800-4.500 3 9L11.200 8h3.300',
  account: 'M8 8a2.700 2.700 0 1 0 0-5.400A2.700 2.700 0 0 0 8 8zM2.800 14c.6-2.700 2.600-4 5.200-4s4.600 1.300 5.200 4',
  copy: 'M5.500 5.500h8v8h-8zM10.500 5.500v-3h-8v8h3',
  check: 'M3 8.500 6.500 12 13 4.500',
  sun: 'M8 5.200a2.800 2.800 0 1 0 0 5.600 2.800 2.800 0 0 0 0-5.600zM8 1.200v1.300M8 13.500v1.300M1.200 8h1.300M13.500 8h1.300M3.200 3.200l.9.9M11.900 11.900l.9.9M12.800 3.200l-.9.9M4.100 11.900l-.9.9',
  moon: 'M13.500 9.500A5.800 5.800 0 0 1 6.500 2.500a5.800 5.800 0 1 0 7 7z',
  keys: 'M1.500 4h13v8.500h-13zM4 6.700v.1M6.700 6.700v.1M9.400 6.700v.1M12 6.700v.1M5 10h6',
  search: 'M7 11.500a4.500 4.500 0 1 0 0-9 4.500 4.500 0 0 0 0 9zM10.400 10.400l3.600 3.600',
  arrow: 'M3 8h9.500M9 4.500 12.500 8 9 11.500',
  chevron: 'M6 3.500 10.500 8 6 12.500',
  code: 'M5.500 4 1.800 8l3.700 4M10.500 4l3.700 4-3.700 4',
} as const;
export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg viewBox="0 0 16 16" width={size} height={size} fill="none" stroke="currentColor" strokeWidth="1.400" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true" focusable="false" style={{ flex: 'none' }}>
      <path d={PATHS[name]} />
    </svg>
  );
}
