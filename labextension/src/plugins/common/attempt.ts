import { showErrorMessage } from '@jupyterlab/apputils';

/** Do it, or show why it cannot be done. */
export async function attempt(title: string, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    const { message, hint } = error as Error & { hint?: string | null };
    await showErrorMessage(title, [message, hint].filter(line => line).join(' '));
  }
}
