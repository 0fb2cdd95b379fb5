/** The anywidget entry: the same card, fed by the kernel instead of the server. */

import * as React from 'react';
import { createRoot } from 'react-dom/client';
import uplotCss from 'uplot/dist/uPlot.min.css';
import chartsCss from '../style/charts.css';
import commonCss from '../style/common.css';
import filesCss from '../style/files.css';
import logCss from '../style/log.css';
import runCss from '../style/run.css';
import { RunModel } from './models/run/run';
import { RunCard } from './views/run/RunCard';
import type { WireCard } from './wire';

interface Traits {
  card: WireCard;
  problem: string;
}

interface WidgetModel {
  get<Name extends keyof Traits>(name: Name): Traits[Name];
  on(event: string, listener: () => void): void;
  off(event: string, listener: () => void): void;
  send(content: unknown): void;
}

interface RenderProps {
  model: WidgetModel;
  el: HTMLElement;
}

/** Draw the card until the returned function is called. */
function render({ model, el }: RenderProps): () => void {
  const style = document.createElement('style');
  style.textContent = [uplotCss, commonCss, chartsCss, filesCss, logCss, runCss].join('\n');
  const place = document.createElement('div');
  el.append(style, place);
  const run = new RunModel(model.get('card').run.runId);
  const take = (): void => {
    run.restore(model.get('card'));
    run.problem = model.get('problem') || null;
    run.changed.emit();
  };
  const cancel = async (): Promise<void> => model.send({ type: 'cancel' });
  const root = createRoot(place);
  take();
  root.render(<RunCard model={run} form="full" cancel={cancel} />);
  model.on('change:card', take);
  model.on('change:problem', take);
  return () => {
    model.off('change:card', take);
    model.off('change:problem', take);
    root.unmount();
  };
}

export default { render };
