/** The sign by which a compared run is known. */

import * as React from 'react';
import type { Stroke } from '../../models/charts/colours';

/** The line by which a run is known in the pictures. */
export function Swatch({
  stroke,
  isHidden = false
}: {
  stroke: Stroke | undefined;
  isHidden?: boolean;
}): JSX.Element {
  return (
    <svg className="jp-aml-Swatch" width="18" height="8" aria-hidden="true">
      <line
        x1="0"
        x2="18"
        y1="4"
        y2="4"
        stroke={isHidden ? 'transparent' : stroke?.colour}
        strokeWidth="3"
        strokeDasharray={stroke?.isDashed ? '4 3' : undefined}
      />
    </svg>
  );
}
