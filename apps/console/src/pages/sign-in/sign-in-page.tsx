import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRouter, useSearch } from '@tanstack/react-router';
import { useEffect, useRef, type SyntheticEvent } from 'react';
import { call } from '../../api/call.js';
import { asFailure } from '../../api/failure.js';
import { keepCsrfToken } from '../../api/session.js';
import { linkIn, returnPath } from '../../router/return-path.js';
import { StateIcon } from '../../state/state-icon.js';
import classes from './sign-in-page.module.css';

type SignIn = { readonly link: string } | { readonly name: string; readonly password: string };

/** Taken once, when the page comes: the secret must not stay in the address bar nor in the history. */
function takeLink(): string | null {
  const link = linkIn(window.location.hash);
  if (window.location.hash !== '') window.history.replaceState(window.history.state, '', `${window.location.pathname}${window.location.search}`);
  return link;
}

export function SignInPage() {
  const router = useRouter();
  const questions = useQueryClient();
  const { ended, from } = useSearch({ from: '/sign-in' });
  const tried = useRef(false);
  const signIn = useMutation({
    mutationFn: (body: SignIn) => call('signIn', { body }),
    onSuccess: (me) => {
      keepCsrfToken(me.csrf);
      questions.clear();
      router.history.replace(returnPath(from));
    },
  });
  const { mutate } = signIn;
  useEffect(() => {
    document.title = 'Sign in · Mailwarden';
    if (tried.current) return;
    tried.current = true;
    const link = takeLink();
    if (link !== null) mutate({ link });
  }, [mutate]);

  const submit = (event: SyntheticEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    mutate({ name: String(form.get('name') ?? ''), password: String(form.get('password') ?? '') });
  };
  const byLink = signIn.isPending && signIn.variables !== undefined && 'link' in signIn.variables;
  const failure = signIn.error === null ? null : asFailure(signIn.error);
  return (
    <main className={classes['place']}>
      <div className={classes['card']}>
        <div className={classes['brand']}><img src="/mailwarden.svg" alt="" width={32} height={32} />Mailwarden</div>
        <h1>Sign in</h1>
        {byLink ? <p role="status" className="soft">Signing in with the one-time link.</p> : (
          <>
            {failure !== null && <p role="alert" data-testid="sign-in-error" data-tone="bad" className={classes['error']}><StateIcon shape="alarm" /><span>{failure.detail}</span></p>}
            {failure === null && ended !== undefined && <p className={classes['hint']}>You are not signed in, or your session is over.</p>}
            <p className="soft">Open the newest link that <code>mailwarden up</code> printed; each one works once, and <code>mailwarden login</code> prints another. If you have set a password, it works as well.</p>
            <form onSubmit={submit} className={classes['form']}>
              <TextInput name="name" label="Name" size="sm" autoComplete="username" required maxLength={120} />
              <PasswordInput name="password" label="Password" autoComplete="current-password" required maxLength={400} />
              <Button type="submit" size="sm" loading={signIn.isPending}>Sign in</Button>
            </form>
          </>
        )}
      </div>
    </main>
  );
}
