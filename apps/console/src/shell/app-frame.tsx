import { ActionIcon, AppShell, Burger, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Outlet, useLocation } from '@tanstack/react-router';
import { useQuery } from '@tanstack/react-query';
import { useEffect, type SyntheticEvent } from 'react';
import { meQuestion } from '../api/questions.js';
import { useConnection } from '../live/live-context.js';
import { useLiveUpdates } from '../live/use-live-updates.js';
import { Icon } from '../parts/icon.js';
import { AwayBanner } from './away-banner.js';
import { FleetState } from './fleet-state.js';
import { KeyHelp } from './key-help.js';
import { LiveIndicator } from './live-indicator.js';
import { Navigation } from './navigation.js';
import { useKeys } from './use-keys.js';
import classes from './app-frame.module.css';

const PAGE_ID = 'page';

/** Over header and navigation, for those who go by keys. The address stays as it is. */
function skipToPage(event: SyntheticEvent): void {
  event.preventDefault();
  document.getElementById(PAGE_ID)?.focus();
}

/** Header, navigation and the page between them. */
export function AppFrame() {
  const [drawer, { toggle, close }] = useDisclosure(false);
  const [help, { open: showHelp, close: closeHelp }] = useDisclosure(false);
  const { pathname } = useLocation();
  const me = useQuery(meQuestion);
  const { api } = useConnection();
  useLiveUpdates();
  useKeys(showHelp);
  useEffect(close, [pathname, close]);
  return (
    <>
      <a href="#page" className={classes['skip']} onClick={skipToPage}>Skip to the page</a>
      <AppShell layout="alt" header={{ height: 48 }} navbar={{ width: 216, breakpoint: 768, collapsed: { mobile: !drawer } }} padding={0}>
        <AppShell.Header className={classes['header'] ?? ''}>
          <Burger opened={drawer} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Open navigation" />
          <FleetState />
          <div className={classes['end']}>
            <LiveIndicator />
            <ActionIcon variant="subtle" color="gray" onClick={showHelp} aria-label="Show keys" title="Keys (?)" visibleFrom="sm"><Icon name="keys" /></ActionIcon>
            <SchemeSwitch />
          </div>
        </AppShell.Header>
        <AppShell.Navbar className={classes['navbar'] ?? ''}>
          <Burger opened onClick={close} hiddenFrom="sm" size="sm" aria-label="Close navigation" className={classes['shut'] ?? ''} />
          <Navigation me={me.data} />
        </AppShell.Navbar>
        <AppShell.Main id={PAGE_ID} tabIndex={-1} className={classes['main'] ?? ''} data-away={api === 'away' || undefined}>
          <AwayBanner />
          <Outlet />
        </AppShell.Main>
        <KeyHelp opened={help} close={closeHelp} />
      </AppShell>
    </>
  );
}

function SchemeSwitch() {
  const { setColorScheme } = useMantineColorScheme();
  const shown = useComputedColorScheme('light');
  const next = shown === 'dark' ? 'light' : 'dark';
  return <ActionIcon variant="subtle" color="gray" onClick={() => setColorScheme(next)} aria-label={`Switch to ${next} colours`} title={`Switch to ${next} colours`}><Icon name={shown === 'dark' ? 'sun' : 'moon'} /></ActionIcon>;
}
