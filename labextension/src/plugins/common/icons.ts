/** The icons of our nouns and commands. */

import { LabIcon } from '@jupyterlab/ui-components';

const SVG = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3 jp-icon-selectable" fill="#616161">
    <path d="M9 2h6v2h-1v5.2l5.7 9.4A2.3 2.3 0 0 1 17.7 22H6.3a2.3 2.3 0 0 1-2-3.4L10 9.2V4H9z
      M12 4v5.8L9.6 13.7h4.8L12 9.8z" fill-rule="evenodd"/>
  </g>
</svg>`;

/** The mark of the panel, its pages and its commands: a flask. */
export const flaskIcon = new LabIcon({ name: 'jupyter-aml:flask', svgstr: SVG });

const BOX = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3 jp-icon-selectable" fill="#616161">
    <path d="M12 2l9 5v10l-9 5-9-5V7z M12 4.3L6.2 7.5 12 10.7l5.8-3.2z M5 9.2v6.6l6 3.3v-6.6z
      M19 9.2l-6 3.3v6.6l6-3.3z" fill-rule="evenodd"/>
  </g>
</svg>`;

/** The mark of environments: a box with all that is needed in it. */
export const boxIcon = new LabIcon({ name: 'jupyter-aml:box', svgstr: BOX });

const CHIP = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3 jp-icon-selectable" fill="#616161">
    <path d="M8 2h2v3h4V2h2v3h3v3h3v2h-3v4h3v2h-3v3h-3v3h-2v-3h-4v3H8v-3H5v-3H2v-2h3v-4H2V8h3V5h3z
      M7 7v10h10V7z M10 10h4v4h-4z" fill-rule="evenodd"/>
  </g>
</svg>`;

/** The mark of what computes: a chip. */
export const chipIcon = new LabIcon({ name: 'jupyter-aml:chip', svgstr: CHIP });

const SCALES = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3 jp-icon-selectable" fill="#616161">
    <path d="M3 4h8v16H3z M5 6v12h4V6z M13 4h8v16h-8z"/>
  </g>
</svg>`;

/** The mark of comparisons: two things side by side. */
export const compareIcon = new LabIcon({ name: 'jupyter-aml:compare', svgstr: SCALES });

const SEND = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3 jp-icon-selectable" fill="#616161">
    <path d="M7 2h6v2h-1v5.2l2.6 4.2-1.7 1L10 9.8V4H9v5.8L5.3 19.6c-.2.5.1.4.4.4H11v2H4.3a2.3 2.3
      0 0 1-2-3.4L7 9.2z M14 14l8 4.5-8 4.5z"/>
  </g>
</svg>`;

/** The mark of what sends something off as a run: a flask and an arrow. */
export const sendIcon = new LabIcon({ name: 'jupyter-aml:send', svgstr: SEND });
