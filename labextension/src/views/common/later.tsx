/** What views wait for: code that is loaded on demand, and answers of the server. */

import * as React from 'react';
import { Trouble } from './Control';
import { useTrans } from './hooks';

type View<Props> = (props: Props) => JSX.Element | null;

/** A view whose code comes only when it is shown for the first time. */
export function later<Props extends object>(load: () => Promise<View<Props>>): View<Props> {
  let loaded: View<Props> | null = null;
  return function Later(props: Props): JSX.Element | null {
    const trans = useTrans();
    const [, draw] = React.useReducer((n: number) => n + 1, 0);
    const [attempt, again] = React.useReducer((n: number) => n + 1, 0);
    const [problem, setProblem] = React.useState<string | null>(null);
    const away = trans(
      'This part of the page cannot be loaded. Reload the page if it was updated.'
    );
    React.useEffect(() => {
      let isHere = true;
      if (!loaded) {
        load().then(
          view => {
            loaded = view;
            if (isHere) {
              draw();
            }
          },
          (error: Error) => isHere && setProblem(`${away} (${error.message})`)
        );
      }
      return () => {
        isHere = false;
      };
    }, [attempt]);
    const retry = (): void => {
      setProblem(null);
      again();
    };
    if (loaded) {
      return React.createElement(loaded, props);
    }
    return problem === null ? (
      <p className="jp-aml-Empty">{trans('Loading')}</p>
    ) : (
      <Trouble text={problem} label={trans('Try again')} mend={retry} />
    );
  };
}

/** Something that is asked of the server: there, on its way, or not to be had. */
export interface Asked<T> {
  value: T | null;
  problem: string | null;
  again(): void;
}

/**
 * Ask for something again whenever `round` changes, and keep what is known until the answer comes;
 * another `key` begins anew.
 */
export function useRenewed<T>(
  ask: (() => Promise<T>) | null,
  key: string,
  round: number
): Asked<T> {
  const asked = useAsked(ask, `${key} ${round}`);
  const known = React.useRef<{ key: string; value: T } | null>(null);
  if (asked.value !== null) {
    known.current = { key, value: asked.value };
  }
  return { ...asked, value: known.current?.key === key ? known.current.value : null };
}

/** Ask for something whenever `key` changes; null asks for nothing. */
export function useAsked<T>(ask: (() => Promise<T>) | null, key: string): Asked<T> {
  const [answer, setAnswer] = React.useState<{ key: string; value: T } | null>(null);
  const [problem, setProblem] = React.useState<string | null>(null);
  const [attempt, again] = React.useReducer((n: number) => n + 1, 0);
  const canAsk = ask !== null;
  React.useEffect(() => {
    let isHere = true;
    setProblem(null);
    ask?.().then(
      value => isHere && setAnswer({ key, value }),
      (error: Error) => isHere && setProblem(error.message)
    );
    return () => {
      isHere = false;
    };
  }, [key, attempt, canAsk]);
  return { value: answer?.key === key ? answer.value : null, problem, again };
}
