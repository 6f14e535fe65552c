export { errorName } from './c-library.js';
export { readExtendedAttribute } from './extended-attribute.js';
