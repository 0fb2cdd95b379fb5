/** Code that is dragged out of the sidebar and becomes a cell of a notebook. */

import { MimeData } from '@lumino/coreutils';
import { Drag } from '@lumino/dragdrop';
import type { DragCode } from '../../tokens';

/** The MIME type under which notebooks take cells. */
const CELLS = 'application/vnd.jupyter.cells';

export const dragCode: DragCode = ({ clientX, clientY }, code) => {
  const mimeData = new MimeData();
  const cell = {
    cell_type: 'code',
    source: code,
    metadata: {},
    outputs: [],
    execution_count: null
  };
  mimeData.setData(CELLS, [cell]);
  mimeData.setData('text/plain', code);
  const dragImage = document.createElement('pre');
  dragImage.className = 'jp-aml-Dragged';
  dragImage.textContent = code;
  const drag = new Drag({ mimeData, dragImage, supportedActions: 'copy', proposedAction: 'copy' });
  void drag.start(clientX, clientY).then(() => drag.dispose());
};
