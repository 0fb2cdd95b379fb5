/** The page that one model fills. */

import * as React from 'react';
import type { ModelPageModel } from '../../models/models/model';
import type { ModelViewProps } from '../../views/models/ModelView';
import { NounPage } from '../common/NounPage';
import type { Given } from '../common/NounPage';

// Not with the page of Lab: few visits to it open one of these.
const ModelView = React.lazy(async () => ({
  default: (await import('../../views/models/ModelView')).ModelView
}));

/** The page of one model in the main area. */
export class ModelPage extends NounPage<ModelPageModel, ModelViewProps> {
  constructor(model: ModelPageModel, given: Given<ModelViewProps>) {
    super(model, given, ModelView);
  }
}
