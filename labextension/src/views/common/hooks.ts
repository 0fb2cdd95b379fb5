/** What views ask of the page: signals, time, size, sight, theme and language. */

import * as React from 'react';
import type { Signal } from '../../models/common/signal';
import { plain } from '../../models/common/words';
import type { Trans } from '../../tokens';

export const TransContext = React.createContext<Trans>(plain);

export function useTrans(): Trans {
  return React.useContext(TransContext);
}

/** Draw again when the signal was given, at most once in `pause` ms (0: once a frame). */
export function useSignal(signal: Signal, pause = 0): number {
  const [version, draw] = React.useReducer((n: number) => n + 1, 0);
  React.useEffect(() => {
    let waiting = 0;
    const again = (): void => {
      waiting = 0;
      draw();
    };
    const stop = signal.subscribe(() => {
      waiting ||= pause ? window.setTimeout(again, pause) : requestAnimationFrame(again);
    });
    // What came between the first drawing and this effect.
    draw();
    return () => {
      stop();
      (pause ? window.clearTimeout : cancelAnimationFrame)(waiting);
    };
  }, [signal, pause]);
  return version;
}

/** Draw again at once, as forms must: what is typed stands in its field before the next key. */
export function useAtOnce(signal: Signal): void {
  const [, draw] = React.useReducer((n: number) => n + 1, 0);
  React.useEffect(() => {
    const stop = signal.subscribe(draw);
    draw();
    return stop;
  }, [signal]);
}

/** The time, once a second while it matters. */
export function useNow(isTicking: boolean): number {
  const [now, setNow] = React.useState(Date.now);
  React.useEffect(() => {
    if (!isTicking) {
      return;
    }
    const timer = window.setInterval(() => setNow(Date.now()), 1000);
    return () => window.clearInterval(timer);
  }, [isTicking]);
  return now;
}

/** So far from what can be seen a thing is made, so that it is there when it is scrolled to. */
const NEAR = { rootMargin: '300px', scrollMargin: '300px' };

/** Whether the element can be seen or almost; what is far from the screen need not be there. */
export function useIsNear(element: React.RefObject<HTMLElement>): boolean {
  const [isNear, setNear] = React.useState(false);
  React.useEffect(() => {
    const node = element.current;
    if (!node) {
      return;
    }
    const observer = new IntersectionObserver(
      entries => setNear(entries.at(-1)!.isIntersecting),
      NEAR
    );
    observer.observe(node);
    return () => observer.disconnect();
  }, [element]);
  return isNear;
}

/** Width and height of the element, whenever they change. */
export function useSize(element: React.RefObject<HTMLElement>): { width: number; height: number } {
  const [size, setSize] = React.useState({ width: 0, height: 0 });
  React.useEffect(() => {
    const node = element.current;
    if (!node) {
      return;
    }
    const observer = new ResizeObserver(() =>
      setSize({ width: node.clientWidth, height: node.clientHeight })
    );
    observer.observe(node);
    return () => observer.disconnect();
  }, [element]);
  return size;
}

/** Changes with the theme of the application. */
export function useTheme(): string {
  const read = (): string => document.body.dataset.jpThemeName ?? '';
  const [theme, setTheme] = React.useState(read);
  React.useEffect(() => {
    const observer = new MutationObserver(() => setTheme(read()));
    observer.observe(document.body, { attributeFilter: ['data-jp-theme-name'] });
    return () => observer.disconnect();
  }, []);
  return theme;
}
