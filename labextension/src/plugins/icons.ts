import { LabIcon } from '@jupyterlab/ui-components';

const SVG = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3 jp-icon-selectable" fill="#616161">
    <path d="M9 2h6v2h-1v5.2l5.7 9.4A2.3 2.3 0 0 1 17.7 22H6.3a2.3 2.3 0 0 1-2-3.4L10 9.2V4H9z
      M12 4v5.8L9.6 13.7h4.8L12 9.8z" fill-rule="evenodd"/>
  </g>
</svg>`;

/** The mark of the panel, its pages and its commands: a flask. */
export const flaskIcon = new LabIcon({ name: 'jupyter-aml:flask', svgstr: SVG });
