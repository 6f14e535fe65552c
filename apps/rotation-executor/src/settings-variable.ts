/** Names the settings file of the executor. */
export const EXECUTOR_SETTINGS_VARIABLE = 'MAILWARDEN_EXECUTOR_SETTINGS';
