/** How targets and their nodes do, as a user reads it. */

import type { Trans } from '../../tokens';
import type { WireCompute, WireNode } from '../../wire';
import type { Face } from '../common/words';

/** The face of a state, with the name under which styles and tests know it. */
export interface StateFace extends Face {
  state: string;
}

const STATES: Record<string, StateFace> = {
  Stopped: { glyph: '■', tone: 'quiet', word: 'Stopped', state: 'stopped' },
  Failed: { glyph: '✕', tone: 'bad', word: 'Failed', state: 'failed' },
  Creating: { glyph: '⟳', tone: 'active', word: 'Creating', state: 'creating' },
  Resizing: { glyph: '⟳', tone: 'active', word: 'Resizing', state: 'resizing' }
};
const BUSY: StateFace = { glyph: '●', tone: 'active', word: 'Busy', state: 'busy' };
const IDLE: StateFace = { glyph: '○', tone: 'quiet', word: 'Idle', state: 'idle' };
const REFUSING: StateFace = {
  glyph: '◌',
  tone: 'quiet',
  word: 'Takes no runs',
  state: 'refusing'
};

export function targetFace({ state, isStopped, refusal, busy }: WireCompute): StateFace {
  const told = isStopped ? STATES.Stopped : STATES[state];
  if (told) {
    return told;
  }
  return refusal !== null ? REFUSING : busy > 0 ? BUSY : IDLE;
}

/** In the order in which they are counted. */
const NODES: Record<WireNode['state'], Face> = {
  busy: { glyph: '●', tone: 'active', word: 'Busy' },
  idle: { glyph: '○', tone: 'quiet', word: 'Idle' },
  starting: { glyph: '◐', tone: 'active', word: 'Starting' },
  leaving: { glyph: '◑', tone: 'quiet', word: 'Leaving' },
  lost: { glyph: '✕', tone: 'bad', word: 'Lost' }
};

export function nodeFace({ state }: Pick<WireNode, 'state'>): Face {
  return NODES[state] ?? { glyph: '?', tone: 'quiet', word: String(state) };
}

/** `2 busy, 1 starting`. */
export function nodesWords(nodes: readonly WireNode[], trans: Trans): string {
  const counts = Object.entries(NODES).map(([state, { word }]) => {
    const count = nodes.filter(node => node.state === state).length;
    return count > 0 ? `${count} ${trans(word).toLowerCase()}` : '';
  });
  return counts.filter(words => words).join(', ');
}

/** `4 cores, 14 GiB`, with its GPUs, if it has any. */
export function sizeWords(
  { cores, memory, gpus }: { cores: number; memory: number; gpus: number },
  trans: Trans
): string {
  const words = [
    cores === 1 ? trans('1 core') : trans('%1 cores', cores),
    trans('%1 GiB', Math.round((memory / 2 ** 30) * 10) / 10),
    gpus === 0 ? '' : gpus === 1 ? trans('1 GPU') : trans('%1 GPUs', gpus)
  ];
  return words.filter(word => word).join(', ');
}

/** On how many nodes one run may be; nothing where it is on one. */
export function mostWords({ mostNodes }: Pick<WireCompute, 'mostNodes'>, trans: Trans): string {
  if (mostNodes === null) {
    return trans('on as many nodes as its queue gives');
  }
  return mostNodes > 1 ? trans('on up to %1 nodes at once', mostNodes) : '';
}

/** A target with more places has a queue of its own, and takes whatever is sent. */
const MANY = 1000;

/** Whether how many places there are says something. */
export function isBounded({ slots }: Pick<WireCompute, 'slots'>): boolean {
  return slots > 0 && slots <= MANY;
}

/** The one number of a target: `1 of 4`; where places are not counted, what is on it. */
export function numberWords(target: WireCompute, trans: Trans): string {
  const { busy, slots } = target;
  return isBounded(target) ? trans('%1 of %2', busy, slots) : busy > 0 ? String(busy) : '';
}

/** What is to be known of a target that is not as it should be; else nothing. */
export function troubleOf({ why, refusal, isStopped }: WireCompute): {
  text: string | null;
  isBad: boolean;
} {
  return { text: why ?? refusal, isBad: why !== null && !isStopped };
}

/** `1 of 4 places is taken, 3 runs wait`, and how many nodes there are. */
export function busyWords(target: WireCompute, trans: Trans): string {
  const { busy, slots, waiting, nodes } = target;
  const places = (): string =>
    slots === 1 ? trans('%1 of 1 place taken', busy) : trans('%1 of %2 places taken', busy, slots);
  const there = (): string => (busy === 1 ? trans('1 run on it') : trans('%1 runs on it', busy));
  const words = [
    isBounded(target) ? places() : there(),
    waiting === 0 ? '' : waiting === 1 ? trans('1 run waits') : trans('%1 runs wait', waiting),
    nodes.length === 0 ? '' : trans('nodes: %1', nodesWords(nodes, trans))
  ];
  return words.filter(word => word).join(' · ');
}
