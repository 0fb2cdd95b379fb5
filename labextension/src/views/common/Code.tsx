/** Text as code: its lines are numbered, nothing in it is hidden. */

import * as React from 'react';
import { visible } from '../../models/common/visible';
import { QUIET } from './Control';

/** Lines of text with their numbers. */
export function Code({ text, label }: { text: string; label: string }): JSX.Element {
  const shown = visible(text);
  const lines = shown.replace(/\n$/, '').split('\n').length;
  const numbers = React.useMemo(
    () => Array.from({ length: lines }, (_, i) => i + 1).join('\n'),
    [lines]
  );
  return (
    <div
      className="jp-aml-Preview-body jp-aml-Code"
      tabIndex={0}
      role="region"
      aria-label={label}
      {...QUIET}
    >
      <pre aria-hidden="true">{numbers}</pre>
      <pre>{shown}</pre>
    </div>
  );
}
