import { CONSENT_STATES, DISPLAY_STATES, ROTATION_STATES } from '@mailwarden/contracts';
import { SEVERITIES } from '@mailwarden/kernel';
import { describe, expect, it } from 'vitest';
import { CONSENT_LOOKS, CONVERGENCE_LOOKS, DISPLAY_LOOKS, remediationLook, ROTATION_LOOKS, SEVERITIES_FALLING, type StateLook } from './state-words.js';

const told = (looks: Readonly<Record<string, StateLook>>): string[] => Object.values(looks).map(({ shape, word }) => `${shape} ${word}`);

describe('states', () => {
  it('have a word for every state of the contract', () => {
    expect(Object.keys(DISPLAY_LOOKS).sort()).toEqual([...DISPLAY_STATES].sort());
    expect(Object.keys(ROTATION_LOOKS).sort()).toEqual([...ROTATION_STATES].sort());
    expect(Object.keys(CONSENT_LOOKS).sort()).toEqual([...CONSENT_STATES].sort());
  });

  it('are told apart by shape and word, without colour', () => {
    expect(new Set(Object.values(DISPLAY_LOOKS).map(({ shape }) => shape)).size).toBe(DISPLAY_STATES.length);
    for (const looks of [DISPLAY_LOOKS, ROTATION_LOOKS, CONSENT_LOOKS, CONVERGENCE_LOOKS]) expect(new Set(told(looks)).size).toBe(Object.keys(looks).length);
  });

  it('show only what is in order as good', () => {
    expect(DISPLAY_STATES.filter((state) => DISPLAY_LOOKS[state].tone === 'good')).toEqual(['in-order']);
    expect(ROTATION_STATES.filter((state) => ROTATION_LOOKS[state].tone === 'good')).toEqual(['proved']);
    expect(remediationLook('something new')).toMatchObject({ word: 'something new', tone: 'unknown' });
    expect(remediationLook('constructor').tone).toBe('unknown');
  });

  it('rank every severity', () => {
    expect([...SEVERITIES_FALLING].reverse()).toEqual([...SEVERITIES]);
  });
});
