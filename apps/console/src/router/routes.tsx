import { createRootRoute, createRoute, createRouter, Outlet } from '@tanstack/react-router';
import { EmptyState } from '../parts/empty-state.js';
import { FailureState } from '../parts/failure-state.js';
import { AccountPage } from '../pages/account/account-page.js';
import { ConsentPage } from '../pages/consent/consent-page.js';
import { EventsPage } from '../pages/events/events-page.js';
import { FindingPage } from '../pages/findings/finding-page.js';
import { FindingsPage } from '../pages/findings/findings-page.js';
import { FleetPage } from '../pages/fleet/fleet-page.js';
import { NewPolicyPage } from '../pages/policies/new-policy-page.js';
import { PolicyPage } from '../pages/policies/policy-page.js';
import { PoliciesPage } from '../pages/policies/policies-page.js';
import { RotationPage } from '../pages/rotations/rotation-page.js';
import { RotationsPage } from '../pages/rotations/rotations-page.js';
import { ServerPage } from '../pages/server/server-page.js';
import { SignInPage } from '../pages/sign-in/sign-in-page.js';
import { AppFrame } from '../shell/app-frame.js';
import { eventFilter, findingFilter, fleetFilter, parseSearch, rotationFilter, serverTab, writeSearch } from './url-filter.js';

const NothingHere = () => <EmptyState title="No page is here" shape="question" tone="unknown">The address is mistyped, or the page was moved. The navigation leads on.</EmptyState>;

const root = createRootRoute({ component: Outlet, notFoundComponent: NothingHere });
const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  component: SignInPage,
  validateSearch: (search: Record<string, unknown>): { ended?: string; from?: string } => ({ ...(typeof search['ended'] === 'string' && { ended: search['ended'] }), ...(typeof search['from'] === 'string' && { from: search['from'] }) }),
});
const framed = createRoute({ getParentRoute: () => root, id: 'framed', component: AppFrame, notFoundComponent: NothingHere });
const inFrame = () => framed;

const tree = root.addChildren([
  signIn,
  framed.addChildren([
    createRoute({ getParentRoute: inFrame, path: '/', component: FleetPage, validateSearch: fleetFilter }),
    createRoute({ getParentRoute: inFrame, path: '/servers/$name', component: ServerPage, validateSearch: serverTab }),
    createRoute({ getParentRoute: inFrame, path: '/findings', component: FindingsPage, validateSearch: findingFilter }),
    createRoute({ getParentRoute: inFrame, path: '/findings/$id', component: FindingPage }),
    createRoute({ getParentRoute: inFrame, path: '/rotations', component: RotationsPage, validateSearch: rotationFilter }),
    createRoute({ getParentRoute: inFrame, path: '/rotations/$id', component: RotationPage }),
    createRoute({ getParentRoute: inFrame, path: '/policies', component: PoliciesPage }),
    createRoute({ getParentRoute: inFrame, path: '/policies/$name', component: PolicyPage }),
    createRoute({ getParentRoute: inFrame, path: '/new-policy', component: NewPolicyPage }),
    createRoute({ getParentRoute: inFrame, path: '/consent', component: ConsentPage }),
    createRoute({ getParentRoute: inFrame, path: '/events', component: EventsPage, validateSearch: eventFilter }),
    createRoute({ getParentRoute: inFrame, path: '/account', component: AccountPage }),
  ]),
]);

/** Every page of the console under its address. */
export const consoleRouter = () =>
  createRouter({
    routeTree: tree,
    parseSearch,
    stringifySearch: writeSearch,
    scrollRestoration: true,
    defaultErrorComponent: ({ error, reset }) => <FailureState error={error} again={reset} />,
    defaultNotFoundComponent: NothingHere,
  });
