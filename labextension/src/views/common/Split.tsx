/** Two lists that share a panel, with a bar between them that the mouse and the keys move. */

import * as React from 'react';

const STEP = 0.05;
const LEAST = 0.15;

interface SplitProps {
  label: string;
  /** The part of the height that the upper one has. */
  share: number;
  move(share: number): void;
  upper: React.ReactNode;
  lower: React.ReactNode;
}

export function Split({ label, share, move, upper, lower }: SplitProps): JSX.Element {
  const box = React.useRef<HTMLDivElement>(null);
  const to = (wanted: number): void => move(Math.min(1 - LEAST, Math.max(LEAST, wanted)));
  const drag = (event: React.PointerEvent): void => {
    const frame = box.current?.getBoundingClientRect();
    if (frame && event.currentTarget.hasPointerCapture(event.pointerId)) {
      to((event.clientY - frame.top) / frame.height);
    }
  };
  const press = (event: React.KeyboardEvent): void => {
    const wanted = {
      ArrowUp: share - STEP,
      ArrowDown: share + STEP,
      Home: 0,
      End: 1
    }[event.key];
    if (wanted !== undefined) {
      event.preventDefault();
      to(wanted);
    }
  };
  return (
    <div className="jp-aml-Split" ref={box}>
      <div className="jp-aml-Split-part" style={{ flex: `${share} 1 0` }}>
        {upper}
      </div>
      <div
        className="jp-aml-Split-bar"
        role="separator"
        aria-orientation="horizontal"
        aria-label={label}
        aria-valuenow={Math.round(share * 100)}
        aria-valuemin={LEAST * 100}
        aria-valuemax={(1 - LEAST) * 100}
        tabIndex={0}
        onKeyDown={press}
        onPointerDown={event => event.currentTarget.setPointerCapture(event.pointerId)}
        onPointerMove={drag}
      />
      <div className="jp-aml-Split-part" style={{ flex: `${1 - share} 1 0` }}>
        {lower}
      </div>
    </div>
  );
}
