/** Text as code: its lines are numbered, nothing in it is hidden. */

import * as React from 'react';
import { visible } from '../../models/common/visible';

interface CodeProps {
  text: string;
  label: string;
  /** The number of the first line. */
  first?: number;
}

/** Lines of text with their numbers. */
export function Code({ text, label, first = 1 }: CodeProps): JSX.Element {
  const shown = visible(text);
  const lines = shown.replace(/\n$/, '').split('\n').length;
  const numbers = React.useMemo(
    () => Array.from({ length: lines }, (_, i) => i + first).join('\n'),
    [lines, first]
  );
  return (
    <div className="jp-aml-Preview-body jp-aml-Code" tabIndex={0} role="region" aria-label={label}>
      <pre aria-hidden="true">{numbers}</pre>
      <pre>{shown}</pre>
    </div>
  );
}
