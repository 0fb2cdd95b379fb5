/** The page that one environment fills. */

import * as React from 'react';
import type { EnvironmentModel } from '../../models/environments/environment';
import type { EnvironmentViewProps } from '../../views/environments/EnvironmentView';
import { NounPage } from '../common/NounPage';
import type { Given } from '../common/NounPage';

// Not with the page of Lab: few visits to it open one of these.
const EnvironmentView = React.lazy(async () => ({
  default: (await import('../../views/environments/EnvironmentView')).EnvironmentView
}));

/** The page of one environment in the main area. */
export class EnvironmentPage extends NounPage<EnvironmentModel, EnvironmentViewProps> {
  constructor(model: EnvironmentModel, given: Given<EnvironmentViewProps>) {
    super(model, given, EnvironmentView);
  }
}
