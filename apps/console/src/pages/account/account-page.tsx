import { Button, PasswordInput, SegmentedControl, useMantineColorScheme, type MantineColorScheme } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState, type SyntheticEvent } from 'react';
import { call } from '../../api/call.js';
import { asFailure } from '../../api/failure.js';
import { meQuestion } from '../../api/questions.js';
import { sentenceCase } from '../../format/identifier.js';
import { Answer } from '../../parts/answer.js';
import { Facts, Page, Section } from '../../parts/page.js';

const PASSWORD_MIN = 12;
const SCHEMES = [{ value: 'auto', label: 'As the system' }, { value: 'light', label: 'Light' }, { value: 'dark', label: 'Dark' }];

/** Who is signed in, the password, the colours, and the way out. */
export function AccountPage() {
  const me = useQuery(meQuestion);
  const questions = useQueryClient();
  const navigate = useNavigate();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const signOut = useMutation({
    mutationFn: () => call('signOut'),
    onSuccess: async () => {
      await navigate({ to: '/sign-in' });
      questions.clear();
    },
  });
  return (
    <Page title="Account" actions={<Button variant="default" loading={signOut.isPending} onClick={() => signOut.mutate()} data-testid="sign-out">Sign out</Button>}>
      {signOut.error !== null && <p role="alert" className="toned" data-tone="bad">{asFailure(signOut.error).detail}</p>}
      <Section title="You"><Answer to={me}>{({ name, role }) => <Facts rows={[['Name', name], ['Role', sentenceCase(role)]]} />}</Answer></Section>
      <Section title="Password"><PasswordForm /></Section>
      <Section title="Colours">
        <SegmentedControl aria-label="Colour scheme" data={SCHEMES} value={colorScheme} onChange={(value) => setColorScheme(value as MantineColorScheme)} />
        <p className="soft" style={{ margin: '8px 0 0' }}>Kept in this browser.</p>
      </Section>
    </Page>
  );
}

function PasswordForm() {
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const change = useMutation({
    mutationFn: () => call('setPassword', { body: { password } }),
    onSuccess: () => {
      setPassword('');
      setAgain('');
    },
  });
  const short = password.length > 0 && password.length < PASSWORD_MIN;
  const differs = again.length > 0 && again !== password;
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (password.length >= PASSWORD_MIN && again === password) change.mutate();
  };
  return (
    <form onSubmit={submit} style={{ display: 'grid', gap: 12, maxWidth: 360 }} data-testid="password-form">
      <p className="soft" style={{ margin: 0 }}>With a password you can sign in again without a new one-time link.</p>
      <PasswordInput label="New password" autoComplete="new-password" value={password} onChange={(event) => setPassword(event.currentTarget.value)} maxLength={400} error={short ? `At least ${PASSWORD_MIN} characters` : undefined} />
      <PasswordInput label="The same again" autoComplete="new-password" value={again} onChange={(event) => setAgain(event.currentTarget.value)} maxLength={400} error={differs ? 'The two differ' : undefined} />
      <Button type="submit" size="sm" loading={change.isPending} disabled={password.length < PASSWORD_MIN || again !== password} style={{ justifySelf: 'start' }}>Set password</Button>
      {change.isSuccess && <p role="status" className="toned" data-tone="good" style={{ margin: 0 }}>The password is set.</p>}
      {change.error !== null && <p role="alert" className="toned" data-tone="bad" style={{ margin: 0 }}>{asFailure(change.error).detail}</p>}
    </form>
  );
}
