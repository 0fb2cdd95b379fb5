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

const DRUM = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3 jp-icon-selectable" fill="#616161">
    <path d="M12 2c4.4 0 8 1.6 8 3.5v13c0 1.9-3.6 3.5-8 3.5s-8-1.6-8-3.5v-13C4 3.6 7.6 2 12 2z
      M12 4C8.7 4 6 5 6 5.5S8.7 7 12 7s6-1 6-1.5S15.3 4 12 4z M6 8v4c.4.6 2.8 1.5 6
      1.5s5.6-.9 6-1.5V8c-1.5.6-3.6 1-6 1s-4.5-.4-6-1z M6 14.5v4c.4.6 2.8 1.5 6
      1.5s5.6-.9 6-1.5v-4c-1.5.6-3.6 1-6 1s-4.5-.4-6-1z" fill-rule="evenodd"/>
  </g>
</svg>`;

/** The mark of data: a drum. */
export const drumIcon = new LabIcon({ name: 'jupyter-aml:drum', svgstr: DRUM });

const GEM = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3 jp-icon-selectable" fill="#616161">
    <path d="M7 3h10l5 6-10 12L2 9z M8 5L5 8.5h3.5L10.2 5z M12 5.5L10.6 8.5h2.8z
      M13.8 5l1.7 3.5H19L16 5z M5.5 10.5l4.3 5.1-1.7-5.1z M10.2 10.5L12 16l1.8-5.5z
      M15.9 10.5l-1.7 5.1 4.3-5.1z" fill-rule="evenodd"/>
  </g>
</svg>`;

/** The mark of models: a cut stone. */
export const gemIcon = new LabIcon({ name: 'jupyter-aml:gem', svgstr: GEM });
