/** Buttons, and what a user reads where something went wrong. */

import * as React from 'react';
import { useTrans } from './hooks';

type ButtonProps = React.ButtonHTMLAttributes<HTMLButtonElement>;

/** A button of ours. */
export function Button({ className = '', ...rest }: ButtonProps): JSX.Element {
  return <button type="button" className={`jp-aml-Button ${className}`} {...rest} />;
}

/** Copies a text, and says so. */
export function Copy({ text, label }: { text: string; label: string }): JSX.Element {
  const trans = useTrans();
  const [isDone, setDone] = React.useState(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text);
    setDone(true);
    window.setTimeout(() => setDone(false), 1500);
  };
  return (
    <Button className="jp-mod-small" aria-label={label} title={label} onClick={() => void copy()}>
      {isDone ? trans('Copied') : trans('Copy')}
    </Button>
  );
}

/** A problem, and the button that mends it. */
export function Trouble({
  text,
  label,
  mend
}: {
  text: string;
  label: string;
  mend(): void;
}): JSX.Element {
  return (
    <div className="jp-aml-Trouble" role="alert">
      <span>{text}</span>
      <Button onClick={mend}>{label}</Button>
    </div>
  );
}
