/** The token that proves to the service that a change comes from this page. Kept in memory alone. */
let token = '';

export const csrfToken = (): string => token;
export const keepCsrfToken = (given: string): void => {
  token = given;
};
