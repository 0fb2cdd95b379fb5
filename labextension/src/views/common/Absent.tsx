/** The note on what is shown while the server is away. */

import * as React from 'react';
import { clock } from '../../models/common/words';
import type { Link } from '../../tokens';
import { Button } from './Control';
import { useTrans } from './hooks';

interface AbsentProps {
  link: Link;
  /** Of when that is which is shown. */
  asOf: string | null;
  retry(): void;
}

/** Says that the server is not heard, and of when what is shown is; a press tries again. */
export function Absent({ link: { state, message }, asOf, retry }: AbsentProps): JSX.Element | null {
  const trans = useTrans();
  if (state === 'outdated') {
    return (
      <span className="jp-aml-Absent jp-mod-bad" title={message}>
        {trans('other version')}
      </span>
    );
  }
  if (state !== 'missing' && state !== 'offline') {
    return null;
  }
  const words = asOf
    ? trans('Not connected: shown as of %1', clock(asOf, Date.now()))
    : trans('Not connected');
  return (
    <Button
      className="jp-aml-Absent jp-mod-small"
      aria-label={words}
      title={`${words}\n${message}`}
      onClick={retry}
    >
      <span className="jp-aml-Absent-words">{words}</span>
      <span className="jp-aml-Absent-word">{trans('Not connected')}</span>
    </Button>
  );
}
