/** Kept equal to the version in package.json by a test. */
export const PRODUCT_VERSION = '0.1.0';
export const PRODUCT_NAME = 'Mailwarden';
