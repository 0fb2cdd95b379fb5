/** Plain keys are our own; whatever is pressed with Ctrl, Alt or Cmd is JupyterLab's. */

const OURS = '.jp-aml-Card, .jp-aml-Sidebar';
/** Lumino asks for it on the element with the focus; on one around it, it would not be seen. */
const SUPPRESS = 'data-lm-suppress-shortcuts';

/** Else `b` on a button of a card would insert a cell into the notebook around it. */
export function keepPlainKeys(): void {
  // Lumino listens at the document, so whoever wants to come before it listens at the window.
  window.addEventListener('keydown', decide, true);
}

function decide(event: KeyboardEvent): void {
  const { target } = event;
  if (target instanceof Element && target.closest(OURS)) {
    target.toggleAttribute(SUPPRESS, !(event.ctrlKey || event.altKey || event.metaKey));
  }
}
