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
