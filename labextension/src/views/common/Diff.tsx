/** Differences of texts, with the lines in sight alone in the page. */

import * as React from 'react';
import { visible } from '../../models/common/visible';
import { useSize } from './hooks';

const ROW = 16;
const MARGIN = 20;

/** A unified diff: what was added, what was removed, and where. */
export function Diff({ text, label }: { text: string; label: string }): JSX.Element {
  const box = React.useRef<HTMLDivElement>(null);
  const [top, setTop] = React.useState(0);
  const { height } = useSize(box);
  const lines = React.useMemo(() => text.replace(/\n$/, '').split('\n'), [text]);
  const first = Math.max(0, Math.floor(top / ROW) - MARGIN);
  const shown = lines.slice(first, first + Math.ceil(height / ROW) + 2 * MARGIN);
  return (
    <div
      className="jp-aml-Preview-body jp-aml-Diff"
      ref={box}
      onScroll={event => setTop(event.currentTarget.scrollTop)}
      tabIndex={0}
      role="region"
      aria-label={label}
    >
      <div style={{ height: lines.length * ROW, paddingTop: first * ROW }}>
        {shown.map((line, i) => (
          <div key={first + i} className={`jp-aml-Diff-line ${kindOfLine(line)}`}>
            {visible(line)}
          </div>
        ))}
      </div>
    </div>
  );
}

function kindOfLine(line: string): string {
  if (/^(\+\+\+|---|diff |index |@@)/.test(line)) {
    return 'jp-mod-place';
  }
  return line.startsWith('+') ? 'jp-mod-added' : line.startsWith('-') ? 'jp-mod-removed' : '';
}
