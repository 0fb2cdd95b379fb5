/** What a command does where the server may refuse: the user reads why. */

import { showErrorMessage } from '@jupyterlab/apputils';

/** Do it, or show why it cannot be done. */
export async function attempt(title: string, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    await showErrorMessage(title, sentenceOf(error));
  }
}

/** What is wrong, and what to do. */
export function sentenceOf(error: unknown): string {
  const { message, hint } = error as Error & { hint?: string | null };
  return [message, hint].filter(line => line).join(' ');
}
