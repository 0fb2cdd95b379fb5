/** The ids of the commands. */

/** The ids of the commands about runs. */
export const Commands = {
  open: 'jupyter-aml:open-run',
  cancel: 'jupyter-aml:cancel-run',
  remove: 'jupyter-aml:delete-run',
  copyId: 'jupyter-aml:copy-run-id',
  show: 'jupyter-aml:show-runs',
  refresh: 'jupyter-aml:refresh',
  goToLine: 'jupyter-aml:go-to-line'
} as const;

/** The ids of the commands that compare runs and repeat them. */
export const RepeatCommands = {
  compare: 'jupyter-aml:compare-runs',
  compareBefore: 'jupyter-aml:compare-with-run-before',
  clone: 'jupyter-aml:clone-run',
  retry: 'jupyter-aml:retry-run'
} as const;

/** The ids of the commands that send off what is open in the page. */
export const SubmitCommands = {
  cell: 'jupyter-aml:submit-cell',
  notebook: 'jupyter-aml:submit-notebook',
  file: 'jupyter-aml:submit-file'
} as const;

/** The ids of the commands about environments and kernels. */
export const EnvironmentCommands = {
  create: 'jupyter-aml:new-environment',
  open: 'jupyter-aml:open-environment',
  build: 'jupyter-aml:build-environment',
  edit: 'jupyter-aml:edit-environment',
  clone: 'jupyter-aml:clone-environment',
  remove: 'jupyter-aml:delete-environment',
  addKernel: 'jupyter-aml:add-kernel',
  copySubmit: 'jupyter-aml:copy-submit-line',
  removeKernel: 'jupyter-aml:remove-kernel',
  openKernel: 'jupyter-aml:open-kernel-notebook',
  shutDown: 'jupyter-aml:shut-down-kernel'
} as const;

/** The ids of the commands about models. */
export const ModelCommands = {
  open: 'jupyter-aml:open-model',
  copyCode: 'jupyter-aml:copy-model-code',
  addAlias: 'jupyter-aml:add-model-alias',
  remove: 'jupyter-aml:delete-model'
} as const;

/** The ids of the commands about datastores and data sets. */
export const DataCommands = {
  open: 'jupyter-aml:open-dataset',
  copyCode: 'jupyter-aml:copy-dataset-code',
  remove: 'jupyter-aml:delete-dataset',
  upload: 'jupyter-aml:upload-to-datastore',
  download: 'jupyter-aml:download-from-datastore',
  copyPlace: 'jupyter-aml:copy-datastore-code',
  makeDefault: 'jupyter-aml:make-default-datastore',
  unregister: 'jupyter-aml:unregister-datastore'
} as const;

/** The ids of the commands about compute targets. */
export const ComputeCommands = {
  create: 'jupyter-aml:new-compute',
  open: 'jupyter-aml:open-compute',
  copyCode: 'jupyter-aml:copy-compute-code',
  copySubmit: 'jupyter-aml:copy-compute-submit-line',
  resize: 'jupyter-aml:resize-compute',
  start: 'jupyter-aml:start-compute',
  stop: 'jupyter-aml:stop-compute',
  remove: 'jupyter-aml:delete-compute'
} as const;
